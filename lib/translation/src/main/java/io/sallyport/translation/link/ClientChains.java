package io.sallyport.translation.link;

import io.sallyport.analysis.world.AppProtocol;
import io.sallyport.analysis.world.HostNames;
import io.sallyport.analysis.world.Routing;
import io.sallyport.analysis.world.World;
import io.sallyport.model.Origin;
import io.sallyport.model.Path;
import io.sallyport.model.VirtualService.L4MatchAttributes;
import io.sallyport.model.VirtualService.RouteDestination;
import io.sallyport.model.VirtualService.TlsMatchAttributes;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.link.ClientService.Offer;
import io.sallyport.translation.plan.Action.Share;
import io.sallyport.translation.plan.Chain;
import io.sallyport.translation.plan.Chain.Content;
import io.sallyport.translation.plan.Chain.Match;
import io.sallyport.translation.plan.UpstreamId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// Makes the chains of one service on one port of a client proxy, where bytes are copied. A TLS service is told from
/// others of the port by the name in the hello, unless a VirtualService has `tls` rules for it: then only their names
/// lead anywhere. (Istio: `pilot/pkg/networking/core/tls.go`.)
final class ClientChains {

    private static final String MESH = "mesh";

    private final ProxyClass proxy;
    private final RuleLinker rules;
    private final UpstreamLinker upstreams;
    private final ClientView view;
    private final ClientScope scope;

    ClientChains(World world, ProxyClass proxy, RuleLinker rules, ClientView view, ClientScope scope) {
        this.proxy = proxy;
        this.rules = rules;
        this.upstreams = new UpstreamLinker(world, proxy);
        this.view = view;
        this.scope = scope;
    }

    /// The chains of a service. `networks` is where it is said to be, if the port is shared; `isShared` says whether
    /// services at other addresses come by this port too.
    List<Chain> of(ClientService service, int port, Offer offer, List<String> networks, boolean isShared) {
        return isTls(offer.port().protocol())
                ? tls(service, port, offer, networks, isShared)
                : tcp(service, port, offer, networks);
    }

    static boolean isTls(AppProtocol protocol) {
        return protocol == AppProtocol.HTTPS || protocol == AppProtocol.TLS;
    }

    private List<Chain> tls(ClientService service, int port, Offer offer, List<String> networks, boolean isShared) {
        var chains = new ArrayList<Chain>();
        var taken = new HashSet<String>();
        boolean isRuled = false;
        for (var routing : view.meeting(service.host(), port, scope, proxy)) {
            var rules = routing.object().spec().tls();
            for (int i = 0; i < rules.size(); i++) {
                var rule = rules.get(i);
                var origin = new Origin(
                        routing.object().ref(), Path.of("spec", "tls").index(i));
                for (var match : rule.match()) {
                    if (isFor(match, routing, port)) {
                        isRuled = true;
                        var names = names(match.sniHosts(), taken);
                        content(routing, rule.route(), port)
                                .filter(_ -> !names.isEmpty())
                                .ifPresent(content -> chains.add(
                                        new Chain(new Match.Names(names, List.of()), none(), content, origin)));
                    }
                }
            }
        }
        if (!isRuled) {
            var match = isShared || !networks.isEmpty()
                    ? new Match.Names(List.of(service.host().toLowerCase(Locale.ROOT)), List.of())
                    : new Match.Rest();
            chains.add(new Chain(
                    match,
                    none(),
                    straight(service.host(), port),
                    offer.backend().origin()));
        }
        return chains;
    }

    private List<Chain> tcp(ClientService service, int port, Offer offer, List<String> networks) {
        var match = networks.isEmpty() ? new Match.Rest() : new Match.Within(networks);
        for (var routing : view.meeting(service.host(), port, scope, proxy)) {
            var rules = routing.object().spec().tcp();
            for (int i = 0; i < rules.size(); i++) {
                var rule = rules.get(i);
                boolean isMeant = rule.match().isEmpty()
                        || rule.match().stream().anyMatch(wanted -> isFor(wanted, routing, port));
                var content = isMeant ? content(routing, rule.route(), port) : Optional.<Content>empty();
                if (content.isPresent()) {
                    var origin = new Origin(
                            routing.object().ref(), Path.of("spec", "tcp").index(i));
                    return List.of(new Chain(match, none(), content.get(), origin));
                }
            }
        }
        return List.of(new Chain(
                match, none(), straight(service.host(), port), offer.backend().origin()));
    }

    private static Chain.Tls none() {
        return new Chain.Tls.None();
    }

    // Two chains for one name would be refused with the whole port, so the first one has it.
    private static List<String> names(List<String> hosts, Set<String> taken) {
        return hosts.stream()
                .map(host -> host.toLowerCase(Locale.ROOT))
                .filter(taken::add)
                .sorted()
                .toList();
    }

    private Content straight(String host, int port) {
        var id = new UpstreamId(port, "", host);
        return new Content.Tcp(ResourceNames.cluster(id), List.of(Share.whole(id)), upstreams.tcp(id));
    }

    // None when every weight is 0.
    private Optional<Content> content(Routing routing, List<RouteDestination> route, int port) {
        var shares = rules.shares(routing, route, port);
        if (shares.isEmpty()) {
            return Optional.empty();
        }
        var first = shares.getFirst().upstream();
        var object = routing.object();
        var stat = route.size() == 1 ? ResourceNames.cluster(first) : object.name() + "." + object.namespace();
        return Optional.of(new Content.Tcp(stat, shares, upstreams.tcp(first)));
    }

    private boolean isFor(TlsMatchAttributes match, Routing routing, int port) {
        return (match.port() == 0 || match.port() == port)
                && isForMesh(match.gateways(), routing)
                && proxy.labels().entrySet().containsAll(match.sourceLabels().entrySet())
                && isFrom(match.sourceNamespace());
    }

    private boolean isFor(L4MatchAttributes match, Routing routing, int port) {
        return (match.port() == 0 || match.port() == port)
                && isForMesh(match.gateways(), routing)
                && proxy.labels().entrySet().containsAll(match.sourceLabels().entrySet())
                && isFrom(match.sourceNamespace());
    }

    private boolean isFrom(String namespace) {
        return namespace.isEmpty() || namespace.equals(proxy.namespace());
    }

    private static boolean isForMesh(List<String> gateways, Routing routing) {
        return gateways.isEmpty()
                || gateways.stream()
                        .anyMatch(
                                name -> HostNames.gateway(name, routing.object().namespace())
                                        .equals(MESH));
    }
}
