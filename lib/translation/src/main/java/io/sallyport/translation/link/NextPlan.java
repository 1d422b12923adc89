package io.sallyport.translation.link;

import io.sallyport.translation.plan.Bind;
import io.sallyport.translation.plan.ListenerPlan;
import io.sallyport.translation.plan.ProxyPlan;
import io.sallyport.translation.plan.RouteTable;
import io.sallyport.translation.plan.RouteTableId;
import io.sallyport.translation.plan.Site;
import io.sallyport.translation.plan.Upstream;
import io.sallyport.translation.plan.UpstreamId;
import java.util.NavigableSet;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.pcollections.PSortedMap;

/// The plan after an edit. It is the plan before where nothing differs, and it knows what differs without looking at
/// what was not touched.
final class NextPlan {

    private NextPlan() {}

    /// After all was linked anew: the two are compared whole.
    static ProxyPlan compared(
            ProxyPlan before,
            PSortedMap<Bind, ListenerPlan> listeners,
            PSortedMap<RouteTableId, RouteTable> tables,
            PSortedMap<UpstreamId, Upstream> upstreams) {
        var next = before.next(listeners, tables, upstreams);
        return next.changesSince(before).isEmpty() ? before : next;
    }

    /// After some was linked anew: only the listeners, `sites` and `touched` upstreams can differ.
    static ProxyPlan changed(
            ProxyPlan before,
            PSortedMap<Bind, ListenerPlan> listeners,
            PSortedMap<RouteTableId, RouteTable> tables,
            PSortedMap<UpstreamId, Upstream> upstreams,
            SortedMap<RouteTableId, NavigableSet<String>> sites,
            NavigableSet<UpstreamId> touched) {
        var binds = new TreeSet<Bind>(listeners.keySet());
        binds.addAll(before.listeners().keySet());
        binds.removeIf(bind -> listeners.get(bind) == before.listeners().get(bind));
        var changedSites = new TreeMap<RouteTableId, SortedSet<String>>();
        sites.forEach((id, keys) -> {
            var left = new TreeSet<>(keys);
            left.removeIf(key -> site(tables, id, key) == site(before.tables(), id, key));
            // A table without sites can come and go too.
            if (!left.isEmpty() || tables.containsKey(id) != before.tables().containsKey(id)) {
                changedSites.put(id, left);
            }
        });
        var changedUpstreams = new TreeSet<UpstreamId>(touched);
        changedUpstreams.removeIf(id -> upstreams.get(id) == before.upstreams().get(id));
        var change = new ProxyPlan.Change(binds, changedSites, changedUpstreams);
        return change.isEmpty() ? before : before.next(listeners, tables, upstreams, change);
    }

    private static @Nullable Site site(PSortedMap<RouteTableId, RouteTable> tables, RouteTableId id, String key) {
        var table = tables.get(id);
        return table == null ? null : table.sites().get(key);
    }
}
