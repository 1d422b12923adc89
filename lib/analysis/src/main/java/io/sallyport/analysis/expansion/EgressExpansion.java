package io.sallyport.analysis.expansion;

import com.google.common.collect.ImmutableSortedMap;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.EgressPolicy;
import io.sallyport.model.EgressPolicy.Client;
import io.sallyport.model.EgressPolicy.Protocol;
import io.sallyport.model.Path;
import io.sallyport.model.SourceDocument;
import io.sallyport.model.read.YamlReader;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Spells an EgressPolicy as the Istio objects that it stands for. Pure: equal policies yield equal text, and
/// that text, applied in place of the policy, yields the same Envoy resources to the byte.
///
/// One ServiceEntry makes the names known (wildcards have one of their own, whose names are looked up as they come), a
/// Gateway opens the door, a VirtualService for each host leads clients to it and on, a DestinationRule encrypts.
/// Clients that the policy does not mean and that see its objects all the same, since Istio shows objects to whole
/// namespaces, are turned away: requests with 502 and connections by an endpoint that nobody is, as under
/// `REGISTRY_ONLY`.
public final class EgressExpansion {

    /// In the names of all objects that policies stand for.
    public static final String MARK = "-egress";

    private static final String NOBODY = "nobody.";
    private static final String NOBODYS_ZONE = ".egress.internal";

    private static final int HTTPS = 443;
    private static final String ALL = "*";

    private final ConfigObject<?> policy;
    private final EgressPolicy spec;
    private final List<Client> clients;
    private final boolean isExact;
    private final List<Derived> made = new ArrayList<>();

    /// One object of an expansion: with the policy's place as its source, so that messages point at what people wrote,
    /// and the text to apply in its stead.
    public record Derived(ConfigObject<?> object, String text, UnaryOperator<Path> places) {

        /// The part of the policy that a part of the object comes from.
        public Path written(Path path) {
            return places.apply(path);
        }
    }

    private EgressExpansion(ConfigObject<?> policy, EgressPolicy spec) {
        this.policy = policy;
        this.spec = spec;
        this.clients = clients(policy, spec);
        var door = spec.gateway();
        this.isExact = clients.stream().allMatch(client -> client.labels().isEmpty())
                && (door == null
                        || clients.stream()
                                .anyMatch(client -> client.namespace().equals(ALL)
                                        || client.namespace().equals(door.namespace())));
    }

    /// The objects that the policy stands for, whether it has expired or not. A policy that its own rules refuse may
    /// yield fewer.
    public static List<Derived> of(ConfigObject<?> policy) {
        if (!(policy.spec() instanceof EgressPolicy spec)) {
            throw new IllegalArgumentException(policy.ref() + " (expected: an EgressPolicy)");
        }
        var expansion = new EgressExpansion(policy, spec);
        expansion.expand();
        // Objects of one age count by name: in this order they do so as documents of one file, too.
        return expansion.made.stream()
                .sorted(Comparator.comparing(made -> made.object().name()))
                .toList();
    }

    /// Whether a host is one of those where clients are sent that see the objects of a policy and are not meant by it.
    /// Nobody is there, and nobody asks for it by its name.
    public static boolean isNobody(String host) {
        return host.startsWith(NOBODY) && host.endsWith(NOBODYS_ZONE);
    }

    // One that is for all of a namespace leaves nothing to say about its labels.
    private static List<Client> clients(ConfigObject<?> policy, EgressPolicy spec) {
        var all = spec.from().isEmpty()
                ? List.of(new Client(policy.namespace(), ImmutableSortedMap.of()))
                : spec.from().stream()
                        .map(client ->
                                client.namespace().isEmpty() ? new Client(policy.namespace(), client.labels()) : client)
                        .distinct()
                        .toList();
        return all.stream()
                .filter(client -> all.stream().noneMatch(other -> covers(other, client)))
                .toList();
    }

    private static boolean covers(Client wide, Client narrow) {
        return !wide.equals(narrow)
                && (wide.namespace().equals(ALL) || wide.namespace().equals(narrow.namespace()))
                && narrow.labels().entrySet().containsAll(wide.labels().entrySet());
    }

    private void expand() {
        var exact = positions(false);
        var wild = positions(true);
        entry(name("-egress"), exact, "DNS");
        entry(name("-egress-wildcards"), wild, "DYNAMIC_DNS");
        boolean needsRules = spec.gateway() != null || !isExact;
        if (needsRules && !isExact && spec.ports().stream().anyMatch(port -> !isHttp(port.protocol()))) {
            nobody();
        }
        if (spec.gateway() != null) {
            gateway();
        }
        for (int i = 0; i < spec.hosts().size(); i++) {
            if (needsRules) {
                rules(i);
            }
            encryption(i);
        }
    }

    private List<Integer> positions(boolean wild) {
        return IntStream.range(0, spec.hosts().size())
                .filter(i -> host(i).startsWith("*.") == wild)
                .boxed()
                .toList();
    }

    private String host(int position) {
        return spec.hosts().get(position).toLowerCase(Locale.ROOT);
    }

    private String name(String suffix) {
        return policy.name() + suffix;
    }

    private String nameOf(int host) {
        var text = host(host);
        return text.startsWith("*.") ? name("-egress-wildcard." + text.substring(2)) : name("-egress." + text);
    }

    static boolean isHttp(Protocol protocol) {
        return switch (protocol) {
            case HTTP, HTTP2, GRPC -> true;
            case HTTPS, TLS, TCP -> false;
        };
    }

    static boolean isTls(Protocol protocol) {
        return protocol == Protocol.HTTPS || protocol == Protocol.TLS;
    }

    private static String protocol(EgressPolicy.Port port) {
        return isTls(port.protocol()) ? "TLS" : port.protocol().name();
    }

    private static String portName(EgressPolicy.Port port) {
        return protocol(port).toLowerCase(Locale.ROOT) + "-" + port.number();
    }

    private void entry(String name, List<Integer> hosts, String resolution) {
        if (hosts.isEmpty()) {
            return;
        }
        var text = document("ServiceEntry", name);
        text.line(0, "spec:").line(1, "hosts:");
        hosts.forEach(host -> text.item(1, host(host)));
        text.line(1, "location: MESH_EXTERNAL").line(1, "resolution: " + resolution);
        text.line(1, "ports:");
        for (var port : spec.ports()) {
            text.line(1, "- number: " + port.number())
                    .line(2, "name: " + portName(port))
                    .line(2, "protocol: " + protocol(port));
            encryptedPort(port).ifPresent(target -> text.line(2, "targetPort: " + target));
        }
        exportTo(text);
        add(text, path -> {
            var step = step(path, 1);
            if (step.isPresent() && step.get().name().equals("hosts")) {
                return index(path)
                        .filter(i -> i < hosts.size())
                        .map(i -> Path.of("spec", "hosts").index(hosts.get(i)))
                        .orElse(Path.of("spec", "hosts"));
            }
            return step.isPresent() && step.get().name().equals("ports") ? portAt(path) : Path.of("spec");
        });
    }

    private Optional<Integer> encryptedPort(EgressPolicy.Port port) {
        var tls = spec.tlsOrigination();
        return tls == null || !isHttp(port.protocol())
                ? Optional.empty()
                : Optional.of(tls.port() == 0 ? HTTPS : tls.port());
    }

    private String nobodysHost() {
        return NOBODY + policy.name() + "." + policy.namespace() + NOBODYS_ZONE;
    }

    private void nobody() {
        var text = document("ServiceEntry", name("-egress-nobody"));
        text.line(0, "spec:")
                .line(1, "hosts:")
                .item(1, nobodysHost())
                .line(1, "resolution: STATIC")
                .line(1, "workloadSelector:")
                .line(2, "labels:")
                .line(3, "sallyport.io/nobody: \"true\"")
                .line(1, "ports:")
                .line(1, "- number: " + HTTPS)
                .line(2, "name: tls-" + HTTPS)
                .line(2, "protocol: TLS");
        exportTo(text);
        add(text, _ -> Path.of("spec", "from"));
    }

    private void gateway() {
        var door = door();
        var text = document("Gateway", name("-egress"));
        text.line(0, "spec:").line(1, "selector:");
        if (door.selector().isEmpty()) {
            var label = door.name().startsWith("istio-") ? door.name().substring("istio-".length()) : door.name();
            text.entry(2, "istio", label);
        } else {
            door.selector().forEach((key, value) -> text.entry(2, key, value));
        }
        text.line(1, "servers:");
        for (var port : spec.ports()) {
            text.line(1, "- port:")
                    .line(3, "number: " + port.number())
                    .line(3, "name: " + portName(port))
                    .line(3, "protocol: " + protocol(port));
            text.line(2, "hosts:");
            for (int i = 0; i < spec.hosts().size(); i++) {
                text.item(2, "./" + host(i));
            }
            if (isTls(port.protocol())) {
                text.line(2, "tls:").line(3, "mode: PASSTHROUGH");
            }
        }
        add(text, path -> {
            var last = path.parent();
            if (path.isIndex() && last != null && last.name().equals("hosts")) {
                return Path.of("spec", "hosts").index(path.index());
            }
            var step = step(path, 1);
            return step.isPresent() && step.get().name().equals("servers") ? portAt(path) : Path.of("spec", "gateway");
        });
    }

    private EgressPolicy.Door door() {
        var door = spec.gateway();
        if (door == null) {
            throw new IllegalStateException(policy.ref() + " has no gateway");
        }
        return door;
    }

    private void rules(int host) {
        var text = document("VirtualService", nameOf(host));
        text.line(0, "spec:").line(1, "hosts:").item(1, host(host)).line(1, "gateways:");
        text.item(1, "mesh");
        if (spec.gateway() != null) {
            text.item(1, name("-egress"));
        }
        var writer = new RuleWriter(spec, name("-egress"), clients, isExact, host(host), nobodysHost());
        writer.write(text);
        exportTo(text);
        add(text, _ -> Path.of("spec", "hosts").index(host));
    }

    private void encryption(int host) {
        var tls = spec.tlsOrigination();
        var ports =
                spec.ports().stream().filter(port -> isHttp(port.protocol())).toList();
        if (tls == null || ports.isEmpty()) {
            return;
        }
        var text = document("DestinationRule", nameOf(host));
        text.line(0, "spec:");
        text.entry(1, "host", host(host));
        text.line(1, "trafficPolicy:").line(2, "portLevelSettings:");
        for (var port : ports) {
            text.line(2, "- port:").line(4, "number: " + port.number());
            text.line(3, "tls:").line(4, "mode: " + tls.mode());
            if (!tls.credentialName().isEmpty()) {
                text.entry(4, "credentialName", tls.credentialName());
            }
            if (!tls.sni().isEmpty()) {
                text.entry(4, "sni", tls.sni());
            }
            if (!tls.subjectAltNames().isEmpty()) {
                text.line(4, "subjectAltNames:");
                tls.subjectAltNames().forEach(name -> text.item(4, name));
            }
        }
        exportTo(text);
        add(text, _ -> Path.of("spec", "tlsOrigination"));
    }

    private ExpandedText document(String kind, String name) {
        var text = new ExpandedText();
        return text.line(0, "apiVersion: networking.istio.io/v1")
                .line(0, "kind: " + kind)
                .line(0, "metadata:")
                .entry(1, "name", name)
                .entry(1, "namespace", policy.namespace());
    }

    // Gateways see the objects of a namespace as clients do, so theirs is among those that see these.
    private void exportTo(ExpandedText text) {
        var namespaces = new TreeSet<String>();
        clients.forEach(client -> namespaces.add(client.namespace()));
        var door = spec.gateway();
        if (door != null) {
            namespaces.add(door.namespace());
        }
        var shown = namespaces.contains(ALL) ? List.of(ALL) : List.copyOf(namespaces);
        text.line(1, "exportTo:");
        shown.forEach(namespace -> text.item(1, namespace.equals(policy.namespace()) ? "." : namespace));
    }

    // Read again as if it had been applied: there is one way from text to objects.
    private void add(ExpandedText text, UnaryOperator<Path> places) {
        var written = text.toString();
        var place = policy.source();
        var read = YamlReader.source(place.name(), place.firstLine(), place.index(), written);
        var object = new YamlReader().readDocument(read).object();
        if (object != null) {
            made.add(new Derived(at(object, read.digest()), written, places));
        }
    }

    private ConfigObject<?> at(ConfigObject<?> object, String digest) {
        var place = policy.source();
        var source = new SourceDocument(place.name(), place.firstLine(), place.index(), place.text(), digest);
        return new ConfigObject<>(object.ref(), object.metadata(), object.spec(), source, policy.age());
    }

    // Steps from the front: 0 is `spec`.
    private static Optional<Path> step(Path path, int depth) {
        var steps = Stream.iterate(Optional.of(path), Optional::isPresent, each -> each.map(Path::parent))
                .flatMap(Optional::stream)
                .filter(each -> !each.isRoot())
                .toList();
        return steps.size() > depth ? Optional.of(steps.get(steps.size() - 1 - depth)) : Optional.empty();
    }

    private static Optional<Integer> index(Path path) {
        return step(path, 2).filter(Path::isIndex).map(Path::index);
    }

    private static Path portAt(Path path) {
        var ports = Path.of("spec", "ports");
        return index(path).map(ports::index).orElse(ports);
    }
}
