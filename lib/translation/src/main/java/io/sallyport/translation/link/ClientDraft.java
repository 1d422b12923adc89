package io.sallyport.translation.link;

import com.google.common.collect.ImmutableList;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.analysis.world.HostNames;
import io.sallyport.analysis.world.Routing;
import io.sallyport.analysis.world.World;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.DestinationRule;
import io.sallyport.model.ObjectRef;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.plan.AccessLogs;
import io.sallyport.translation.plan.Action;
import io.sallyport.translation.plan.Bind;
import io.sallyport.translation.plan.Chain.Content;
import io.sallyport.translation.plan.ListenerPlan;
import io.sallyport.translation.plan.ProxyPlan;
import io.sallyport.translation.plan.RouteRule;
import io.sallyport.translation.plan.RouteTable;
import io.sallyport.translation.plan.RouteTable.Others;
import io.sallyport.translation.plan.RouteTableId;
import io.sallyport.translation.plan.Site;
import io.sallyport.translation.plan.Upstream;
import io.sallyport.translation.plan.UpstreamId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;
import org.pcollections.PSortedMap;
import org.pcollections.TreePMap;

/// The next [ClientState] while it is made: a client proxy's plan.
///
/// A site is a function of the view (services and VirtualServices by host), and so is a port; an edit marks
/// the sites, ports and upstreams that read what it changes, and only those are made again. Another Sidecar
/// or another policy makes everything again. A node that comes out equal is the old object.
final class ClientDraft {

    private static final int HTTP = 80;

    private final ClientState previous;
    private final World world;
    private final ProxyClass proxy;
    private final ClientScope scope;
    private final AccessLogs logs;
    private final boolean isFresh;
    private final UpstreamLinker upstreamLinker;
    private final NavigableSet<String> staleHosts = new TreeSet<>();
    private final Set<ObjectRef> staleRoutings = new HashSet<>();
    private final SortedMap<RouteTableId, NavigableSet<String>> dirtySites = new TreeMap<>();
    private final NavigableSet<Integer> dirtyPorts = new TreeSet<>();
    private final NavigableSet<UpstreamId> dirtyUpstreams = new TreeSet<>();
    private ClientView view;
    private ClientSites sites;
    private ClientPorts portLinker;
    private PSortedMap<Integer, ImmutableList<ListenerPlan>> ports;
    private PMap<UpstreamId, Integer> uses;
    private PSortedMap<Bind, ListenerPlan> listeners;
    private PSortedMap<RouteTableId, RouteTable> tables;
    private PSortedMap<UpstreamId, Upstream> upstreams;
    private int sitesMade;
    private int upstreamsMade;

    ClientDraft(ClientState previous, World world, ProxyClass proxy) {
        this.previous = previous;
        this.world = world;
        this.proxy = proxy;
        this.scope = ClientScope.of(world, proxy);
        this.logs = new AccessLogLinker(world, proxy).link();
        this.isFresh = previous == ClientState.EMPTY
                || !scope.equals(previous.scope())
                || !logs.equals(previous.logs())
                || !world.mesh().equals(previous.world().mesh());
        this.upstreamLinker = new UpstreamLinker(world, proxy);
        this.view = isFresh ? ClientView.EMPTY : previous.view();
        this.ports = isFresh ? TreePMap.empty() : previous.ports();
        this.uses = isFresh ? HashTreePMap.empty() : previous.uses();
        this.listeners = isFresh ? TreePMap.empty() : previous.plan().listeners();
        this.tables = isFresh ? TreePMap.empty() : previous.plan().tables();
        this.upstreams = isFresh ? TreePMap.empty() : previous.plan().upstreams();
        this.sites = new ClientSites(world, proxy, view, scope);
        this.portLinker = portLinker();
    }

    private ClientPorts portLinker() {
        var chains = new ClientChains(world, proxy, new RuleLinker(world, proxy), view, scope);
        return new ClientPorts(proxy, world.mesh(), view, scope, chains, logs);
    }

    ClientState link() {
        if (world == previous.world()) {
            return previous;
        }
        findStale();
        var before = view;
        view = next(before);
        sites = new ClientSites(world, proxy, view, scope);
        portLinker = portLinker();
        if (isFresh) {
            markAll();
        } else {
            staleHosts.forEach(host -> mark(before, host));
            staleHosts.forEach(host -> mark(view, host));
            Stream.of(previous.world(), world)
                    .flatMap(seen -> staleRoutings.stream().flatMap(ref -> seen.routing(ref).stream()))
                    .forEach(this::mark);
        }
        linkPorts();
        linkSites();
        linkUpstreams();
        return new ClientState(world, scope, view, ports, uses, logs, plan());
    }

    Linker.Work work() {
        return new Linker.Work(sites.rulesMade(), sitesMade, upstreamsMade);
    }

    // What an edit touches.

    private void findStale() {
        var before = previous.world();
        staleHosts.addAll(world.changedHosts(before));
        for (var ref : world.image().changesSince(before.image())) {
            switch (ref.kind()) {
                case VIRTUAL_SERVICE -> stale(ref);
                case DESTINATION_RULE -> {
                    before.image().find(ref).ifPresent(this::staleRule);
                    world.image().find(ref).ifPresent(this::staleRule);
                }
                default -> {}
            }
        }
        for (var host : List.copyOf(staleHosts)) {
            before.routingsTo(host).forEach(routing -> stale(routing.object().ref()));
            world.routingsTo(host).forEach(routing -> stale(routing.object().ref()));
        }
    }

    private void stale(ObjectRef ref) {
        staleRoutings.add(ref);
        previous.world()
                .delegatorsOf(ref)
                .forEach(root -> staleRoutings.add(root.object().ref()));
        world.delegatorsOf(ref).forEach(root -> staleRoutings.add(root.object().ref()));
    }

    private void staleRule(ConfigObject<?> object) {
        var rule = ConfigImage.cast(object, DestinationRule.class);
        var pattern = HostNames.qualify(rule.spec().host(), rule.namespace());
        if (!HostNames.isWildcard(pattern)) {
            staleHosts.add(pattern);
            return;
        }
        previous.uses().keySet().stream()
                .map(UpstreamId::host)
                .filter(host -> HostNames.isSubset(host, pattern))
                .forEach(staleHosts::add);
    }

    // What the proxy sees.

    private ClientView next(ClientView before) {
        var next = before;
        var hosts = isFresh ? world.hosts() : staleHosts;
        for (var host : hosts) {
            next = next.with(host, ClientService.of(world, proxy, scope, host));
        }
        if (isFresh) {
            var byHost = new TreeMap<String, List<Routing>>();
            ClientView.routings(world, proxy)
                    .forEach(routing -> lower(routing)
                            .forEach(host -> byHost.computeIfAbsent(host, _ -> new ArrayList<>())
                                    .add(routing)));
            for (var entry : byHost.entrySet()) {
                next = next.withRoutings(entry.getKey(), entry.getValue());
            }
            return next;
        }
        var touched = new TreeSet<String>();
        Stream.of(previous.world(), world)
                .flatMap(seen -> staleRoutings.stream().flatMap(ref -> seen.routing(ref).stream()))
                .forEach(routing -> touched.addAll(lower(routing)));
        for (var host : touched) {
            next = next.withRoutings(host, routings(before, host));
        }
        return next;
    }

    private List<Routing> routings(ClientView before, String host) {
        var kept = before.routings().getOrDefault(host, ImmutableList.of()).stream()
                .filter(routing -> !staleRoutings.contains(routing.object().ref()));
        var fresh = staleRoutings.stream()
                .flatMap(ref -> world.routing(ref).stream())
                .filter(routing -> ClientView.isSeen(routing, proxy))
                .filter(routing -> lower(routing).contains(host));
        return Stream.concat(kept, fresh).sorted(ClientView.order(proxy)).toList();
    }

    private static List<String> lower(Routing routing) {
        return routing.hosts().stream()
                .map(host -> host.toLowerCase(Locale.ROOT))
                .distinct()
                .toList();
    }

    // Which nodes read it.

    private void markAll() {
        view.services().values().forEach(service -> mark(service));
        view.routings().keySet().forEach(host -> mark(HTTP, host));
        previous.plan()
                .tables()
                .forEach((id, table) -> dirty(id).addAll(table.sites().keySet()));
        previous.ports().keySet().forEach(dirtyPorts::add);
        proxy.listen().keySet().stream()
                .filter(name -> !name.equals(ProxyClass.OUTBOUND) && !name.equals(ProxyClass.HTTP_PROXY))
                .forEach(port -> dirtyPorts.add(Integer.valueOf(port)));
        for (var listener : portLinker.own()) {
            listeners = listeners.plus(listener.bind(), kept(listener));
            use(upstreams(List.of(listener)), 1);
        }
        if (proxy.proxiedPort().isPresent()) {
            add(new RouteTableId.Proxied(), HTTP);
        }
    }

    private void mark(ClientView seen, String host) {
        var service = seen.services().get(host);
        if (service != null) {
            mark(service);
        }
        mark(HTTP, host);
        seen.wildcards().stream()
                .filter(pattern -> HostNames.isSubset(host, pattern))
                .forEach(pattern -> mark(HTTP, pattern));
    }

    private void mark(ClientService service) {
        for (int port : service.ports()) {
            dirtyPorts.add(port);
            service.domains(proxy.namespace()).forEach(domain -> mark(port, domain));
        }
    }

    private void mark(int port, String domain) {
        dirty(new RouteTableId.Outbound(port)).add(domain);
        dirty(new RouteTableId.Proxied()).add(domain + ":" + port);
    }

    private void markProxied(int port, ClientService service) {
        service.domains(proxy.namespace())
                .forEach(domain -> dirty(new RouteTableId.Proxied()).add(domain + ":" + port));
    }

    private void mark(Routing routing) {
        for (var host : lower(routing)) {
            mark(HTTP, host);
            if (HostNames.isWildcard(host)) {
                view.services().values().stream()
                        .filter(service -> HostNames.overlap(service.host(), host))
                        .forEach(this::mark);
            } else {
                Optional.ofNullable(view.services().get(host)).ifPresent(this::mark);
                view.services().tailMap("*").headMap("+").values().stream()
                        .filter(service -> HostNames.isSubset(host, service.host()))
                        .forEach(this::mark);
            }
        }
    }

    private NavigableSet<String> dirty(RouteTableId id) {
        return dirtySites.computeIfAbsent(id, _ -> new TreeSet<>());
    }

    // Ports.

    private void linkPorts() {
        for (int port : dirtyPorts) {
            var before = ports.getOrDefault(port, ImmutableList.of());
            var after = portLinker.at(port).stream().map(this::kept).collect(ImmutableList.toImmutableList());
            before.forEach(listener -> listeners = listeners.minus(listener.bind()));
            after.forEach(listener -> {
                if (!listeners.containsKey(listener.bind())) {
                    listeners = listeners.plus(listener.bind(), listener);
                }
            });
            use(upstreams(before), -1);
            use(upstreams(after), 1);
            ports = after.isEmpty() ? ports.minus(port) : ports.plus(port, after);
            if (proxy.proxiedPort().isPresent()) {
                // Tunnels lead where the port's names do, whether it has a listener or not.
                view.at(port, scope).forEach(service -> markProxied(port, service));
            }
            var table = new RouteTableId.Outbound(port);
            if (!ClientPorts.readsHttp(after)) {
                drop(table);
            } else if (!tables.containsKey(table)) {
                add(table, port);
                view.at(port, scope)
                        .forEach(service -> service.domains(proxy.namespace()).forEach(domain -> mark(port, domain)));
                if (port == HTTP) {
                    view.routings().keySet().forEach(host -> mark(HTTP, host));
                }
            }
        }
    }

    private ListenerPlan kept(ListenerPlan made) {
        var before = previous.plan().listeners().get(made.bind());
        return before != null && made.equals(before) ? before : made;
    }

    private void add(RouteTableId id, int port) {
        var others = portLinker.others(id, scope.namespace());
        var before = isFresh ? previous.plan().tables().get(id) : null;
        var known = before == null ? TreePMap.<String, Site>empty() : before.sites();
        if (before != null) {
            known.values().forEach(site -> use(upstreamsOf(site.rules()), 1));
        }
        tables = tables.plus(
                id,
                before != null && before.others().equals(others) ? before : new RouteTable(id, port, known, others));
        use(upstreamsOf(others), 1);
    }

    private void drop(RouteTableId id) {
        var table = tables.get(id);
        if (table != null) {
            tables = tables.minus(id);
            dirty(id).addAll(table.sites().keySet());
            table.sites().values().forEach(site -> use(upstreamsOf(site.rules()), -1));
            use(upstreamsOf(table.others()), -1);
        }
    }

    // Sites.

    private void linkSites() {
        dirtySites.forEach((id, keys) -> {
            var table = tables.get(id);
            if (table == null) {
                return;
            }
            var made = table.sites();
            for (var key : keys) {
                var before = made.get(key);
                var after = sites.at(id, key, portLinker);
                after.ifPresent(_ -> sitesMade++);
                if (before != null) {
                    use(upstreamsOf(before.rules()), -1);
                }
                if (after.isEmpty()) {
                    made = made.minus(key);
                } else {
                    use(upstreamsOf(after.get().rules()), 1);
                    made = after.get().equals(before) ? made : made.plus(key, after.get());
                }
            }
            if (made != table.sites()) {
                tables = tables.plus(id, table.withSites(made));
            }
        });
    }

    // Upstreams.

    private void use(Collection<UpstreamId> ids, int count) {
        for (var id : ids) {
            int now = uses.getOrDefault(id, 0) + count;
            uses = now == 0 ? uses.minus(id) : uses.plus(id, now);
            dirtyUpstreams.add(id);
        }
    }

    private static List<UpstreamId> upstreamsOf(Others others) {
        return others instanceof Others.Passed(var upstream, var _) ? List.of(upstream) : List.of();
    }

    private static List<UpstreamId> upstreamsOf(List<RouteRule> rules) {
        var ids = new ArrayList<UpstreamId>();
        for (var rule : rules) {
            if (rule.action() instanceof Action.Forward forward) {
                forward.shares().forEach(share -> ids.add(share.upstream()));
                forward.mirrors().forEach(mirror -> ids.add(mirror.upstream()));
            }
        }
        return ids;
    }

    private static List<UpstreamId> upstreams(List<ListenerPlan> made) {
        var ids = new ArrayList<UpstreamId>();
        for (var listener : made) {
            listener.logs().upstreams().forEach(ids::add);
            for (var chain : listener.chains()) {
                if (chain.content() instanceof Content.Tcp tcp) {
                    tcp.shares().forEach(share -> ids.add(share.upstream()));
                }
            }
        }
        return ids;
    }

    private void linkUpstreams() {
        if (isFresh) {
            dirtyUpstreams.addAll(uses.keySet());
        } else {
            staleHosts.forEach(host -> dirtyUpstreams.addAll(previous.plan().upstreamsOf(host)));
        }
        for (var id : dirtyUpstreams) {
            var before = previous.plan().upstreams().get(id);
            if (!uses.containsKey(id)) {
                upstreams = upstreams.minus(id);
            } else if (before != null && !isFresh && !staleHosts.contains(id.host())) {
                upstreams = upstreams.plus(id, before);
            } else {
                upstreamsMade++;
                var made = id.isOwn() ? OwnUpstreams.link(id, world.mesh()) : upstreamLinker.link(id);
                upstreams = upstreams.plus(id, made.equals(before) ? before : made);
            }
        }
    }

    // The plan.

    private ProxyPlan plan() {
        return isFresh
                ? NextPlan.compared(previous.plan(), listeners, tables, upstreams)
                : NextPlan.changed(previous.plan(), listeners, tables, upstreams, dirtySites, dirtyUpstreams);
    }
}
