package io.sallyport.translation.emit;

import com.google.common.collect.ImmutableList;
import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.sallyport.model.Origin;
import io.sallyport.translation.EnvoyResource;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.ResourceType;
import io.sallyport.translation.Withheld;
import io.sallyport.translation.emit.Emission.Table;
import io.sallyport.translation.emit.SiteEmitter.Piece;
import io.sallyport.translation.plan.Bind;
import io.sallyport.translation.plan.Chain;
import io.sallyport.translation.plan.Chain.Content;
import io.sallyport.translation.plan.HttpOptions;
import io.sallyport.translation.plan.ListenerPlan;
import io.sallyport.translation.plan.ProxyPlan;
import io.sallyport.translation.plan.RouteTable;
import io.sallyport.translation.plan.RouteTable.Others;
import io.sallyport.translation.plan.RouteTableId;
import io.sallyport.translation.plan.Upstream;
import io.sallyport.translation.plan.Upstream.Discovery;
import io.sallyport.translation.plan.UpstreamId;
import io.sallyport.translation.validation.EnvoyValidation;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.pcollections.PSortedMap;

/// One emission in the making.
final class Draft {

    private final Emission previous;
    private final ProxyPlan plan;
    private final EnvoyValidation validation;
    private final SiteEmitter sites;
    private final List<EnvoyResource> upserts = new ArrayList<>();
    private final Map<ResourceType, SortedSet<String>> removed = new EnumMap<>(ResourceType.class);
    private final SortedSet<RouteTableId> turned = new TreeSet<>();
    private final SortedSet<Bind> listeners = new TreeSet<>();
    private PSortedMap<RouteTableId, Table> tables;
    private PSortedMap<Bind, SpelledChain.Port> ports;
    private PSortedMap<String, Withheld> withheld;

    Draft(Emission previous, ProxyPlan plan, EnvoyValidation validation) {
        this.previous = previous;
        this.plan = plan;
        this.validation = validation;
        this.sites = new SiteEmitter(validation);
        this.tables = previous.tables();
        this.ports = previous.ports();
        this.withheld = previous.withheld();
    }

    Emission finish(long revision) {
        var resources = previous.resources().with(revision, upserts, removed, ImmutableList.copyOf(withheld.values()));
        return new Emission(plan, resources, tables, ports, withheld);
    }

    /// Takes in tables that came or went, the ones without any host too.
    void tablesThatCameOrWent() {
        previous.tables().keySet().stream()
                .filter(id -> !plan.tables().containsKey(id))
                .forEach(this::removeTable);
        plan.tables().forEach((id, table) -> {
            if (!tables.containsKey(id)) {
                table(id, table.sites().keySet());
            }
        });
    }

    /// Takes in the hosts of a table that changed.
    void changedTable(RouteTableId id, Set<String> hosts) {
        if (previous.tables().containsKey(id)) {
            table(id, hosts);
        }
    }

    private void table(RouteTableId id, Set<String> hosts) {
        var table = plan.tables().get(id);
        if (table == null) {
            return;
        }
        var before = tables.getOrDefault(id, Table.EMPTY);
        var pieces = before.sites();
        var wildcards = before.wildcards();
        for (var host : hosts) {
            var piece = site(table, host, pieces.get(host));
            if (piece == null) {
                pieces = pieces.minus(host);
                wildcards = wildcards.minus(host);
            } else {
                pieces = pieces.plus(host, piece);
                wildcards = TableEmitter.hasScope(host) ? wildcards : wildcards.plus(host, piece);
            }
        }
        // Where the port of a host counts, it cannot be found by a scope.
        boolean isFoundByHost = !(id instanceof RouteTableId.Proxied);
        var delivery = before.delivery().next(isFoundByHost ? pieces.size() : 0);
        var after = new Table(pieces, wildcards, TableEmitter.others(table), delivery);
        if (before.delivery().isScoped() != delivery.isScoped()) {
            turned.add(id);
        }
        deliverWhole(id, before, after);
        var kept = deliverScopes(table, hosts, before, after);
        tables = tables.plus(id, new Table(kept, wildcards, after.others(), delivery));
    }

    private void deliverWhole(RouteTableId id, Table before, Table after) {
        if (after.delivery().hasWhole()) {
            upserts.add(TableEmitter.whole(id, after.sites(), after.others()));
        } else if (before.delivery().hasWhole()) {
            remove(ResourceType.ROUTES, ResourceNames.routes(id));
        }
    }

    // Answers the sites as they are to be kept.
    private PSortedMap<String, Piece> deliverScopes(RouteTable table, Set<String> changed, Table before, Table after) {
        var id = table.id();
        var kept = after.sites();
        if (!after.delivery().hasScopes()) {
            return kept;
        }
        var head = TableEmitter.head(id);
        var hosts = before.delivery().hasScopes() ? changed : after.sites().keySet();
        for (var host : hosts) {
            var piece = after.sites().get(host);
            if (TableEmitter.hasScope(host)) {
                if (piece == null) {
                    remove(ResourceType.SCOPED_ROUTES, ResourceNames.scope(ResourceNames.scopeKey(id, host)));
                } else {
                    var scope = TableEmitter.scope(id, head, host, piece);
                    upserts.add(scope);
                    kept = kept.plus(host, TableEmitter.within(scope, piece));
                }
            }
        }
        boolean isSame = after.wildcards() == before.wildcards()
                && after.others().equals(before.others())
                && before.delivery().hasScopes();
        if (after.wildcards().isEmpty() && table.others() instanceof Others.Missing) {
            remove(ResourceType.SCOPED_ROUTES, ResourceNames.scope(ResourceNames.wildcardKey(id)));
        } else if (!isSame) {
            upserts.add(TableEmitter.wildcards(id, after.wildcards(), after.others()));
        }
        return kept;
    }

    private @Nullable Piece site(RouteTable table, String host, @Nullable Piece lastGood) {
        var what = "site " + host + " of " + ResourceNames.routes(table.id());
        var site = table.sites().get(host);
        withheld = withheld.minus(what);
        if (site == null) {
            return null;
        }
        return switch (sites.emit(site, what)) {
            case Attempt.Made(var piece) -> piece;
            case Attempt.Failed(var reason) -> {
                withheld = withheld.plus(what, reason);
                yield lastGood == null ? SiteEmitter.closed(site) : lastGood;
            }
        };
    }

    private void removeTable(RouteTableId id) {
        var before = tables.get(id);
        if (before == null) {
            return;
        }
        tables = tables.minus(id);
        before.sites().keySet().forEach(host -> {
            withheld = withheld.minus("site " + host + " of " + ResourceNames.routes(id));
            if (TableEmitter.hasScope(host)) {
                remove(ResourceType.SCOPED_ROUTES, ResourceNames.scope(ResourceNames.scopeKey(id, host)));
            }
        });
        remove(ResourceType.SCOPED_ROUTES, ResourceNames.scope(ResourceNames.wildcardKey(id)));
        remove(ResourceType.ROUTES, ResourceNames.routes(id));
    }

    /// Takes in a listener that changed.
    void listener(Bind bind) {
        if (!listeners.add(bind)) {
            return;
        }
        var listener = plan.listeners().get(bind);
        var named = listener == null ? previous.plan().listeners().get(bind) : listener;
        var name = named == null ? ResourceNames.listener(bind) : ResourceNames.listener(named);
        withheld = withheld.minus("listener " + name);
        for (var what : List.copyOf(withheld.keySet())) {
            withheld = what.startsWith(chainOf(name)) ? withheld.minus(what) : withheld;
        }
        if (listener == null) {
            share(managersOf(bind), SharedManagers.NONE);
            ports = ports.minus(bind);
            remove(ResourceType.LISTENER, name);
            quic(bind, listener, List.of());
            return;
        }
        var origins = listener.origins();
        var chains = chains(listener, name);
        if (!chains.isEmpty()) {
            offer(
                    ResourceType.LISTENER,
                    "listener",
                    name,
                    origins,
                    () -> ListenerEmitter.outline(listener, chains),
                    _ -> ListenerEmitter.bytes(listener, chains));
        }
        quic(bind, listener, chains);
    }

    // A listener of its own for QUIC, with the chains that it can carry.
    private void quic(Bind bind, @Nullable ListenerPlan listener, List<SpelledChain> chains) {
        var name = ResourceNames.quicListener(bind);
        withheld = withheld.minus("listener " + name);
        if (listener != null && listener.offersHttp3()) {
            var carried = chains.stream()
                    .filter(chain -> QuicEmitter.carries(chain.plan()))
                    .map(SpelledChain::message)
                    .toList();
            if (!carried.isEmpty()) {
                var origins = listener.origins();
                offer(ResourceType.LISTENER, "listener", name, origins, () -> QuicEmitter.emit(listener, carried));
                return;
            }
        }
        if (previous.resources().find(ResourceType.LISTENER, name).isPresent()) {
            remove(ResourceType.LISTENER, name);
        }
    }

    private static String chainOf(String listener) {
        return "chain of " + listener + ": ";
    }

    // One chain that Envoy would refuse takes the port from all others, so it goes alone: its names are closed. Those
    // that were spelled before are not spelled again.
    private List<SpelledChain> chains(ListenerPlan listener, String name) {
        var manner = SpelledChain.Manner.of(listener);
        var before = Optional.ofNullable(ports.get(listener.bind()));
        var good = new ArrayList<SpelledChain>();
        var known = new HashMap<SpelledChain.Key, SpelledChain>();
        var managersBefore = managersOf(listener.bind());
        var managers = managers(
                listener,
                managersBefore,
                before.filter(port -> port.manner().equals(manner)).isPresent());
        Predicate<Chain> mayShare = chain -> mayShare(listener, chain);
        for (var chain : listener.chains()) {
            var key = new SpelledChain.Key(chain, isScoped(chain), managers.of(chain, mayShare));
            var same = before.flatMap(port -> port.find(manner, key));
            var attempt =
                    same.<Attempt<SpelledChain>>map(Attempt.Made::new).orElseGet(() -> spell(listener, key, name));
            switch (attempt) {
                case Attempt.Made(var spelled) -> {
                    good.add(spelled);
                    known.put(key, spelled);
                }
                case Attempt.Failed(var reason) -> withheld = withheld.plus(chainOf(name) + chain.origin(), reason);
            }
        }
        var shared = managers.withScopes(scopes(known.keySet(), managers), this::isThereWhole);
        share(managersBefore, shared);
        ports = ports.plus(listener.bind(), new SpelledChain.Port(manner, known, shared));
        return good;
    }

    private SharedManagers managersOf(Bind bind) {
        var port = ports.get(bind);
        return port == null ? SharedManagers.NONE : port.managers();
    }

    // QUIC reads with managers of its own, and so does a table that is large by itself.
    private boolean mayShare(ListenerPlan listener, Chain chain) {
        return chain.content() instanceof Content.Http http
                && http.table() instanceof RouteTableId.Terminated
                && !isScoped(chain)
                && !(listener.offersHttp3() && QuicEmitter.carries(chain));
    }

    // The managers in use from now on; those that were not there come. A manager that Envoy would refuse is in no
    // chain: each chain has its own then, and says what is wrong.
    private SharedManagers managers(ListenerPlan listener, SharedManagers before, boolean isSameManner) {
        var names = new LinkedHashMap<HttpOptions, String>();
        for (var options : SharedManagers.shared(listener, before, chain -> mayShare(listener, chain))) {
            var same = isSameManner ? before.byOptions().get(options) : null;
            if (same != null) {
                names.put(options, same);
                continue;
            }
            var manager = SharedManagers.resource(listener, options);
            if (validation.check(manager).isEmpty()) {
                names.put(options, manager.getName());
                upserts.add(EnvoyResource.of(
                        ResourceType.EXTENSIONS, manager.getName(), Values.bytes(manager), listener.origins()));
            }
        }
        return before.next(names);
    }

    // The scopes of chains that have their manager in common; those that were not there come.
    private Map<String, RouteTableId> scopes(Set<SpelledChain.Key> chains, SharedManagers before) {
        var names = new HashMap<String, RouteTableId>();
        for (var key : chains) {
            if (key.isShared() && key.chain().content() instanceof Content.Http http) {
                var name = SharedManagers.scopeName(http.table());
                if (names.put(name, http.table()) == null && !before.scopes().containsKey(name)) {
                    upserts.add(SharedManagers.scope(key.chain(), http.table()));
                }
            }
        }
        return names;
    }

    private boolean isThereWhole(RouteTableId id) {
        var table = tables.get(id);
        return table != null && !table.delivery().isScoped();
    }

    // What no chain has in common any more goes.
    private void share(SharedManagers before, SharedManagers after) {
        before.scopes().keySet().stream()
                .filter(scope -> !after.scopes().containsKey(scope))
                .forEach(scope -> remove(ResourceType.SCOPED_ROUTES, scope));
        before.recent().stream()
                .filter(manager -> !after.recent().contains(manager))
                .forEach(manager -> remove(ResourceType.EXTENSIONS, manager));
    }

    private Attempt<SpelledChain> spell(ListenerPlan listener, SpelledChain.Key key, String name) {
        var chain = key.chain();
        var what = chainOf(name) + chain.origin();
        var origins = List.of(chain.origin());
        return Attempt.of(what, origins, () -> {
            var plain = ListenerEmitter.chain(listener, key);
            boolean isByQuic = listener.offersHttp3() && QuicEmitter.carries(chain);
            var message = isByQuic ? QuicEmitter.advertised(chain, plain) : plain;
            var violations = validation.check(message);
            return violations.isEmpty()
                    ? new Attempt.Made<>(new SpelledChain(chain, message, Values.bytes(message)))
                    : new Attempt.Failed<>(new Withheld(what, origins, violations.toString()));
        });
    }

    private boolean isScoped(Chain chain) {
        return chain.content() instanceof Content.Http http && isScoped(http.table());
    }

    /// Takes in the listeners that read a table which is delivered in another way now.
    void listenersOfTurnedTables() {
        if (turned.isEmpty()) {
            return;
        }
        plan.listeners().forEach((bind, listener) -> {
            if (readsTurned(listener)) {
                listener(bind);
            }
        });
    }

    private boolean readsTurned(ListenerPlan listener) {
        return listener.chains().stream()
                .anyMatch(chain -> chain.content() instanceof Content.Http http && turned.contains(http.table()));
    }

    private boolean isScoped(RouteTableId id) {
        var table = tables.get(id);
        return table != null && table.delivery().isScoped();
    }

    /// Takes in an upstream that changed. One that is unknown has no cluster, so that Envoy answers 503.
    void upstream(UpstreamId id) {
        var name = ResourceNames.cluster(id);
        withheld = withheld.minus("cluster " + name).minus("endpoints " + name);
        switch (plan.upstreams().get(id)) {
            case null -> removeUpstream(name);
            case Upstream.Unknown _ -> removeUpstream(name);
            case Upstream.Known known -> {
                var origins = ImmutableList.<Origin>builder()
                        .add(known.service())
                        .addAll(known.rules())
                        .build();
                offer(ResourceType.CLUSTER, "cluster", name, origins, () -> ClusterEmitter.emit(known));
                if (known.discovery() instanceof Discovery.Listed(var groups)) {
                    offer(
                            ResourceType.ENDPOINTS,
                            "endpoints",
                            name,
                            List.of(known.service()),
                            () -> EndpointEmitter.emit(name, groups));
                } else {
                    remove(ResourceType.ENDPOINTS, name);
                }
            }
        }
    }

    private void removeUpstream(String name) {
        remove(ResourceType.CLUSTER, name);
        remove(ResourceType.ENDPOINTS, name);
    }

    // What cannot be made, or would be refused, leaves the last good version where it is.
    private void offer(
            ResourceType type, String kind, String name, List<Origin> origins, Supplier<? extends Message> emission) {
        offer(type, kind, name, origins, emission, Values::bytes);
    }

    // `judged` is all that the rules must see; `bytes` are what is sent.
    private void offer(
            ResourceType type,
            String kind,
            String name,
            List<Origin> origins,
            Supplier<? extends Message> judged,
            Function<Message, ByteString> bytes) {
        var what = kind + " " + name;
        Attempt<EnvoyResource> attempt = Attempt.of(what, origins, () -> {
            var message = judged.get();
            var violations = validation.check(message);
            return violations.isEmpty()
                    ? new Attempt.Made<>(EnvoyResource.of(type, name, bytes.apply(message), origins))
                    : new Attempt.Failed<>(new Withheld(what, origins, violations.toString()));
        });
        switch (attempt) {
            case Attempt.Made(var resource) -> upserts.add(resource);
            case Attempt.Failed(var reason) -> withheld = withheld.plus(what, reason);
        }
    }

    private void remove(ResourceType type, String name) {
        removed.computeIfAbsent(type, _ -> new TreeSet<>()).add(name);
    }
}
