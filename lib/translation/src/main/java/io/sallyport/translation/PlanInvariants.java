package io.sallyport.translation;

import io.sallyport.translation.plan.Action;
import io.sallyport.translation.plan.Chain;
import io.sallyport.translation.plan.ProxyPlan;
import io.sallyport.translation.plan.RouteTable;
import io.sallyport.translation.plan.Site;
import io.sallyport.translation.plan.UpstreamId;

/// Checks a plan as it leaves the linker: whatever one node names is in the plan. A failure is a fault of ours, never
/// of the configuration, so it is an exception; the last good snapshot keeps serving.
final class PlanInvariants {

    private PlanInvariants() {}

    /// `plan`, of which the nodes that differ from `previous` were checked.
    static ProxyPlan checked(ProxyPlan plan, ProxyPlan previous) {
        var change = plan.changesSince(previous);
        change.sites().forEach((id, hosts) -> {
            var table = plan.tables().get(id);
            if (table != null) {
                hosts.forEach(host -> checkSite(plan, table, host));
            }
        });
        plan.listeners().values().forEach(listener -> {
            listener.chains().forEach(chain -> checkChain(plan, chain));
            listener.logs().upstreams().forEach(id -> checkUpstream(plan, id, "a log of " + listener.bind()));
        });
        plan.tables().values().forEach(table -> {
            if (table.others() instanceof RouteTable.Others.Passed(var upstream, var _)) {
                checkUpstream(plan, upstream, "table " + table.id());
            }
        });
        change.upstreams().forEach(id -> {
            var upstream = plan.upstreams().get(id);
            if (upstream != null && !upstream.id().equals(id)) {
                throw new IllegalStateException("upstream under " + id + " is " + upstream.id());
            }
        });
        return plan;
    }

    private static void checkSite(ProxyPlan plan, RouteTable table, String host) {
        Site site = table.sites().get(host);
        if (site == null) {
            return;
        }
        if (!site.host().equals(host)) {
            throw new IllegalStateException("site under \"" + host + "\" of " + table.id() + " is " + site.host());
        }
        for (var rule : site.rules()) {
            if (rule.action() instanceof Action.Forward forward) {
                var place = rule.provenance().origin();
                forward.shares().forEach(share -> checkUpstream(plan, share.upstream(), place));
                forward.mirrors().forEach(mirror -> checkUpstream(plan, mirror.upstream(), place));
            }
        }
    }

    private static void checkChain(ProxyPlan plan, Chain chain) {
        switch (chain.content()) {
            case Chain.Content.Http http -> {
                if (!plan.tables().containsKey(http.table())) {
                    throw new IllegalStateException(
                            chain.origin() + " uses table " + http.table() + ", which is not there");
                }
            }
            case Chain.Content.Tcp tcp ->
                tcp.shares().forEach(share -> checkUpstream(plan, share.upstream(), chain.origin()));
        }
    }

    private static void checkUpstream(ProxyPlan plan, UpstreamId id, Object place) {
        if (!plan.upstreams().containsKey(id)) {
            throw new IllegalStateException(place + " sends to " + id + ", which is not in the plan");
        }
    }
}
