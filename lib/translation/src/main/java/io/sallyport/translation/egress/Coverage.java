package io.sallyport.translation.egress;

import com.google.common.collect.ImmutableList;
import io.sallyport.analysis.CheckedImage;
import io.sallyport.analysis.expansion.EgressExpansion;
import io.sallyport.analysis.world.AppProtocol;
import io.sallyport.analysis.world.Backend;
import io.sallyport.analysis.world.HostNames;
import io.sallyport.analysis.world.World;
import io.sallyport.model.Kind;
import io.sallyport.model.ServiceEntry;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.Translator;
import io.sallyport.translation.link.ClientPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;

/// Every class of clients x host x port, by each door that the class has, with what contradicts itself: the proof that
/// what is meant to go by a gateway does (B7).
public final class Coverage {

    /// A place outside, as it is declared: `*.example.com` is one.
    public record Place(String host, int port, Errand.Protocol protocol) implements Comparable<Place> {

        /// A host of the place that can be asked for.
        public Errand errand() {
            return new Errand(host.startsWith("*") ? "any" + host.substring(1) : host, port, protocol);
        }

        @Override
        public int compareTo(Place other) {
            int byHost = host.compareTo(other.host);
            int byPort = byHost == 0 ? Integer.compare(port, other.port) : byHost;
            return byPort == 0 ? protocol.compareTo(other.protocol) : byPort;
        }
    }

    /// One verdict.
    public record Cell(ProxyClass client, Door door, Place place, Verdict verdict, List<Contradiction> contradictions) {
        public Cell {
            contradictions = ImmutableList.copyOf(contradictions);
        }
    }

    /// What two objects say and only one of them gets.
    public record Contradiction(Sort sort, String text, List<Reason> reasons) {

        /// How it shows.
        public enum Sort {
            /// An egress gateway is to carry the host, and it leaves directly.
            LEAK,
            /// It is sent to a gateway that lets it go no further.
            DEAD_END,
            /// It is declared and visible, and blocked all the same.
            SHADOWED,
            /// It is declared, and what is sent there ends at another service.
            MISROUTED
        }

        public Contradiction {
            reasons = ImmutableList.copyOf(reasons);
        }
    }

    private final World world;
    private final EgressJudge judge;
    private final NearestMiss nearest;
    private final List<ProxyClass> clients;

    public Coverage(CheckedImage image, Translator translator) {
        this.world = image.world();
        this.judge = new EgressJudge(image, translator);
        this.nearest = new NearestMiss(
                world, new GatewayFinder(image), image.expansions().ended());
        this.clients = Clients.of(image);
    }

    /// The classes of clients that are told apart.
    public List<ProxyClass> clients() {
        return clients;
    }

    /// The declared places outside, in order: those of ServiceEntries, of the servers of egress gateways, and hosts
    /// that only rules of the mesh name.
    public SortedSet<Place> places() {
        var places = new TreeSet<Place>();
        for (var host : world.hosts()) {
            if (EgressExpansion.isNobody(host)) {
                continue;
            }
            world.backends(host).stream()
                    .filter(this::isOutside)
                    .flatMap(backend -> backend.ports().stream().flatMap(port -> place(host, port).stream()))
                    .forEach(places::add);
        }
        for (var gateway : nearest.egressGateways()) {
            for (var server : gateway.spec().servers()) {
                var port = server.port();
                if (port != null) {
                    var spoken = NearestMiss.protocol(AppProtocol.parse(port.protocol()));
                    HostNames.ofServer(server.hosts()).stream()
                            .filter(host -> !host.equals("*"))
                            .flatMap(host -> spoken.map(protocol -> new Place(host, port.number(), protocol)).stream())
                            .filter(this::isServed)
                            .forEach(places::add);
                }
            }
        }
        return places;
    }

    // A port of the gateway that the outside host does not have is the gateway's own.
    private boolean isServed(Place place) {
        var declaring = world.backends(place.host());
        return declaring.isEmpty()
                || declaring.stream()
                        .anyMatch(backend -> backend.port(place.port()).isPresent());
    }

    private boolean isOutside(Backend backend) {
        var ref = backend.origin().object();
        return ref.kind() == Kind.SERVICE_ENTRY
                && world.image()
                        .find(ref)
                        .filter(object -> object.spec() instanceof ServiceEntry entry
                                && entry.location() == ServiceEntry.Location.MESH_EXTERNAL)
                        .isPresent();
    }

    private static Optional<Place> place(String host, Backend.Port port) {
        return NearestMiss.protocol(port.protocol()).map(protocol -> new Place(host, port.number(), protocol));
    }

    /// The cells of one class.
    public List<Cell> cells(ProxyClass client) {
        var cells = new ArrayList<Cell>();
        for (var place : places()) {
            for (var door : Door.of(client)) {
                if (door != Door.LOCAL_PORT || client.listen().containsKey(Integer.toString(place.port()))) {
                    cells.add(cell(client, door, place));
                }
            }
        }
        return cells;
    }

    private Cell cell(ProxyClass client, Door door, Place place) {
        var verdict = judge.judge(client, door, place.errand());
        return new Cell(
                client,
                door,
                place,
                verdict,
                contradictions(client, place, verdict).toList());
    }

    private Stream<Contradiction> contradictions(ProxyClass client, Place place, Verdict verdict) {
        return switch (verdict) {
            case Verdict.Direct direct ->
                Stream.concat(leak(place, direct).stream(), misrouted(client, place, direct).stream());
            case Verdict.ThroughGateway _ -> Stream.empty();
            case Verdict.Blocked blocked ->
                blocked
                        .gateway()
                        .map(gateway -> new Contradiction(
                                Contradiction.Sort.DEAD_END,
                                "clients are sent to " + gateway + ", which lets " + place.host() + ":" + place.port()
                                        + " go no further",
                                List.of(blocked.reason())))
                        .or(() -> shadowed(client, place))
                        .stream();
        };
    }

    private static Optional<Contradiction> leak(Place place, Verdict.Direct direct) {
        return direct.nearest().isEmpty()
                ? Optional.empty()
                : Optional.of(new Contradiction(
                        Contradiction.Sort.LEAK,
                        place.host() + ":" + place.port() + " leaves directly, and a gateway is to carry it",
                        direct.nearest()));
    }

    private Optional<Contradiction> misrouted(ProxyClass client, Place place, Verdict.Direct direct) {
        var meant = place.errand().host().toLowerCase(Locale.ROOT);
        var byRule = direct.reason().origin().filter(origin -> origin.object().kind() == Kind.VIRTUAL_SERVICE);
        if (direct.byDefault() || byRule.isPresent() || HostNames.isSubset(meant, direct.host())) {
            return Optional.empty();
        }
        return declared(client, place)
                .map(backend -> new Contradiction(
                        Contradiction.Sort.MISROUTED,
                        place.host() + ":" + place.port() + " ends at " + direct.host() + ", which has the port",
                        List.of(Reason.of(backend.origin().object() + " declares it", backend.origin()))));
    }

    private Optional<Contradiction> shadowed(ProxyClass client, Place place) {
        return declared(client, place)
                .map(backend -> new Contradiction(
                        Contradiction.Sort.SHADOWED,
                        place.host() + ":" + place.port() + " is declared and visible, and blocked",
                        List.of(Reason.of(backend.origin().object() + " declares it", backend.origin()))));
    }

    // What the client sees under that host on that port.
    private Optional<Backend> declared(ProxyClass client, Place place) {
        var policy = ClientPolicy.of(world, client);
        return world.backends(place.host(), client.namespace()).stream()
                .filter(backend -> backend.port(place.port()).isPresent())
                .filter(backend -> policy.imports(backend.namespace(), backend.host(), place.port()))
                .findFirst();
    }
}
