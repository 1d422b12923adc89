package io.sallyport.analysis.gatewayapi;

import static io.sallyport.analysis.gatewayapi.Condition.Type.ACCEPTED;

import io.sallyport.analysis.gatewayapi.ObjectStatus.OfParent;
import io.sallyport.analysis.world.HostNames;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import io.sallyport.model.gatewayapi.ParentReference;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Finds the listeners that take a route, and the hosts that it gets on each: where both name hosts, the
/// narrower of each pair that meets.
final class Attachments {

    // Kinds of route that share no host of a listener.
    private static final Map<Kind, Kind> RIVALS =
            Map.of(Kind.HTTP_ROUTE, Kind.GRPC_ROUTE, Kind.GRPC_ROUTE, Kind.HTTP_ROUTE);

    /// Which of two routes is heard first where only one can be: the older one, else the first by namespace and name.
    static final Comparator<ConfigObject<?>> ORDER = Comparator.<ConfigObject<?>, Instant>comparing(
                    route -> route.age().created())
            .thenComparing(route -> route.ref().qualifiedName())
            .thenComparing(route -> route.ref().kind());

    private final Map<String, List<ListenerState>> listeners;
    private final Set<String> others;
    private final NamespaceLabels namespaces;

    /// What became of a route's parents.
    record Bound(Map<ListenerState, Set<String>> hosts, List<OfParent> parents) {}

    /// `listeners` by the names of our Gateways; `others` are the names of somebody else's.
    Attachments(Map<String, List<ListenerState>> listeners, Set<String> others, NamespaceLabels namespaces) {
        this.listeners = listeners;
        this.others = others;
        this.namespaces = namespaces;
    }

    Bound bind(ConfigObject<?> route, List<ParentReference> parents, List<String> hostnames) {
        var hosts = new LinkedHashMap<ListenerState, Set<String>>();
        var statuses = new ArrayList<OfParent>();
        var wanted = hostnames.isEmpty()
                ? List.of("*")
                : hostnames.stream().map(host -> host.toLowerCase(Locale.ROOT)).toList();
        for (int i = 0; i < parents.size(); i++) {
            var parent = parents.get(i);
            var place = Path.of("spec", "parentRefs").index(i);
            var name = (parent.namespace().isEmpty() ? route.namespace() : parent.namespace()) + "/" + parent.name();
            if (!parent.isGateway()) {
                statuses.add(new OfParent(parent, false, List.of(unserved(parent, place.field("kind")))));
                continue;
            }
            if (others.contains(name)) {
                continue;
            }
            boolean isOurs = listeners.containsKey(name);
            statuses.add(new OfParent(parent, isOurs, List.of(bind(route, parent, name, wanted, place, hosts))));
        }
        return new Bound(hosts, statuses);
    }

    // Routes of the mesh and sets of listeners: said, so that nobody waits.
    private static Condition unserved(ParentReference parent, Path place) {
        return Condition.no(
                ACCEPTED,
                "UnsupportedValue",
                "parent of kind \"%s\" is not served here (expected: a Gateway)".formatted(parent.kind()),
                place);
    }

    private Condition bind(
            ConfigObject<?> route,
            ParentReference parent,
            String gateway,
            List<String> wanted,
            Path place,
            Map<ListenerState, Set<String>> hosts) {
        var known = listeners.get(gateway);
        if (known == null) {
            return Condition.no(
                    ACCEPTED,
                    "NoMatchingParent",
                    "Gateway \"%s\" does not exist (expected: %s)"
                            .formatted(
                                    gateway,
                                    listeners.isEmpty()
                                            ? "a declared Gateway; there is none"
                                            : "one of " + String.join(", ", listeners.keySet())),
                    place.field("name"));
        }
        var named = known.stream()
                .filter(state ->
                        parent.sectionName().isEmpty() || parent.sectionName().equals(state.listener.name()))
                .toList();
        if (named.isEmpty()) {
            return Condition.no(
                    ACCEPTED,
                    "NoMatchingParent",
                    "Gateway \"%s\" has no listener \"%s\" (expected: one of %s)"
                            .formatted(gateway, parent.sectionName(), joined(known, state -> state.listener.name())),
                    place.field("sectionName"));
        }
        var meant = named.stream()
                .filter(state -> parent.port() == 0 || parent.port() == state.listener.port())
                .toList();
        if (meant.isEmpty()) {
            return Condition.no(
                    ACCEPTED,
                    "NoMatchingParent",
                    wrongPort(parent, gateway, joined(named, state -> Integer.toString(state.listener.port()))),
                    place.field("port"));
        }
        var allowing = meant.stream()
                .filter(state -> state.kinds.contains(route.ref().kind()))
                .filter(state -> allows(state, route.namespace()))
                .toList();
        if (allowing.isEmpty()) {
            return Condition.no(
                    ACCEPTED,
                    "NotAllowedByListeners",
                    "no listener of Gateway \"%s\" takes a %s of namespace \"%s\" (expected: allowedRoutes that do)"
                            .formatted(gateway, route.ref().kind().word(), route.namespace()),
                    place);
        }
        return attach(route, allowing, wanted, place, hosts);
    }

    private Condition attach(
            ConfigObject<?> route,
            List<ListenerState> allowing,
            List<String> wanted,
            Path place,
            Map<ListenerState, Set<String>> hosts) {
        Condition refused = null;
        boolean isAttached = false;
        for (var state : allowing) {
            var all = listeners.getOrDefault(state.gateway.ref().qualifiedName(), List.of());
            var common = new LinkedHashSet<>(HostNames.intersection(List.of(state.host()), wanted));
            common.removeIf(host -> state.yields(host, all));
            if (common.isEmpty()) {
                continue;
            }
            var rival = rival(route, state, common);
            if (rival.isPresent()) {
                refused = rival.get();
                continue;
            }
            isAttached = true;
            var taken = state.taken.computeIfAbsent(route.ref().kind(), _ -> new TakenHosts());
            common.forEach(host -> taken.add(host, route.ref()));
            if (hosts.putIfAbsent(state, common) == null) {
                state.attached++;
            } else {
                hosts.get(state).addAll(common);
            }
        }
        if (isAttached) {
            return Condition.yes(ACCEPTED, place);
        }
        return refused != null
                ? refused
                : Condition.no(
                        ACCEPTED,
                        "NoMatchingListenerHostname",
                        "hostnames %s meet none of Gateway \"%s\" (expected: one that a listener covers)"
                                .formatted(
                                        wanted,
                                        allowing.getFirst().gateway.ref().qualifiedName()),
                        Path.of("spec", "hostnames"));
    }

    // At one listener a host has HTTPRoutes or GRPCRoutes, the standard says: those of whichever was there first.
    private static Optional<Condition> rival(ConfigObject<?> route, ListenerState state, Set<String> wanted) {
        var other = RIVALS.get(route.ref().kind());
        var taken = other == null ? null : state.taken.get(other);
        if (taken == null) {
            return Optional.empty();
        }
        return wanted.stream()
                .flatMap(host -> taken.meeting(host).stream()
                        .map(older -> Condition.no(
                                ACCEPTED,
                                "HostnameConflict",
                                "host \"%s\" of listener \"%s\" has %s \"%s\" already (expected: a host whose routes are all of one kind)"
                                        .formatted(
                                                host,
                                                state.listener.name(),
                                                older.kind().word(),
                                                older.qualifiedName()),
                                Path.of("spec", "hostnames"))))
                .findFirst();
    }

    private static String wrongPort(ParentReference parent, String gateway, String ports) {
        return parent.sectionName().isEmpty()
                ? "Gateway \"%s\" has no listener on port %d (expected: one of %s)"
                        .formatted(gateway, parent.port(), ports)
                : "listener \"%s\" of Gateway \"%s\" is not on port %d (expected: %s)"
                        .formatted(parent.sectionName(), gateway, parent.port(), ports);
    }

    private static String joined(List<ListenerState> states, Function<ListenerState, String> word) {
        return states.stream().map(word).distinct().collect(Collectors.joining(", "));
    }

    private boolean allows(ListenerState state, String namespace) {
        var allowed = state.listener.allowedRoutes();
        var from = allowed == null ? null : allowed.namespaces();
        if (from == null) {
            return namespace.equals(state.gateway.namespace());
        }
        return switch (from.from()) {
            case Same -> namespace.equals(state.gateway.namespace());
            case All -> true;
            case Selector -> namespaces.matches(from.selector(), namespace);
            case None -> false;
        };
    }
}
