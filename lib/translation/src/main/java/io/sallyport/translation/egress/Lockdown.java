package io.sallyport.translation.egress;

import com.google.common.collect.ImmutableList;
import io.sallyport.analysis.CheckedImage;
import io.sallyport.model.EgressPolicy;
import io.sallyport.model.Kind;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.Translator;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/// Text that closes the way around the proxies (P15): what a client opens by itself ends in the network below, so that
/// the verdicts of [EgressJudge] are all there is. A proxy holds only what comes to it, and this makes it come.
///
/// Kubernetes' NetworkPolicies know no names: what clients may reach straight from their proxies, without a gateway, is
/// closed by them too, and each such place is named in a comment.
public final class Lockdown {

    private static final int MOST_PLACES = 50;
    private static final String NAMESPACE_LABEL = "kubernetes.io/metadata.name";

    private final CheckedImage image;
    private final Coverage coverage;
    private final GatewayFinder finder;

    /// Who may send where on one machine: the user that the proxies run as, name servers, and users that are no
    /// clients.
    public record Machine(long proxyUser, List<String> nameServers, List<Long> otherUsers) {
        public Machine {
            nameServers = ImmutableList.copyOf(nameServers);
            otherUsers = ImmutableList.copyOf(otherUsers);
        }
    }

    public Lockdown(CheckedImage image, Translator translator) {
        this.image = image;
        this.coverage = new Coverage(image, translator);
        this.finder = new GatewayFinder(image);
    }

    /// The namespaces that have clients, as far as the configuration says: those of client proxies, Sidecars and
    /// EgressPolicies.
    public List<String> namespaces() {
        var all = new TreeSet<String>();
        coverage.clients().forEach(client -> all.add(client.namespace()));
        image.source().all(Kind.EGRESS_POLICY, EgressPolicy.class).forEach(policy -> {
            if (policy.spec().from().isEmpty()) {
                all.add(policy.namespace());
            }
            policy.spec().from().stream()
                    .map(client -> client.namespace().isEmpty() ? policy.namespace() : client.namespace())
                    .filter(namespace -> !namespace.equals("*"))
                    .forEach(all::add);
        });
        return List.copyOf(all);
    }

    /// One NetworkPolicy for each namespace: its pods reach name servers, the egress gateways and pods, and nothing
    /// outside. The namespaces of gateways get none, since gateways are what leaves.
    public String networkPolicy(List<String> namespaces) {
        var gateways = gateways();
        var text = new StringBuilder();
        for (var namespace : namespaces) {
            if (gateways.keySet().stream().anyMatch(name -> name.startsWith(namespace + "/"))) {
                text.append("# No policy for namespace ")
                        .append(namespace)
                        .append(": egress gateways run there, and they are what leaves.\n");
                continue;
            }
            text.append(text.isEmpty() ? "" : "---\n");
            straight(namespace, text);
            policy(namespace, gateways, text);
        }
        return text.toString();
    }

    // The egress gateways that rules lead clients to, with the labels of their pods.
    private SortedMap<String, Map<String, String>> gateways() {
        var found = new TreeMap<String, Map<String, String>>();
        for (var host : image.world().hosts()) {
            finder.behind(host)
                    .filter(gateway -> image.world().routingsTo(host).stream()
                            .anyMatch(routing -> routing.gateways().contains("mesh")))
                    .ifPresent(gateway -> found.put(gateway.namespace() + "/" + gateway.name(), gateway.labels()));
        }
        return found;
    }

    private void straight(String namespace, StringBuilder text) {
        var places = new TreeSet<String>();
        for (var client : clients(namespace)) {
            coverage.cells(client).stream()
                    .filter(cell -> cell.verdict() instanceof Verdict.Direct direct && !direct.byDefault())
                    .map(Coverage.Cell::place)
                    .forEach(place -> places.add(place.host() + ":" + place.port()));
        }
        if (places.isEmpty()) {
            return;
        }
        text.append("# These are allowed straight from the client's proxy, and this policy, which knows no names,\n")
                .append("# closes them. Lead them through an egress gateway, or allow their addresses yourself:\n");
        places.stream()
                .limit(MOST_PLACES)
                .forEach(place -> text.append("#   ").append(place).append('\n'));
        if (places.size() > MOST_PLACES) {
            text.append("#   and ").append(places.size() - MOST_PLACES).append(" more\n");
        }
    }

    private List<ProxyClass> clients(String namespace) {
        var known = coverage.clients().stream()
                .filter(client -> client.namespace().equals(namespace))
                .toList();
        return known.isEmpty() ? List.of(Clients.named(image, namespace, "", Map.of())) : known;
    }

    private static void policy(String namespace, SortedMap<String, Map<String, String>> gateways, StringBuilder text) {
        text.append("""
                apiVersion: networking.k8s.io/v1
                kind: NetworkPolicy
                metadata:
                  name: sallyport-egress-lockdown
                  namespace: %s
                spec:
                  podSelector: {}
                  policyTypes: [Egress]
                  egress:
                  # names
                  - to:
                    - namespaceSelector:
                        matchLabels: {%s: kube-system}
                      podSelector:
                        matchLabels: {k8s-app: kube-dns}
                    ports:
                    - {protocol: UDP, port: 53}
                    - {protocol: TCP, port: 53}
                """.formatted(word(namespace), NAMESPACE_LABEL));
        gateways.forEach((name, labels) -> {
            text.append("  # egress gateway ").append(name).append('\n');
            text.append("  - to:\n    - namespaceSelector:\n        matchLabels: {")
                    .append(NAMESPACE_LABEL)
                    .append(": ")
                    .append(word(name.substring(0, name.indexOf('/'))))
                    .append("}\n      podSelector:\n        matchLabels:\n");
            labels.forEach((key, value) -> text.append("          ")
                    .append(word(key))
                    .append(": ")
                    .append(word(value))
                    .append('\n'));
        });
        text.append("""
                  # the mesh: pods of this cluster, and no address outside
                  - to:
                    - namespaceSelector: {}
                """);
    }

    // Names and labels have neither quotes nor backslashes; in quotes none of them is taken for a number.
    private static String word(String text) {
        return '"' + text.replace("\\", "").replace("\"", "") + '"';
    }

    /// Rules for one machine, for `nft -f`: only the proxies' user sends to other machines, but for names. Loading them
    /// again replaces them. Best together with `deploy/redirect`, which leads clients to their proxy instead of
    /// nowhere.
    public static String nftables(Machine machine) {
        var lines = new ArrayList<String>();
        lines.add("# Only the user of the proxies reaches other machines. Loading this again replaces it.");
        lines.add("table inet sallyport_lockdown");
        lines.add("delete table inet sallyport_lockdown");
        lines.add("table inet sallyport_lockdown {");
        lines.add("  chain output {");
        lines.add("    type filter hook output priority 10; policy accept;");
        lines.add("    oifname \"lo\" accept");
        lines.add("    meta skuid " + machine.proxyUser() + " accept");
        machine.otherUsers().forEach(user -> lines.add("    meta skuid " + user + " accept"));
        for (var server : machine.nameServers()) {
            var family = server.contains(":") ? "ip6" : "ip";
            lines.add("    " + family + " daddr " + server + " udp dport 53 accept");
            lines.add("    " + family + " daddr " + server + " tcp dport 53 accept");
        }
        lines.add("    # what others were asked for may be answered, and neighbours of IPv6 be found");
        lines.add("    ct state established,related accept");
        lines.add("    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } accept");
        lines.add("    meta l4proto tcp reject with tcp reset");
        lines.add("    reject");
        lines.add("  }");
        lines.add("}");
        return String.join("\n", lines) + "\n";
    }
}
