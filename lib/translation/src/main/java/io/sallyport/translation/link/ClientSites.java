package io.sallyport.translation.link;

import io.sallyport.analysis.world.AppProtocol;
import io.sallyport.analysis.world.HostNames;
import io.sallyport.analysis.world.Routing;
import io.sallyport.analysis.world.World;
import io.sallyport.model.ObjectRef;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.plan.Action;
import io.sallyport.translation.plan.HeaderEdits;
import io.sallyport.translation.plan.Provenance;
import io.sallyport.translation.plan.RequestMatch;
import io.sallyport.translation.plan.Retry;
import io.sallyport.translation.plan.RouteRule;
import io.sallyport.translation.plan.RouteTableId;
import io.sallyport.translation.plan.Session;
import io.sallyport.translation.plan.Site;
import io.sallyport.translation.plan.Timeout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.pcollections.TreePMap;

/// Makes the sites of a client proxy: what it answers to one name on one port. The service of the name, in full, in
/// short or by address, comes first; the oldest VirtualService for it decides, else its requests go straight
/// there. A name that only VirtualServices know is served on port 80. (Istio:
/// `BuildSidecarOutboundVirtualHosts` in `pilot/pkg/networking/core/httproute.go`, `core/route/route.go`.)
final class ClientSites {

    private static final int HTTP = 80;
    private static final String MESH = "mesh";

    private final World world;
    private final ProxyClass proxy;
    private final ClientView view;
    private final ClientScope scope;
    private final RuleLinker linker;
    private final Map<Key, List<RouteRule>> known = new HashMap<>();

    private record Key(ObjectRef object, int port) {}

    ClientSites(World world, ProxyClass proxy, ClientView view, ClientScope scope) {
        this.world = world;
        this.proxy = proxy;
        this.view = view;
        this.scope = scope;
        this.linker = new RuleLinker(world, proxy);
    }

    /// How many VirtualServices were read.
    int rulesMade() {
        return known.size();
    }

    /// The site of a table under one key: a name, with its port where ports of all kinds share the table.
    Optional<Site> at(RouteTableId table, String key, ClientPorts ports) {
        return switch (table) {
            case RouteTableId.Outbound(int port) ->
                rules(port, key).map(rules -> new Site(key, port, rules, Site.Encryption.OPTIONAL, true));
            case RouteTableId.Proxied() -> proxied(key, ports);
            case RouteTableId.Plain _, RouteTableId.Terminated _ ->
                throw new IllegalArgumentException("table " + table + " (expected: one of a client proxy)");
        };
    }

    // Clients leave the port out when it is that of plain HTTP.
    private Optional<Site> proxied(String key, ClientPorts ports) {
        int colon = key.lastIndexOf(':');
        var domain = key.substring(0, colon);
        int port = Integer.parseInt(key.substring(colon + 1));
        var domains = port == HTTP ? List.of(domain, key) : List.of(key);
        return rules(port, domain)
                .or(() -> tunnel(port, domain, ports))
                .map(rules -> new Site(key, port, domains, rules, Site.Encryption.OPTIONAL, true));
    }

    private Optional<List<RouteRule>> tunnel(int port, String domain, ClientPorts ports) {
        return service(port, domain)
                .filter(service -> !isHttp(service, port))
                .flatMap(service -> ports.tunnel(service, port))
                .map(tunnel -> List.of(rule(tunnel)));
    }

    private RouteRule rule(ClientPorts.Tunnel tunnel) {
        var object = world.image().find(tunnel.origin().object()).orElseThrow();
        return new RouteRule(
                "tunnel",
                new RequestMatch(new RequestMatch.PathMatch.Tunnel(), List.of(), List.of(), List.of()),
                new Action.Forward(
                        tunnel.shares(),
                        new Action.PathChange.Keep(),
                        new Action.HostChange.Keep(),
                        Timeout.none(),
                        new Retry.None(),
                        List.of(),
                        new Action.Stickiness.None(),
                        new Session.None(),
                        Action.Missing.UNAVAILABLE),
                HeaderEdits.NONE,
                new RouteRule.Cors.None(),
                RouteRule.Fault.NONE,
                "",
                new Provenance(
                        tunnel.origin(),
                        object.metadata().apiVersion(),
                        object.source().digest()));
    }

    private Optional<List<RouteRule>> rules(int port, String domain) {
        var service = service(port, domain);
        if (service.isPresent()) {
            return service.filter(found -> isHttp(found, port)).map(found -> rules(found, port));
        }
        return port == HTTP ? unregistered(domain) : Optional.empty();
    }

    // A pattern that some service of the port comes under stands for such services alone.
    private Optional<List<RouteRule>> unregistered(String domain) {
        if (HostNames.isWildcard(domain)
                && view.at(HTTP, scope).stream()
                        .anyMatch(service -> isHttp(service, HTTP) && HostNames.isSubset(service.host(), domain))) {
            return Optional.empty();
        }
        return view.exact(domain, HTTP, scope).stream()
                .map(routing -> rules(routing, HTTP))
                .filter(rules -> !rules.isEmpty())
                .findFirst();
    }

    private Optional<ClientService> service(int port, String domain) {
        return view.at(port, domain, scope)
                .or(() -> ClientService.meant(domain, proxy.namespace()).stream()
                        .flatMap(host -> view.at(port, host, scope).stream())
                        .filter(service -> service.shortNames(proxy.namespace()).contains(domain))
                        .findFirst())
                .or(() -> byAddress(port, domain));
    }

    private Optional<ClientService> byAddress(int port, String domain) {
        var address = domain.startsWith("[") ? domain.substring(1, domain.length() - 1) : domain;
        return view.byAddress().getOrDefault(address, TreePMap.empty()).keySet().stream()
                .flatMap(host -> view.at(port, host, scope).stream())
                .min(Comparator.comparing(ClientService::first, io.sallyport.analysis.world.Backend.BY_AGE));
    }

    private static boolean isHttp(ClientService service, int port) {
        var protocol = service.at(port).orElseThrow().port().protocol();
        return protocol.isHttp() || protocol == AppProtocol.UNSUPPORTED;
    }

    private List<RouteRule> rules(ClientService service, int port) {
        var exact = view.exact(service.host(), port, scope);
        var candidates = new ArrayList<>(exact);
        if (exact.isEmpty()) {
            view.wildcard(service.host(), port, scope).ifPresent(candidates::add);
        }
        return candidates.stream()
                .map(routing -> rules(routing, port))
                .filter(rules -> !rules.isEmpty())
                .findFirst()
                .orElseGet(() ->
                        List.of(linker.straight(service.at(port).orElseThrow().backend(), port)));
    }

    private List<RouteRule> rules(Routing routing, int port) {
        return known.computeIfAbsent(
                new Key(routing.object().ref(), port), _ -> linker.link(routing, MESH, port, false));
    }
}
