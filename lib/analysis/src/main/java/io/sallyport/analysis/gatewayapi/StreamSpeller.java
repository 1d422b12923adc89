package io.sallyport.analysis.gatewayapi;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Path;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.RouteDestination;
import io.sallyport.model.VirtualService.TcpRoute;
import io.sallyport.model.VirtualService.TlsMatchAttributes;
import io.sallyport.model.VirtualService.TlsRoute;
import io.sallyport.model.gatewayapi.BackendReference;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// Spells what a TLSRoute or TCPRoute says to one listener as a VirtualService: by the name in the hello where
/// TLS goes on as it came, otherwise for all connections of the listener. Of several TCPRoutes the oldest one
/// counts.
final class StreamSpeller {

    private final Backends backends;

    StreamSpeller(Backends backends) {
        this.backends = backends;
    }

    /// Where the first rule of a route sends connections, and what its shares come from.
    record Target(ImmutableList<RouteDestination> shares, List<Path> places) {}

    Target target(ConfigObject<?> route, List<BackendReference> references, Consumer<Condition> troubles) {
        var shares = ImmutableList.<RouteDestination>builder();
        var places = ImmutableList.<Path>builder();
        var base = Path.of("spec", "rules").index(0).field("backendRefs");
        for (int i = 0; i < references.size(); i++) {
            var reference = references.get(i);
            var found = backends.find(route, reference, base.index(i));
            found.trouble().ifPresent(troubles);
            if (reference.share() > 0) {
                shares.add(new RouteDestination(found.destination(), reference.share()));
                places.add(base.index(i));
            }
        }
        return new Target(shares.build(), places.build());
    }

    static Spelled spell(ConfigObject<?> route, ListenerState state, Collection<String> hosts, Target target) {
        boolean passesOn = state.passesOn();
        var section = passesOn ? "tls" : "tcp";
        var at = Path.of("spec", section).index(0);
        var places = new LinkedHashMap<Path, Spelled.Place>();
        places.put(at, new Spelled.Place(route, Path.of("spec", "rules").index(0)));
        for (int i = 0; i < target.places().size(); i++) {
            places.put(
                    at.field("route").index(i),
                    new Spelled.Place(route, target.places().get(i)));
        }
        var served = passesOn ? ImmutableList.copyOf(hosts) : ImmutableList.of(state.host());
        var match =
                new TlsMatchAttributes(served, ImmutableList.of(), 0, ImmutableSortedMap.of(), ImmutableList.of(), "");
        return Spelled.of(
                new ObjectRef(
                        Kind.VIRTUAL_SERVICE,
                        state.gateway.namespace(),
                        "%s~%s~%s~%s"
                                .formatted(
                                        state.gateway.name(), state.listener.name(), route.namespace(), route.name())),
                Map.of(Spelled.SEMANTICS, Spelled.GATEWAY),
                new VirtualService(
                        served,
                        ImmutableList.copyOf(state.names),
                        ImmutableList.of(),
                        passesOn
                                ? ImmutableList.of(new TlsRoute(ImmutableList.of(match), target.shares()))
                                : ImmutableList.of(),
                        passesOn
                                ? ImmutableList.of()
                                : ImmutableList.of(new TcpRoute(ImmutableList.of(), target.shares())),
                        ImmutableList.of("*")),
                route,
                route,
                places);
    }
}
