package io.sallyport.translation.egress;

import com.google.common.collect.ImmutableList;
import com.google.common.net.InetAddresses;
import io.sallyport.analysis.CheckedImage;
import io.sallyport.model.Kind;
import io.sallyport.model.MeshConfig.OutboundMode;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Sidecar;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.Translator;
import io.sallyport.translation.egress.Errand.Protocol;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/// The fewest objects that let out what was seen, where everything else is blocked (B6). Hosts that are asked for in
/// the same way by the same namespaces share a ServiceEntry; each namespace that is to be closed gets a Sidecar with
/// `REGISTRY_ONLY`. What is declared already is left alone.
///
/// @param remarks what is not covered, and why
/// @param declared how many errands need nothing new
public record Suggestion(List<Document> documents, List<String> remarks, int declared) {

    /// One object to apply.
    public record Document(ObjectRef ref, String text) {}

    /// What one client wants.
    public record Wish(ProxyClass client, Errand errand) {}

    private static final int MAX_NAME = 63;

    public Suggestion {
        documents = ImmutableList.copyOf(documents);
        remarks = ImmutableList.copyOf(remarks);
    }

    private record Port(int number, Protocol protocol) implements Comparable<Port> {
        @Override
        public int compareTo(Port other) {
            return number == other.number ? protocol.compareTo(other.protocol) : Integer.compare(number, other.number);
        }

        String name() {
            return switch (protocol) {
                case HTTP -> "http-" + number;
                case TLS -> "tls-" + number;
                case TCP -> "tcp-" + number;
            };
        }
    }

    private record Wanted(TreeSet<Port> ports, TreeSet<String> namespaces) {
        Wanted() {
            this(new TreeSet<>(), new TreeSet<>());
        }
    }

    /// What would cover these wishes. `closes`: with the Sidecars.
    public static Suggestion of(CheckedImage image, Translator translator, Collection<Wish> wishes, boolean closes) {
        var judge = new EgressJudge(image, translator);
        var remarks = new ArrayList<String>();
        var wanted = new TreeMap<String, Wanted>();
        var namespaces = new TreeSet<String>();
        int declared = 0;
        for (var wish : wishes) {
            var errand = wish.errand();
            namespaces.add(wish.client().namespace());
            if (isCovered(judge, wish)) {
                declared++;
            } else {
                var host = errand.host().toLowerCase(Locale.ROOT);
                var entry = wanted.computeIfAbsent(host, _ -> new Wanted());
                entry.ports().add(new Port(errand.port(), errand.protocol()));
                entry.namespaces().add(wish.client().namespace());
            }
        }
        var documents = new ArrayList<Document>(entries(image, wanted, remarks));
        if (closes) {
            namespaces.forEach(namespace -> sidecar(image, namespace, remarks).ifPresent(documents::add));
        }
        return new Suggestion(documents, remarks, declared);
    }

    private static boolean isCovered(EgressJudge judge, Wish wish) {
        return Door.of(wish.client()).stream()
                .limit(1)
                .map(door -> judge.judge(wish.client(), door, wish.errand()))
                .allMatch(verdict -> switch (verdict) {
                    case Verdict.Direct direct -> !direct.byDefault();
                    case Verdict.ThroughGateway _ -> true;
                    case Verdict.Blocked _ -> false;
                });
    }

    private static List<Document> entries(CheckedImage image, Map<String, Wanted> wanted, List<String> remarks) {
        var documents = new ArrayList<Document>();
        var groups = new LinkedHashMap<Wanted, List<String>>();
        var onPorts = new TreeMap<Integer, String>();
        wanted.forEach((host, want) -> {
            remarkOnPorts(host, want, remarks);
            want.ports().stream()
                    .filter(port -> port.protocol() == Protocol.TCP)
                    .filter(_ -> !InetAddresses.isInetAddress(host))
                    .forEach(port -> {
                        var before = onPorts.putIfAbsent(port.number(), host);
                        if (before != null) {
                            remarks.add(before + " and " + host + " both speak plain TCP on port " + port.number()
                                    + ": redirected connections cannot be told apart without addresses");
                        }
                    });
            if (isAlone(host, want)) {
                documents.add(entry(image, List.of(host), want));
            } else {
                groups.computeIfAbsent(want, _ -> new ArrayList<>()).add(host);
            }
        });
        groups.forEach((want, hosts) -> documents.add(entry(image, hosts, want)));
        return documents;
    }

    // Plain TCP is told apart by its address, so such a host has an entry of its own.
    private static boolean isAlone(String host, Wanted want) {
        return InetAddresses.isInetAddress(host)
                || want.ports().stream().anyMatch(port -> port.protocol() == Protocol.TCP);
    }

    // One port has one protocol.
    private static void remarkOnPorts(String host, Wanted want, List<String> remarks) {
        var seen = new TreeMap<Integer, Protocol>();
        want.ports().removeIf(port -> {
            var before = seen.putIfAbsent(port.number(), port.protocol());
            if (before != null) {
                remarks.add(host + ":" + port.number() + " was seen with " + before + " and " + port.protocol()
                        + "; only " + before + " is covered");
            }
            return before != null;
        });
    }

    private static Document entry(CheckedImage image, List<String> hosts, Wanted want) {
        var namespace = want.namespaces().first();
        var isAddress = InetAddresses.isInetAddress(hosts.getFirst());
        var name = free(image, namespace, name(hosts, isAddress));
        var text = new StringBuilder("""
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                """);
        text.append("metadata: {name: ")
                .append(name)
                .append(", namespace: ")
                .append(namespace)
                .append("}\n");
        text.append("spec:\n");
        if (isAddress) {
            text.append("  hosts: [").append(name).append(".outside]\n");
            text.append("  addresses: [\"").append(hosts.getFirst()).append("\"]\n");
        } else {
            text.append("  hosts: [").append(String.join(", ", hosts)).append("]\n");
        }
        text.append("  exportTo: [")
                .append(want.namespaces().size() == 1 ? "\".\"" : String.join(", ", want.namespaces()))
                .append("]\n");
        text.append("  location: MESH_EXTERNAL\n");
        text.append("  resolution: ").append(isAddress ? "NONE" : "DNS").append('\n');
        text.append("  ports:\n");
        for (var port : want.ports()) {
            text.append("  - {number: ").append(port.number());
            text.append(", name: ").append(port.name());
            text.append(", protocol: ").append(port.protocol()).append("}\n");
        }
        return new Document(new ObjectRef(Kind.SERVICE_ENTRY, namespace, name), text.toString());
    }

    private static String name(List<String> hosts, boolean isAddress) {
        var first = hosts.getFirst().replace("*", "any").replaceAll("[^a-z0-9-]", "-");
        var name = (isAddress ? "address-" : "learned-") + first;
        return (name.length() > MAX_NAME - 4 ? name.substring(0, MAX_NAME - 4) : name).replaceAll("-+$", "");
    }

    private static String free(CheckedImage image, String namespace, String name) {
        var candidate = name;
        for (int i = 2;
                image.image()
                        .find(new ObjectRef(Kind.SERVICE_ENTRY, namespace, candidate))
                        .isPresent();
                i++) {
            candidate = name + "-" + i;
        }
        return candidate;
    }

    private static Optional<Document> sidecar(CheckedImage image, String namespace, List<String> remarks) {
        var whole = image.world().sidecars(namespace).stream()
                .filter(object -> isForAll(object.spec()))
                .findFirst();
        image.world().sidecars(namespace).stream()
                .filter(object -> !isForAll(object.spec()))
                .forEach(object -> remarks.add(object.ref() + " selects workloads of its own and is left as it is"));
        if (whole.isPresent()) {
            var policy = whole.get().spec().outboundTrafficPolicy();
            if (policy == null || policy.mode() != OutboundMode.REGISTRY_ONLY) {
                remarks.add(whole.get().ref() + " holds for the namespace (expected: outboundTrafficPolicy:"
                        + " {mode: REGISTRY_ONLY} in it)");
            }
            return Optional.empty();
        }
        if (image.world().mesh().outboundMode() == OutboundMode.REGISTRY_ONLY) {
            return Optional.empty();
        }
        var name = "closed";
        return Optional.of(new Document(new ObjectRef(Kind.SIDECAR, namespace, name), """
                apiVersion: networking.istio.io/v1
                kind: Sidecar
                metadata: {name: closed, namespace: %s}
                spec:
                  egress:
                  - hosts: ["*/*"]
                  outboundTrafficPolicy: {mode: REGISTRY_ONLY}
                """.formatted(namespace)));
    }

    private static boolean isForAll(Sidecar sidecar) {
        var selector = sidecar.workloadSelector();
        return selector == null || selector.labels().isEmpty();
    }
}
