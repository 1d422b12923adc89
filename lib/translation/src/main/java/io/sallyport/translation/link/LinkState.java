package io.sallyport.translation.link;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSortedSet;
import io.sallyport.analysis.world.Routing;
import io.sallyport.analysis.world.World;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.ObjectRef;
import io.sallyport.translation.plan.AccessLogs;
import io.sallyport.translation.plan.ProxyPlan;
import io.sallyport.translation.plan.RouteRule;
import io.sallyport.translation.plan.RouteTableId;
import io.sallyport.translation.plan.UpstreamId;
import java.util.Comparator;
import java.util.List;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;

/// What the linker remembers for one class of proxies: its last answer, and how it came about. Immutable, so that a
/// failure on the way to the next answer leaves the last one whole.
///
/// `uses` counts the rules that send to an upstream; `tcp` are the upstreams of TCP chains and of access logs.
record LinkState(
        World world,
        PortLayout layout,
        PMap<RuleKey, Linked> rules,
        PMap<RouteTableId, PMap<String, ImmutableList<Contribution>>> contributions,
        PMap<UpstreamId, Integer> uses,
        ImmutableSortedSet<UpstreamId> tcp,
        AccessLogs logs,
        ProxyPlan plan) {

    static final LinkState EMPTY = new LinkState(
            World.EMPTY,
            new PortLayout(ImmutableMap.of(), ImmutableMap.of()),
            HashTreePMap.empty(),
            HashTreePMap.empty(),
            HashTreePMap.empty(),
            ImmutableSortedSet.of(),
            AccessLogs.NONE,
            ProxyPlan.EMPTY);

    /// What the rules of one VirtualService depend on besides itself.
    record RuleKey(String gateway, int port, boolean encrypted, ObjectRef object) {

        static RuleKey of(Member member, ObjectRef object) {
            return new RuleKey(member.gatewayName(), member.port(), PortLayout.isTls(member), object);
        }
    }

    /// The rules of one VirtualService at one place, and what they send to.
    record Linked(Routing routing, List<RouteRule> rules, ImmutableSortedSet<UpstreamId> upstreams) {}

    /// One VirtualService that has a say about a host: through which server of the table, and with what precedence.
    /// The same server's come in order of visibility, then of age.
    record Contribution(int member, int rank, Routing routing) implements Comparable<Contribution> {

        private static final Comparator<Contribution> ORDER = Comparator.comparingInt(Contribution::member)
                .thenComparingInt(Contribution::rank)
                .thenComparing(contribution -> contribution.routing().object(), ConfigObject.BY_AGE);

        @Override
        public int compareTo(Contribution other) {
            return ORDER.compare(this, other);
        }
    }
}
