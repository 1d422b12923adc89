package io.sallyport.translation.egress;

import io.sallyport.analysis.world.AppProtocol;
import io.sallyport.analysis.world.Backend;
import io.sallyport.analysis.world.HostNames;
import io.sallyport.analysis.world.Routing;
import io.sallyport.analysis.world.World;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.EgressPolicy;
import io.sallyport.model.Gateway;
import io.sallyport.model.Gateway.Server;
import io.sallyport.model.Kind;
import io.sallyport.model.Origin;
import io.sallyport.model.Path;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.egress.Errand.Protocol;
import io.sallyport.translation.link.ClientPolicy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// What comes nearest to another verdict: what nearly allows a blocked errand, and what nearly sends a direct one
/// through a gateway. Words for people; nothing is decided here.
final class NearestMiss {

    private static final String MESH = "mesh";
    private static final int MOST = 5;

    private final World world;
    private final GatewayFinder gateways;
    private final List<ConfigObject<?>> ended;

    NearestMiss(World world, GatewayFinder gateways, List<ConfigObject<?>> ended) {
        this.world = world;
        this.gateways = gateways;
        this.ended = ended;
    }

    List<Reason> ofBlocked(ProxyClass client, Errand errand) {
        var found = new ArrayList<Reason>();
        declaring(errand.host()).forEach(backend -> found.add(notFor(client, errand, backend)));
        ended.stream().filter(policy -> isMeant(policy, errand)).forEach(policy -> found.add(ended(policy)));
        if (found.isEmpty()) {
            world.nearestHost(errand.host(), client.namespace())
                    .flatMap(host ->
                            world.backends(host, client.namespace()).stream().findFirst())
                    .ifPresent(backend -> found.add(Reason.of(
                            name(backend) + " declares \"" + backend.host() + "\" (expected: \"" + errand.host()
                                    + "\")",
                            backend.origin())));
        }
        return found.subList(0, Math.min(found.size(), MOST));
    }

    private static boolean isMeant(ConfigObject<?> policy, Errand errand) {
        return policy.spec() instanceof EgressPolicy spec
                && spec.ports().stream().anyMatch(port -> port.number() == errand.port())
                && spec.hosts().stream()
                        .anyMatch(host -> HostNames.isSubset(
                                errand.host().toLowerCase(Locale.ROOT), host.toLowerCase(Locale.ROOT)));
    }

    private static Reason ended(ConfigObject<?> policy) {
        var end = policy.spec() instanceof EgressPolicy spec ? spec.expires() : "";
        return Reason.of(
                policy.ref() + " allowed it until " + end + " (expected: a later end)",
                new Origin(policy.ref(), Path.of("spec", "expires")));
    }

    /// The objects whose host covers this one.
    List<Backend> declaring(String host) {
        var exact = world.backends(host.toLowerCase(Locale.ROOT));
        if (!exact.isEmpty()) {
            return exact;
        }
        return world.hosts().stream()
                .filter(HostNames::isWildcard)
                .filter(pattern -> HostNames.isSubset(host, pattern))
                .sorted(HostNames.MOST_SPECIFIC_FIRST)
                .flatMap(pattern -> world.backends(pattern).stream())
                .toList();
    }

    private Reason notFor(ProxyClass client, Errand errand, Backend backend) {
        var name = name(backend);
        if (!backend.visibility().visibleTo(client.namespace())) {
            return Reason.of(
                    name + " declares it, but exports it to "
                            + String.join(", ", backend.visibility().exportTo()) + " (expected: \""
                            + client.namespace() + "\" or \"*\")",
                    exportTo(backend));
        }
        var port = backend.port(errand.port());
        if (port.isEmpty()) {
            var others = backend.ports().stream()
                    .map(other -> other.number() + " " + other.protocol())
                    .toList();
            return Reason.of(
                    name + " declares it on " + (others.isEmpty() ? "no port" : String.join(", ", others))
                            + " (expected: " + errand.port() + ")",
                    backend.origin());
        }
        var policy = ClientPolicy.of(world, client);
        if (!policy.imports(backend.namespace(), backend.host(), errand.port())) {
            var sidecar = policy.sidecar();
            return new Reason(
                    name + " declares it, but "
                            + sidecar.map(object -> object.ref().toString()).orElse("a Sidecar")
                            + " does not let it in (expected: \"" + backend.namespace() + "/" + backend.host()
                            + "\" in egress hosts)",
                    sidecar.map(object -> new Origin(object.ref(), Path.of("spec", "egress"))));
        }
        var spoken = protocol(port.get().protocol());
        if (spoken.isPresent() && spoken.get() != errand.protocol()) {
            return Reason.of(
                    name + " declares port " + errand.port() + " as "
                            + port.get().protocol() + " (expected: " + errand.protocol() + ")",
                    backend.origin());
        }
        return Reason.of(name + " declares it", backend.origin());
    }

    private static Origin exportTo(Backend backend) {
        return backend.origin().object().kind() == Kind.SERVICE_ENTRY
                ? new Origin(backend.origin().object(), Path.of("spec", "exportTo"))
                : backend.origin();
    }

    private static String name(Backend backend) {
        return backend.origin().object().toString();
    }

    /// What is spoken on a port, in the words of errands; none for UDP.
    static Optional<Protocol> protocol(AppProtocol spoken) {
        return switch (spoken) {
            case HTTP, HTTP2, GRPC, GRPC_WEB -> Optional.of(Protocol.HTTP);
            case HTTPS, TLS -> Optional.of(Protocol.TLS);
            case TCP, MONGO, MYSQL, REDIS, UNSUPPORTED -> Optional.of(Protocol.TCP);
            case UDP, HBONE -> Optional.empty();
        };
    }

    List<Reason> ofDirect(ProxyClass client, Errand errand) {
        var found = new ArrayList<Reason>();
        carrying(errand).forEach(carrier -> found.add(notBy(client, errand, carrier)));
        return found.subList(0, Math.min(found.size(), MOST));
    }

    /// A server of an egress gateway.
    record Carrier(ConfigObject<Gateway> gateway, int server) {

        Server spec() {
            return gateway.spec().servers().get(server);
        }

        Origin origin() {
            return new Origin(
                    gateway.ref(), Path.of("spec", "servers").index(server).field("hosts"));
        }
    }

    /// The servers of egress gateways that name the host, on a port of its protocol: a gateway is one for
    /// egress when some rule of the mesh sends to it.
    List<Carrier> carrying(Errand errand) {
        var carriers = new ArrayList<Carrier>();
        for (var gateway : egressGateways()) {
            var servers = gateway.spec().servers();
            for (int i = 0; i < servers.size(); i++) {
                if (carries(servers.get(i), errand)) {
                    carriers.add(new Carrier(gateway, i));
                }
            }
        }
        return carriers;
    }

    private static boolean carries(Server server, Errand errand) {
        var port = server.port();
        return port != null
                && port.number() == errand.port()
                && protocol(AppProtocol.parse(port.protocol()))
                        .filter(errand.protocol()::equals)
                        .isPresent()
                && HostNames.ofServer(server.hosts()).stream()
                        .anyMatch(host -> !host.equals("*")
                                && HostNames.isSubset(errand.host().toLowerCase(Locale.ROOT), host));
    }

    /// The Gateways of proxies that rules of the mesh send to, oldest first.
    List<ConfigObject<Gateway>> egressGateways() {
        return world.routingsOf(MESH).stream()
                .flatMap(routing -> routing.destinations().stream())
                .distinct()
                .sorted()
                .flatMap(host -> gateways.behind(host).stream())
                .distinct()
                .flatMap(proxy -> world.gatewaysFor(proxy.namespace(), proxy.labels()).stream())
                .filter(gateway -> !gateway.spec().selector().isEmpty())
                .distinct()
                .sorted(ConfigObject.BY_AGE)
                .toList();
    }

    private Reason notBy(ProxyClass client, Errand errand, Carrier carrier) {
        var lists = carrier.gateway().ref() + " lists " + errand.host();
        var routings = world.routingsOf(MESH).stream()
                .filter(routing -> routing.hosts().stream().anyMatch(host -> HostNames.isSubset(errand.host(), host)))
                .sorted(Comparator.comparing(Routing::object, ConfigObject.BY_AGE))
                .toList();
        if (routings.isEmpty()) {
            return Reason.of(lists + ", but no VirtualService of the mesh has that host", carrier.origin());
        }
        var routing = routings.getFirst();
        var ref = routing.object().ref();
        if (!routing.visibility().visibleTo(client.namespace())) {
            return Reason.of(
                    lists + ", but " + ref + " is not exported to namespace " + client.namespace(),
                    new Origin(ref, Path.of("spec", "exportTo")));
        }
        if (errand.protocol() == Protocol.TLS) {
            var names = routing.object().spec().tls().stream()
                    .flatMap(rule -> rule.match().stream())
                    .flatMap(match -> match.sniHosts().stream())
                    .distinct()
                    .toList();
            if (names.stream().anyMatch(name -> HostNames.isSubset(errand.host(), name))) {
                return Reason.of(
                        lists + ", but " + ref + " does not count for this client (its Sidecar, or the rule's match)",
                        new Origin(ref, Path.of("spec", "tls")));
            }
            return Reason.of(
                    lists + ", but no tls route of " + ref + " has sniHosts " + errand.host()
                            + (names.isEmpty() ? "" : " (only " + String.join(", ", names) + ")"),
                    new Origin(ref, Path.of("spec", "tls")));
        }
        return Reason.of(
                lists + ", but no rule of " + ref + " sends its port " + errand.port() + " there",
                new Origin(ref, Path.of("spec")));
    }
}
