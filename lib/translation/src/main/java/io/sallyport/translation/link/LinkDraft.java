package io.sallyport.translation.link;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedSet;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.analysis.world.Backend;
import io.sallyport.analysis.world.HostNames;
import io.sallyport.analysis.world.Routing;
import io.sallyport.analysis.world.Visibility;
import io.sallyport.analysis.world.World;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.DestinationRule;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.link.LinkState.Contribution;
import io.sallyport.translation.link.LinkState.Linked;
import io.sallyport.translation.link.LinkState.RuleKey;
import io.sallyport.translation.plan.AccessLogs;
import io.sallyport.translation.plan.Action;
import io.sallyport.translation.plan.Bind;
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
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
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

/// The next [LinkState] while it is made.
///
/// An edit makes some VirtualServices stale (its own, those that send to what it changed) and some hosts to send to. If
/// the layout of the ports is as before, only what the stale ones touch is made again; otherwise all tables are put
/// together anew, from rules that are still good. A node that comes out equal is the old object.
final class LinkDraft {

    private final LinkState previous;
    private final World world;
    private final ProxyClass proxy;
    private final PortLayout layout;
    private final RuleLinker ruleLinker;
    private final UpstreamLinker upstreamLinker;
    private final Set<ObjectRef> staleRoutings = new HashSet<>();
    private final NavigableSet<String> staleHosts = new TreeSet<>();
    // The hosts to send to of which rules would see something else than before.
    private final NavigableSet<String> turnedHosts = new TreeSet<>();
    private final AccessLogs logs;
    private final boolean isFresh;
    private final boolean isRelaid;

    private PMap<RuleKey, Linked> rules;
    private PMap<RouteTableId, PMap<String, ImmutableList<Contribution>>> contributions;
    private PMap<UpstreamId, Integer> uses;
    private ImmutableSortedSet<UpstreamId> tcp;
    private PSortedMap<Bind, ListenerPlan> listeners;
    private PSortedMap<RouteTableId, RouteTable> tables;
    private PSortedMap<UpstreamId, Upstream> upstreams;
    private final SortedMap<RouteTableId, NavigableSet<String>> dirtySites = new TreeMap<>();
    private final NavigableSet<UpstreamId> dirtyUpstreams = new TreeSet<>();
    private final Map<RouteTableId, Map<String, Member>> redirects = new HashMap<>();
    private int rulesMade;
    private int sitesMade;
    private int upstreamsMade;

    LinkDraft(LinkState previous, World world, ProxyClass proxy) {
        this.previous = previous;
        this.world = world;
        this.proxy = proxy;
        this.isFresh = !world.mesh().equals(previous.world().mesh())
                || !world.lookups().equals(previous.world().lookups());
        findStale();
        this.layout = needsLayout() ? PortLayout.of(world, proxy) : previous.layout();
        this.isRelaid = isFresh || !layout.equals(previous.layout());
        this.logs = new AccessLogLinker(world, proxy).link();
        this.ruleLinker = new RuleLinker(world, proxy);
        this.upstreamLinker = new UpstreamLinker(world, proxy);
        this.rules = isRelaid ? HashTreePMap.empty() : previous.rules();
        this.contributions = isRelaid ? HashTreePMap.empty() : previous.contributions();
        this.uses = isRelaid ? HashTreePMap.empty() : previous.uses();
        this.tcp = previous.tcp();
        this.listeners = previous.plan().listeners();
        this.tables = isRelaid ? TreePMap.empty() : previous.plan().tables();
        this.upstreams = isRelaid ? TreePMap.empty() : previous.plan().upstreams();
    }

    LinkState link() {
        if (world == previous.world()) {
            return previous;
        }
        if (isRelaid) {
            layTables();
        } else {
            replaceStale();
        }
        linkSites();
        if (isRelaid || touchesTcp() || touchesMesh() || !logs.equals(previous.logs())) {
            linkListeners();
        }
        linkUpstreams();
        return new LinkState(world, layout, rules, contributions, uses, tcp, logs, plan());
    }

    Linker.Work work() {
        return new Linker.Work(rulesMade, sitesMade, upstreamsMade);
    }

    private ProxyPlan plan() {
        return isRelaid
                ? NextPlan.compared(previous.plan(), listeners, tables, upstreams)
                : NextPlan.changed(previous.plan(), listeners, tables, upstreams, dirtySites, dirtyUpstreams);
    }

    // What an edit touches.

    private void findStale() {
        var before = previous.world();
        staleHosts.addAll(world.changedHosts(before));
        staleHosts.stream().filter(this::looksDifferent).forEach(turnedHosts::add);
        for (var ref : world.image().changesSince(before.image())) {
            switch (ref.kind()) {
                case VIRTUAL_SERVICE -> staleRouting(ref);
                case DESTINATION_RULE -> {
                    before.image().find(ref).ifPresent(this::staleRule);
                    world.image().find(ref).ifPresent(this::staleRule);
                }
                default -> {}
            }
        }
        for (var host : turnedHosts) {
            before.routingsTo(host)
                    .forEach(routing -> staleRouting(routing.object().ref()));
            world.routingsTo(host)
                    .forEach(routing -> staleRouting(routing.object().ref()));
        }
    }

    private void staleRouting(ObjectRef ref) {
        staleRoutings.add(ref);
        previous.world()
                .delegatorsOf(ref)
                .forEach(root -> staleRoutings.add(root.object().ref()));
        world.delegatorsOf(ref).forEach(root -> staleRoutings.add(root.object().ref()));
    }

    private void staleRule(ConfigObject<?> object) {
        var rule = ConfigImage.cast(object, DestinationRule.class);
        var pattern = HostNames.qualify(rule.spec().host(), rule.namespace());
        if (HostNames.isWildcard(pattern)) {
            previous.uses().keySet().stream()
                    .map(UpstreamId::host)
                    .filter(host -> HostNames.isSubset(host, pattern))
                    .forEach(this::turned);
            previous.tcp().stream()
                    .map(UpstreamId::host)
                    .filter(host -> HostNames.isSubset(host, pattern))
                    .forEach(this::turned);
        } else {
            turned(pattern);
        }
    }

    private void turned(String host) {
        staleHosts.add(host);
        turnedHosts.add(host);
    }

    // Rules see who declares a host and with which ports; where its endpoints are is the upstream's business.
    private boolean looksDifferent(String host) {
        return !look(world, host).equals(look(previous.world(), host));
    }

    private List<List<Object>> look(World seen, String host) {
        return seen.backends(host, proxy.namespace()).stream()
                .map(backend -> List.<Object>of(backend.namespace(), backend.alias(), ports(backend)))
                .toList();
    }

    private static List<Integer> ports(Backend backend) {
        return backend.ports().stream().map(Backend.Port::number).toList();
    }

    private boolean needsLayout() {
        return isFresh
                || previous == LinkState.EMPTY
                || world.image().changesSince(previous.world().image()).stream()
                        .anyMatch(ref -> ref.kind() == Kind.GATEWAY
                                || (ref.kind() == Kind.SERVICE
                                        && ref.namespace().equals(proxy.namespace())));
    }

    // Tables and the VirtualServices in them.

    private void layTables() {
        var apart = new ServersApart(layout, proxy);
        layout.tables().forEach((id, members) -> {
            if (isServed(id, members)) {
                var old = previous.plan().tables().get(id);
                int port = members.getFirst().port();
                tables = tables.plus(
                        id,
                        new RouteTable(
                                id,
                                port,
                                old == null ? TreePMap.empty() : old.sites(),
                                others(id, members.getFirst(), apart)));
                dirtySites.put(
                        id, new TreeSet<>(old == null ? Set.of() : old.sites().keySet()));
                for (int i = 0; i < members.size(); i++) {
                    var member = members.get(i);
                    for (var routing : world.routingsOf(member.gatewayName())) {
                        add(id, i, routing, member);
                    }
                    if (member.redirectsToHttps()) {
                        dirty(id).addAll(member.hosts());
                    }
                }
            }
        });
    }

    private boolean isServed(RouteTableId id, List<Member> members) {
        return switch (id) {
            case RouteTableId.Plain _, RouteTableId.Outbound _, RouteTableId.Proxied _ -> true;
            case RouteTableId.Terminated _ -> {
                var tls = members.getFirst().server().tls();
                yield tls != null && ServerTlsLinker.isTerminated(tls, world.mesh());
            }
        };
    }

    // Clients reuse a connection for every host that its certificate covers, also for those of other servers.
    private static Others others(RouteTableId id, Member member, ServersApart apart) {
        return switch (id) {
            case RouteTableId.Plain _, RouteTableId.Outbound _, RouteTableId.Proxied _ -> new Others.Missing();
            case RouteTableId.Terminated _ -> {
                var elsewhere = apart.from(member);
                yield member.hosts().contains("*") && elsewhere.isEmpty()
                        ? new Others.Missing()
                        : new Others.Misdirected(
                                member.hosts().stream().distinct().sorted().toList(), elsewhere);
            }
        };
    }

    // The hosts that a VirtualService gets in a table.
    private List<String> hosts(RouteTableId id, Routing routing, Member member) {
        var hosts = member.hostsFor(routing);
        var table = tables.get(id);
        return table != null && table.others() instanceof Others.Misdirected(var served, var elsewhere)
                ? hosts.stream()
                        .filter(host -> !ServersApart.isElsewhere(host, served, elsewhere))
                        .toList()
                : hosts;
    }

    private void replaceStale() {
        layout.tables().forEach((id, members) -> {
            if (!isServed(id, members)) {
                return;
            }
            for (int i = 0; i < members.size(); i++) {
                var member = members.get(i);
                for (var routing : bound(previous.world(), member)) {
                    remove(id, i, routing, member);
                }
            }
        });
        forgetRules();
        layout.tables().forEach((id, members) -> {
            if (!isServed(id, members)) {
                return;
            }
            for (int i = 0; i < members.size(); i++) {
                var member = members.get(i);
                for (var routing : bound(world, member)) {
                    add(id, i, routing, member);
                }
            }
        });
    }

    // The stale VirtualServices that name a member's Gateway in one world.
    private List<Routing> bound(World seen, Member member) {
        return staleRoutings.stream()
                .flatMap(ref -> seen.routing(ref).stream())
                .filter(routing -> routing.gateways().contains(member.gatewayName()))
                .toList();
    }

    private void forgetRules() {
        var places = new HashSet<RuleKey>();
        layout.tables()
                .values()
                .forEach(members ->
                        members.forEach(member -> staleRoutings.forEach(ref -> places.add(RuleKey.of(member, ref)))));
        for (var key : places) {
            var linked = rules.get(key);
            if (linked != null) {
                rules = rules.minus(key);
                linked.upstreams().forEach(id -> use(id, -1));
            }
        }
    }

    private void add(RouteTableId id, int index, Routing routing, Member member) {
        int rank = routing.visibility().rank(proxy.namespace());
        if (rank == Visibility.HIDDEN) {
            return;
        }
        var hosts = hosts(id, routing, member);
        if (hosts.isEmpty() || (linked(member, routing).rules().isEmpty() && !Delegation.isWithheld(world, routing))) {
            return;
        }
        var contribution = new Contribution(index, rank, routing);
        var byHost = contributions.getOrDefault(id, HashTreePMap.empty());
        for (var host : hosts) {
            var list = new ArrayList<>(byHost.getOrDefault(host, ImmutableList.of()));
            list.add(contribution);
            list.sort(null);
            byHost = byHost.plus(host, ImmutableList.copyOf(list));
        }
        contributions = contributions.plus(id, byHost);
        dirty(id).addAll(hosts);
    }

    private void remove(RouteTableId id, int index, Routing routing, Member member) {
        var byHost = contributions.getOrDefault(id, HashTreePMap.empty());
        for (var host : member.hostsFor(routing)) {
            var before = byHost.getOrDefault(host, ImmutableList.of());
            var left = before.stream()
                    .filter(contribution -> contribution.member() != index
                            || !contribution
                                    .routing()
                                    .object()
                                    .ref()
                                    .equals(routing.object().ref()))
                    .collect(ImmutableList.toImmutableList());
            if (left.size() < before.size()) {
                byHost = left.isEmpty() ? byHost.minus(host) : byHost.plus(host, left);
                dirty(id).add(host);
            }
        }
        contributions = contributions.plus(id, byHost);
    }

    private NavigableSet<String> dirty(RouteTableId id) {
        return dirtySites.computeIfAbsent(id, _ -> new TreeSet<>());
    }

    private Linked linked(Member member, Routing routing) {
        var ref = routing.object().ref();
        var key = RuleKey.of(member, ref);
        var known = rules.get(key);
        if (known != null) {
            return known;
        }
        var linked = link(key, routing);
        rules = rules.plus(key, linked);
        linked.upstreams().forEach(id -> use(id, 1));
        return linked;
    }

    private Linked link(RuleKey key, Routing routing) {
        var old = previous.rules().get(key);
        if (old != null && !isFresh && !staleRoutings.contains(key.object())) {
            return old;
        }
        rulesMade++;
        var made = ruleLinker.link(routing, key.gateway(), key.port(), key.encrypted());
        var kept = old != null && old.rules().equals(made) ? old.rules() : made;
        return new Linked(routing, kept, upstreams(kept));
    }

    private static ImmutableSortedSet<UpstreamId> upstreams(List<RouteRule> rules) {
        var ids = ImmutableSortedSet.<UpstreamId>naturalOrder();
        for (var rule : rules) {
            if (rule.action() instanceof Action.Forward forward) {
                forward.shares().forEach(share -> ids.add(share.upstream()));
                forward.mirrors().forEach(mirror -> ids.add(mirror.upstream()));
            }
        }
        return ids.build();
    }

    private void use(UpstreamId id, int count) {
        int now = uses.getOrDefault(id, 0) + count;
        uses = now == 0 ? uses.minus(id) : uses.plus(id, now);
        dirtyUpstreams.add(id);
    }

    // Sites.

    private void linkSites() {
        dirtySites.forEach((id, hosts) -> {
            var table = tables.get(id);
            if (table == null) {
                return;
            }
            var sites = table.sites();
            for (var host : hosts) {
                var before = sites.get(host);
                var after = site(table, host);
                if (after.isEmpty()) {
                    sites = sites.minus(host);
                } else if (!after.get().equals(before)) {
                    sites = sites.plus(host, after.get());
                }
            }
            if (sites != table.sites()) {
                tables = tables.plus(id, table.withSites(sites));
            }
        });
        tables.forEach((id, table) -> {
            var before = previous.plan().tables().get(id);
            if (before != null
                    && before != table
                    && before.serverPort() == table.serverPort()
                    && before.others().equals(table.others())
                    && before.sites() == table.sites()) {
                tables = tables.plus(id, before);
            }
        });
    }

    private Optional<Site> site(RouteTable table, String host) {
        var members = layout.tables().getOrDefault(table.id(), ImmutableList.of());
        var said = contributions.getOrDefault(table.id(), HashTreePMap.empty()).getOrDefault(host, ImmutableList.of());
        var redirecting = Optional.ofNullable(redirects(table.id()).get(host));
        if (said.isEmpty() && redirecting.isEmpty()) {
            return Optional.empty();
        }
        sitesMade++;
        var first = said.isEmpty()
                ? redirecting.orElseThrow()
                : members.get(said.getFirst().member());
        return Optional.of(new Site(
                host,
                first.port(),
                merged(members, said),
                encryption(Stream.concat(redirecting.stream(), said.stream().map(part -> members.get(part.member())))
                        .filter(Member::redirectsToHttps)
                        .toList()),
                world.mesh().countsAttempts()));
    }

    // One server that redirects is enough, and one that lets challenges through.
    private static Site.Encryption encryption(List<Member> redirecting) {
        if (redirecting.isEmpty()) {
            return Site.Encryption.OPTIONAL;
        }
        return redirecting.stream().anyMatch(Member::letsChallengesThrough)
                ? Site.Encryption.REQUIRED_BUT_FOR_CHALLENGES
                : Site.Encryption.REQUIRED;
    }

    // The first server of a table that redirects each host to https.
    private Map<String, Member> redirects(RouteTableId id) {
        return redirects.computeIfAbsent(id, _ -> {
            var byHost = new HashMap<String, Member>();
            for (var member : layout.tables().getOrDefault(id, ImmutableList.of())) {
                if (member.redirectsToHttps()) {
                    member.hosts().forEach(host -> byHost.putIfAbsent(host, member));
                }
            }
            return byHost;
        });
    }

    // Rules that take everything go last, so that an older catch-all does not hide a younger rule.
    private List<RouteRule> merged(List<Member> members, List<Contribution> said) {
        if (said.isEmpty()) {
            return List.of();
        }
        if (said.size() == 1) {
            return rulesOf(members, said.getFirst());
        }
        var narrow = new ArrayList<RouteRule>();
        var wide = new ArrayList<RouteRule>();
        for (var part : said) {
            for (var rule : rulesOf(members, part)) {
                (rule.isCatchAll() ? wide : narrow).add(rule);
            }
        }
        narrow.addAll(wide);
        return narrow;
    }

    private List<RouteRule> rulesOf(List<Member> members, Contribution part) {
        return linked(members.get(part.member()), part.routing()).rules();
    }

    // Listeners.

    private boolean touchesTcp() {
        return staleRoutings.stream()
                .flatMap(ref -> Stream.concat(previous.world().routing(ref).stream(), world.routing(ref).stream()))
                .map(routing -> routing.object().spec())
                .anyMatch(spec -> !spec.tcp().isEmpty() || !spec.tls().isEmpty());
    }

    // A server that passes on what is meant for the mesh has chains for its services and their subsets.
    private boolean touchesMesh() {
        return !turnedHosts.isEmpty()
                && layout.slots().values().stream().flatMap(List::stream).anyMatch(ListenerLinker::leadsIntoMesh);
    }

    private void linkListeners() {
        var made = new ListenerLinker(world, proxy, ruleLinker, layout).link(logs);
        var next = TreePMap.<Bind, ListenerPlan>empty();
        for (var listener : made) {
            var before = previous.plan().listeners().get(listener.bind());
            next = next.plus(listener.bind(), listener.equals(before) ? before : listener);
        }
        listeners = next;
        dirtyUpstreams.addAll(tcp);
        tcp = ListenerLinker.upstreams(made);
        dirtyUpstreams.addAll(tcp);
    }

    // Upstreams.

    private void linkUpstreams() {
        if (isRelaid) {
            dirtyUpstreams.addAll(uses.keySet());
            dirtyUpstreams.addAll(tcp);
        }
        staleHosts.forEach(host -> dirtyUpstreams.addAll(previous.plan().upstreamsOf(host)));
        for (var id : dirtyUpstreams) {
            if (!uses.containsKey(id) && !tcp.contains(id)) {
                upstreams = upstreams.minus(id);
                continue;
            }
            var before = previous.plan().upstreams().get(id);
            if (before != null && !isFresh && !staleHosts.contains(id.host())) {
                upstreams = upstreams.plus(id, before);
                continue;
            }
            upstreamsMade++;
            var made = upstreamLinker.link(id);
            upstreams = upstreams.plus(id, made.equals(before) ? before : made);
        }
    }
}
