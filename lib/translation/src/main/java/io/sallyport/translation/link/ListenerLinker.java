package io.sallyport.translation.link;

import com.google.common.collect.ImmutableSortedSet;
import io.sallyport.analysis.world.HostNames;
import io.sallyport.analysis.world.Routing;
import io.sallyport.analysis.world.Visibility;
import io.sallyport.analysis.world.World;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Origin;
import io.sallyport.model.VirtualService.L4MatchAttributes;
import io.sallyport.model.VirtualService.TcpRoute;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.link.PortLayout.Slot;
import io.sallyport.translation.plan.Bind;
import io.sallyport.translation.plan.Chain;
import io.sallyport.translation.plan.Chain.Content;
import io.sallyport.translation.plan.Chain.Match;
import io.sallyport.translation.plan.HttpOptions;
import io.sallyport.translation.plan.ListenerPlan;
import io.sallyport.translation.plan.RouteTableId;
import io.sallyport.translation.plan.Timeout;
import io.sallyport.translation.plan.UpstreamId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;

/// Makes the listeners of a layout. A port is bound when at least one of its servers has something to do: plain HTTP
/// always has (it answers 404), TCP only with a VirtualService that says where to.
/// (Istio: `buildGatewayListeners` in `pilot/pkg/networking/core/gateway.go`.)
final class ListenerLinker {

    private final World world;
    private final ProxyClass proxy;
    private final RuleLinker rules;
    private final PortLayout layout;

    ListenerLinker(World world, ProxyClass proxy, RuleLinker rules, PortLayout layout) {
        this.world = world;
        this.proxy = proxy;
        this.rules = rules;
        this.layout = layout;
    }

    List<ListenerPlan> link() {
        var chains = new LinkedHashMap<Bind, List<Chain>>();
        var origins = new LinkedHashMap<Bind, List<Origin>>();
        var addresses = new LinkedHashMap<Bind, String>();
        layout.slots().forEach((slot, members) -> {
            var made = chains(slot, members);
            if (!made.isEmpty()) {
                chains.computeIfAbsent(slot.listener(), _ -> new ArrayList<>()).addAll(made);
                var names = origins.computeIfAbsent(slot.listener(), _ -> new ArrayList<>());
                members.forEach(member -> names.add(member.origin()));
                addresses.putIfAbsent(slot.listener(), slot.address(proxy));
            }
        });
        var listeners = new ArrayList<ListenerPlan>();
        chains.forEach((bind, made) -> listeners.add(new ListenerPlan(
                bind, addresses.getOrDefault(bind, bind.address()), made, origins.getOrDefault(bind, List.of()))));
        return listeners;
    }

    /// What the TCP chains send to.
    static ImmutableSortedSet<UpstreamId> upstreams(List<ListenerPlan> listeners) {
        var ids = ImmutableSortedSet.<UpstreamId>naturalOrder();
        for (var listener : listeners) {
            for (var chain : listener.chains()) {
                if (chain.content() instanceof Content.Tcp content) {
                    content.shares().forEach(share -> ids.add(share.upstream()));
                }
            }
        }
        return ids.build();
    }

    private List<Chain> chains(Slot slot, List<Member> members) {
        if (slot.protocol().isHttp()) {
            var table = new RouteTableId.Plain(slot.port(), slot.bind());
            var options = new HttpOptions(world.mesh().trustedProxies(), false);
            return List.of(new Chain(
                    new Match.Any(),
                    new Chain.Tls.None(),
                    new Content.Http(table, options),
                    members.getFirst().origin()));
        }
        return members.stream()
                .filter(member -> member.server().tls() == null)
                .flatMap(member -> tcp(member).stream())
                .toList();
    }

    // The first VirtualService whose host meets and that has a rule for the port supplies the whole chain.
    private Optional<Chain> tcp(Member member) {
        var candidates = world.routingsOf(member.gatewayName()).stream()
                .filter(routing -> !routing.object().spec().tcp().isEmpty())
                .filter(routing -> routing.visibility().rank(proxy.namespace()) != Visibility.HIDDEN)
                .filter(member::overlaps)
                .sorted(Comparator.<Routing>comparingInt(
                                routing -> routing.visibility().rank(proxy.namespace()))
                        .thenComparing(Routing::object, ConfigObject.BY_AGE))
                .toList();
        for (var routing : candidates) {
            for (var rule : routing.object().spec().tcp()) {
                if (matches(rule, routing, member) && !rule.route().isEmpty()) {
                    return chain(rule, routing, member);
                }
            }
        }
        return Optional.empty();
    }

    private Optional<Chain> chain(TcpRoute rule, Routing routing, Member member) {
        var shares = rules.shares(routing, rule.route(), member.port());
        if (shares.isEmpty()) {
            return Optional.empty();
        }
        var object = routing.object();
        var stat = rule.route().size() == 1
                ? ResourceNames.cluster(shares.getFirst().upstream())
                : object.name() + "." + object.namespace();
        return Optional.of(new Chain(
                new Match.Any(),
                new Chain.Tls.None(),
                new Content.Tcp(stat, shares, idle(shares.getFirst().upstream())),
                new Origin(
                        object.ref(),
                        io.sallyport.model.Path.of("spec", "tcp")
                                .index(object.spec().tcp().indexOf(rule)))));
    }

    private Timeout idle(UpstreamId id) {
        return new UpstreamLinker(world, proxy).link(id) instanceof io.sallyport.translation.plan.Upstream.Known known
                ? known.limits().tcpIdle()
                : Timeout.none();
    }

    private static boolean matches(TcpRoute rule, Routing routing, Member member) {
        return rule.match().isEmpty() || rule.match().stream().anyMatch(match -> matches(match, routing, member));
    }

    private static boolean matches(L4MatchAttributes match, Routing routing, Member member) {
        boolean isPort = match.port() == 0 || match.port() == member.port();
        return isPort
                && (match.gateways().isEmpty()
                        || match.gateways().stream()
                                .map(name ->
                                        HostNames.gateway(name, routing.object().namespace()))
                                .anyMatch(member.gatewayName()::equals));
    }
}
