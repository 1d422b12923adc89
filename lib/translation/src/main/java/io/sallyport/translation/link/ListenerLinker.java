package io.sallyport.translation.link;

import com.google.common.collect.ImmutableSortedSet;
import io.sallyport.analysis.world.HostNames;
import io.sallyport.analysis.world.Routing;
import io.sallyport.analysis.world.Visibility;
import io.sallyport.analysis.world.World;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Gateway.TlsMode;
import io.sallyport.model.Origin;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.L4MatchAttributes;
import io.sallyport.model.VirtualService.RouteDestination;
import io.sallyport.model.VirtualService.TcpRoute;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.link.PortLayout.Slot;
import io.sallyport.translation.plan.AccessLogs;
import io.sallyport.translation.plan.Bind;
import io.sallyport.translation.plan.Chain;
import io.sallyport.translation.plan.Chain.Content;
import io.sallyport.translation.plan.Chain.Match;
import io.sallyport.translation.plan.ListenerPlan;
import io.sallyport.translation.plan.RouteTableId;
import io.sallyport.translation.plan.UpstreamId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// Makes the listeners of a layout. A port is bound when at least one of its servers has something to do: plain
/// HTTP always has (it answers 404), TCP only with a VirtualService that says where to. A server that ends TLS
/// has one chain for its hosts; one that passes TLS on has a chain for each `tls` match of a VirtualService.
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

    List<ListenerPlan> link(AccessLogs logs) {
        var chains = new LinkedHashMap<Bind, List<Chain>>();
        var origins = new LinkedHashMap<Bind, List<Origin>>();
        var addresses = new LinkedHashMap<Bind, String>();
        layout.slots().forEach((slot, members) -> {
            var made = chains(slot, members);
            if (!made.isEmpty()) {
                chains.computeIfAbsent(slot.listener(), _ -> new ArrayList<>()).addAll(made);
                var names = origins.computeIfAbsent(slot.listener(), _ -> new ArrayList<>());
                members.forEach(member -> names.add(world.written(member.origin())));
                addresses.putIfAbsent(slot.listener(), slot.address(proxy));
            }
        });
        var listeners = new ArrayList<ListenerPlan>();
        chains.forEach((bind, made) -> listeners.add(new ListenerPlan(
                bind,
                addresses.getOrDefault(bind, bind.address()),
                apart(made),
                world.mesh().expectsProxyProtocol(),
                world.mesh().offersHttp3(),
                origins.getOrDefault(bind, List.of()),
                logs)));
        return listeners;
    }

    // Two chains for the same connections would be refused, and the whole port with them, so the later one
    // goes. One for all encrypted connections need not say so where there are no others.
    private static List<Chain> apart(List<Chain> chains) {
        boolean hasPlain = chains.stream().anyMatch(chain -> chain.match() instanceof Match.Any);
        var taken = new HashSet<String>();
        var kept = new ArrayList<Chain>();
        for (var chain : chains) {
            var keys = keys(chain.match());
            if (keys.stream().noneMatch(taken::contains)) {
                taken.addAll(keys);
                boolean isAlone = chain.match() instanceof Match.AnyEncrypted && !hasPlain;
                kept.add(isAlone ? new Chain(new Match.Any(), chain.tls(), chain.content(), chain.origin()) : chain);
            }
        }
        return kept;
    }

    // Server names have no spaces.
    private static List<String> keys(Match match) {
        return switch (match) {
            case Match.Any() -> List.of("any connection");
            case Match.AnyEncrypted() -> List.of("any encrypted");
            case Match.Names names -> names.servers();
            case Match.PlainHttp _, Match.Within _, Match.Direct _, Match.Rest _ -> List.of(match.toString());
        };
    }

    /// Whether the server passes on what workloads of the mesh send to one another.
    static boolean leadsIntoMesh(Member member) {
        var settings = member.server().tls();
        return settings != null && settings.mode() == TlsMode.AUTO_PASSTHROUGH;
    }

    /// What the TCP chains and the access logs send to.
    static ImmutableSortedSet<UpstreamId> upstreams(List<ListenerPlan> listeners) {
        var ids = ImmutableSortedSet.<UpstreamId>naturalOrder();
        for (var listener : listeners) {
            listener.logs().upstreams().forEach(ids::add);
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
            return List.of(new Chain(
                    new Match.Any(),
                    new Chain.Tls.None(),
                    http(table),
                    world.written(members.getFirst().origin())));
        }
        return members.stream().flatMap(member -> chains(slot, member)).toList();
    }

    private Stream<Chain> chains(Slot slot, Member member) {
        var settings = member.server().tls();
        if (settings == null) {
            return tcp(member, new Match.Any(), new Chain.Tls.None()).stream();
        }
        if (ServerTlsLinker.isPassedOn(settings)) {
            return passedOn(member);
        }
        if (leadsIntoMesh(member)) {
            return new MeshChains(world, proxy).link(member);
        }
        if (!ServerTlsLinker.isTerminated(settings, world.mesh())) {
            return Stream.empty();
        }
        var match = names(member.hosts());
        var table = PortLayout.table(member, slot.port(), slot.bind());
        return ServerTlsLinker.link(settings, world.mesh(), table.isPresent(), Borrower.of(member)).stream()
                .flatMap(tls -> table.map(
                                id -> Stream.of(new Chain(match, tls, http(id), world.written(member.origin()))))
                        .orElseGet(() -> tcp(member, match, tls).stream()));
    }

    private Content http(RouteTableId table) {
        return new Content.Http(table, HttpOptionsLinker.link(world.mesh()).guarding(UpstreamLinker.guard(world)));
    }

    // A server for every host takes clients that name none, too.
    private static Match names(List<String> hosts) {
        return hosts.contains("*")
                ? new Match.AnyEncrypted()
                : new Match.Names(
                        hosts.stream()
                                .map(host -> host.toLowerCase(Locale.ROOT))
                                .distinct()
                                .sorted()
                                .toList(),
                        List.of());
    }

    // The names are those of the VirtualServices; the server's hosts only say which VirtualServices count.
    private Stream<Chain> passedOn(Member member) {
        var chains = new ArrayList<Chain>();
        for (var routing : candidates(member, spec -> !spec.tls().isEmpty())) {
            var rules = routing.object().spec().tls();
            for (int i = 0; i < rules.size(); i++) {
                var rule = rules.get(i);
                var origin = world.written(new Origin(
                        routing.object().ref(),
                        io.sallyport.model.Path.of("spec", "tls").index(i)));
                var content = content(rule.route(), routing, member);
                rule.match().stream()
                        .filter(match -> isFor(match.port(), match.gateways(), routing, member))
                        .forEach(match -> content.ifPresent(bytes ->
                                chains.add(new Chain(names(match.sniHosts()), new Chain.Tls.None(), bytes, origin))));
            }
        }
        return chains.stream();
    }

    // The first VirtualService whose host meets and that has a rule for the port supplies the whole chain.
    private Optional<Chain> tcp(Member member, Match match, Chain.Tls tls) {
        for (var routing : candidates(member, spec -> !spec.tcp().isEmpty())) {
            var rules = routing.object().spec().tcp();
            for (int i = 0; i < rules.size(); i++) {
                var rule = rules.get(i);
                if (matches(rule, routing, member) && !rule.route().isEmpty()) {
                    var origin = world.written(new Origin(
                            routing.object().ref(),
                            io.sallyport.model.Path.of("spec", "tcp").index(i)));
                    return content(rule.route(), routing, member)
                            .map(content -> new Chain(match, tls, content, origin));
                }
            }
        }
        return Optional.empty();
    }

    private List<Routing> candidates(Member member, Predicate<VirtualService> isMeant) {
        return world.routingsOf(member.gatewayName()).stream()
                .filter(routing -> isMeant.test(routing.object().spec()))
                .filter(routing -> routing.visibility().rank(proxy.namespace()) != Visibility.HIDDEN)
                .filter(member::overlaps)
                .sorted(Comparator.<Routing>comparingInt(
                                routing -> routing.visibility().rank(proxy.namespace()))
                        .thenComparing(Routing::object, ConfigObject.BY_AGE))
                .toList();
    }

    // None when every weight is 0.
    private Optional<Content> content(List<RouteDestination> route, Routing routing, Member member) {
        var shares = rules.shares(routing, route, member.port());
        if (shares.isEmpty()) {
            return Optional.empty();
        }
        var first = shares.getFirst().upstream();
        var object = routing.object();
        var stat = route.size() == 1 ? ResourceNames.cluster(first) : object.name() + "." + object.namespace();
        return Optional.of(new Content.Tcp(stat, shares, new UpstreamLinker(world, proxy).tcp(first)));
    }

    private static boolean matches(TcpRoute rule, Routing routing, Member member) {
        return rule.match().isEmpty() || rule.match().stream().anyMatch(match -> matches(match, routing, member));
    }

    private static boolean matches(L4MatchAttributes match, Routing routing, Member member) {
        return isFor(match.port(), match.gateways(), routing, member);
    }

    private static boolean isFor(int port, List<String> gateways, Routing routing, Member member) {
        boolean isPort = port == 0 || port == member.port();
        return isPort
                && (gateways.isEmpty()
                        || gateways.stream()
                                .map(name ->
                                        HostNames.gateway(name, routing.object().namespace()))
                                .anyMatch(member.gatewayName()::equals));
    }
}
