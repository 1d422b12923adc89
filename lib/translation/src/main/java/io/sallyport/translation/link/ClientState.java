package io.sallyport.translation.link;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import io.sallyport.analysis.world.World;
import io.sallyport.model.MeshConfig.OutboundMode;
import io.sallyport.translation.plan.AccessLogs;
import io.sallyport.translation.plan.ListenerPlan;
import io.sallyport.translation.plan.ProxyPlan;
import io.sallyport.translation.plan.UpstreamId;
import java.util.Optional;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;
import org.pcollections.PSortedMap;
import org.pcollections.TreePMap;

/// What the linker remembers for one class of client proxies: its last answer, and how it came about.
/// Immutable, so that a failure on the way to the next answer leaves the last one whole.
///
/// `ports` are the listeners that each port of the services became; `uses` counts the sites, ports and tables that send
/// to an upstream.
record ClientState(
        World world,
        ClientScope scope,
        ClientView view,
        PSortedMap<Integer, ImmutableList<ListenerPlan>> ports,
        PMap<UpstreamId, Integer> uses,
        AccessLogs logs,
        ProxyPlan plan) {

    static final ClientState EMPTY = new ClientState(
            World.EMPTY,
            new ClientScope(
                    ImmutableSortedMap.of(), Optional.empty(), OutboundMode.REGISTRY_ONLY, Optional.empty(), ""),
            ClientView.EMPTY,
            TreePMap.empty(),
            HashTreePMap.empty(),
            AccessLogs.NONE,
            ProxyPlan.EMPTY);
}
