package io.sallyport.translation.plan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.pcollections.PSortedMap;
import org.pcollections.TreePMap;

/// All that one class of proxies does. Immutable; the plan after an edit shares every node that the edit does
/// not touch, as the same object, and knows cheaply which ones it does ([#changesSince]).
public final class ProxyPlan {

    /// Nothing is bound.
    public static final ProxyPlan EMPTY =
            new ProxyPlan(TreePMap.empty(), TreePMap.empty(), TreePMap.empty(), new Object(), null, Change.NONE);

    private final PSortedMap<Bind, ListenerPlan> listeners;
    private final PSortedMap<RouteTableId, RouteTable> tables;
    private final PSortedMap<UpstreamId, Upstream> upstreams;
    // Identities, not references: a plan must not keep its ancestors alive.
    private final Object identity;
    private final @Nullable Object parent;
    private final Change change;

    private ProxyPlan(
            PSortedMap<Bind, ListenerPlan> listeners,
            PSortedMap<RouteTableId, RouteTable> tables,
            PSortedMap<UpstreamId, Upstream> upstreams,
            Object identity,
            @Nullable Object parent,
            Change change) {
        this.listeners = listeners;
        this.tables = tables;
        this.upstreams = upstreams;
        this.identity = identity;
        this.parent = parent;
        this.change = change;
    }

    public PSortedMap<Bind, ListenerPlan> listeners() {
        return listeners;
    }

    public PSortedMap<RouteTableId, RouteTable> tables() {
        return tables;
    }

    /// Every place that some rule sends to, unknown ones included.
    public PSortedMap<UpstreamId, Upstream> upstreams() {
        return upstreams;
    }

    /// The upstreams of a host, of all ports and subsets.
    public List<UpstreamId> upstreamsOf(String host) {
        var ids = new ArrayList<UpstreamId>();
        var id = upstreams.ceilingKey(new UpstreamId(0, "", host));
        while (id != null && id.host().equals(host)) {
            ids.add(id);
            id = upstreams.higherKey(id);
        }
        return ids;
    }

    /// The next plan, whose touched nodes are found by comparing all of them by identity.
    public ProxyPlan next(
            PSortedMap<Bind, ListenerPlan> nextListeners,
            PSortedMap<RouteTableId, RouteTable> nextTables,
            PSortedMap<UpstreamId, Upstream> nextUpstreams) {
        var next = next(nextListeners, nextTables, nextUpstreams, Change.NONE);
        return next(nextListeners, nextTables, nextUpstreams, next.compare(this));
    }

    /// The next plan, and which nodes of it the maker touched.
    public ProxyPlan next(
            PSortedMap<Bind, ListenerPlan> nextListeners,
            PSortedMap<RouteTableId, RouteTable> nextTables,
            PSortedMap<UpstreamId, Upstream> nextUpstreams,
            Change touched) {
        return new ProxyPlan(nextListeners, nextTables, nextUpstreams, new Object(), identity, touched);
    }

    /// The keys of all nodes that differ from `previous`, removed ones included. Cheap when this plan was made from
    /// `previous` directly; otherwise all nodes are compared by identity.
    public Change changesSince(ProxyPlan previous) {
        if (previous == this) {
            return Change.NONE;
        }
        if (parent == previous.identity) {
            return change;
        }
        return compare(previous);
    }

    private Change compare(ProxyPlan previous) {
        var sites = new TreeMap<RouteTableId, SortedSet<String>>();
        for (var id : keys(tables, previous.tables)) {
            var mine = tables.get(id);
            var theirs = previous.tables.get(id);
            if (mine != theirs) {
                sites.put(id, differing(sites(mine), sites(theirs)));
            }
        }
        return new Change(differing(listeners, previous.listeners), sites, differing(upstreams, previous.upstreams));
    }

    private static SortedMap<String, Site> sites(@Nullable RouteTable table) {
        return table == null ? TreePMap.empty() : table.sites();
    }

    private static <K extends Comparable<? super K>> SortedSet<K> keys(SortedMap<K, ?> first, SortedMap<K, ?> second) {
        var keys = new TreeSet<K>(Comparator.naturalOrder());
        keys.addAll(first.keySet());
        keys.addAll(second.keySet());
        return keys;
    }

    private static <K extends Comparable<? super K>, V> SortedSet<K> differing(
            SortedMap<K, V> mine, SortedMap<K, V> theirs) {
        var differing = new TreeSet<K>(Comparator.naturalOrder());
        for (Map.Entry<K, V> entry : mine.entrySet()) {
            if (theirs.get(entry.getKey()) != entry.getValue()) {
                differing.add(entry.getKey());
            }
        }
        theirs.keySet().stream().filter(key -> !mine.containsKey(key)).forEach(differing::add);
        return differing;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ProxyPlan plan
                && listeners.equals(plan.listeners)
                && tables.equals(plan.tables)
                && upstreams.equals(plan.upstreams);
    }

    @Override
    public int hashCode() {
        return Objects.hash(listeners, tables, upstreams);
    }

    /// The keys of touched nodes. A table that appears or disappears is in `sites` too, perhaps without hosts.
    public record Change(
            SortedSet<Bind> listeners,
            SortedMap<RouteTableId, SortedSet<String>> sites,
            SortedSet<UpstreamId> upstreams) {

        public static final Change NONE = new Change(new TreeSet<>(), new TreeMap<>(), new TreeSet<>());

        public Change {
            listeners = java.util.Collections.unmodifiableSortedSet(new TreeSet<>(listeners));
            sites = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(sites));
            upstreams = java.util.Collections.unmodifiableSortedSet(new TreeSet<>(upstreams));
        }

        public boolean isEmpty() {
            return listeners.isEmpty() && sites.isEmpty() && upstreams.isEmpty();
        }
    }
}
