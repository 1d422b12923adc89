package io.sallyport.translation.emit;

import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Origin;
import io.sallyport.model.Path;
import io.sallyport.translation.plan.AccessLogs;
import io.sallyport.translation.plan.Action;
import io.sallyport.translation.plan.Bind;
import io.sallyport.translation.plan.Chain;
import io.sallyport.translation.plan.HeaderEdits;
import io.sallyport.translation.plan.HttpOptions;
import io.sallyport.translation.plan.ListenerPlan;
import io.sallyport.translation.plan.Provenance;
import io.sallyport.translation.plan.ProxyPlan;
import io.sallyport.translation.plan.RequestMatch;
import io.sallyport.translation.plan.RequestMatch.PathMatch;
import io.sallyport.translation.plan.Retry;
import io.sallyport.translation.plan.RouteRule;
import io.sallyport.translation.plan.RouteTable;
import io.sallyport.translation.plan.RouteTableId;
import io.sallyport.translation.plan.Session;
import io.sallyport.translation.plan.Site;
import io.sallyport.translation.plan.Timeout;
import io.sallyport.translation.plan.Upstream;
import io.sallyport.translation.plan.UpstreamId;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.pcollections.PSortedMap;
import org.pcollections.TreePMap;

/// Plans for tests, as short as they can be said: one listener on port 8080 and its table.
final class Plans {

    static final RouteTableId TABLE = new RouteTableId.Plain(8080, "");
    static final Bind BIND = new Bind("0.0.0.0", 8080);

    private Plans() {}

    static Origin origin(String name) {
        return new Origin(
                new ObjectRef(Kind.VIRTUAL_SERVICE, "shop", name),
                Path.of("spec", "http").index(0));
    }

    static Provenance provenance(String name) {
        return new Provenance(origin(name), "networking.istio.io/v1", "d1");
    }

    static RouteRule rule(String name, RequestMatch match, Action action) {
        return rule(name, match, action, HeaderEdits.NONE);
    }

    static RouteRule rule(String name, RequestMatch match, Action action, HeaderEdits headers) {
        return new RouteRule(
                "", match, action, headers, new RouteRule.Cors.None(), RouteRule.Fault.NONE, "", provenance(name));
    }

    static Action respond(String text) {
        return new Action.Respond(200, new Action.Body.Text(text));
    }

    static Action forward(List<Action.Share> shares) {
        return new Action.Forward(
                shares,
                new Action.PathChange.Keep(),
                new Action.HostChange.Keep(),
                Timeout.none(),
                new Retry.None(),
                List.of(),
                new Action.Stickiness.None(),
                new Session.None(),
                Action.Missing.UNAVAILABLE);
    }

    static RequestMatch prefix(String prefix) {
        return new RequestMatch(new PathMatch.Prefix(prefix, true), List.of(), List.of(), List.of());
    }

    /// A host that answers with `text` below `/`.
    static Site site(String host, String text) {
        return site(host, List.of(rule(host, prefix("/"), respond(text))));
    }

    static Site site(String host, List<RouteRule> rules) {
        return new Site(host, 80, rules, Site.Encryption.OPTIONAL, true);
    }

    static List<Site> sites(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> site("host-%05d.test".formatted(i), "host " + i))
                .toList();
    }

    /// A plan of this listener alone.
    static ProxyPlan plan(ListenerPlan listener) {
        return ProxyPlan.EMPTY.next(
                TreePMap.<Bind, ListenerPlan>empty().plus(BIND, listener),
                TreePMap.empty(),
                TreePMap.empty(),
                new ProxyPlan.Change(new TreeSet<>(List.of(BIND)), new TreeMap<>(), new TreeSet<>()));
    }

    /// A plan of one listener and one table with these sites.
    static ProxyPlan plan(List<Site> sites) {
        PSortedMap<String, Site> byHost = TreePMap.empty();
        for (var site : sites) {
            byHost = byHost.plus(site.host(), site);
        }
        var table = new RouteTable(TABLE, 80, byHost);
        var hosts = new TreeMap<RouteTableId, SortedSet<String>>();
        hosts.put(TABLE, new TreeSet<>(byHost.keySet()));
        return ProxyPlan.EMPTY.next(
                TreePMap.<Bind, ListenerPlan>empty().plus(BIND, listener()),
                TreePMap.<RouteTableId, RouteTable>empty().plus(TABLE, table),
                TreePMap.empty(),
                new ProxyPlan.Change(new TreeSet<>(List.of(BIND)), hosts, new TreeSet<>()));
    }

    static ListenerPlan listener() {
        var chain = new Chain(
                new Chain.Match.Any(),
                new Chain.Tls.None(),
                new Chain.Content.Http(TABLE, HttpOptions.EDGE),
                origin("edge"));
        return new ListenerPlan(
                BIND, "127.0.0.1", List.of(chain), false, false, List.of(origin("edge")), AccessLogs.NONE);
    }

    static PSortedMap<String, Site> sites(ProxyPlan plan) {
        return Objects.requireNonNull(plan.tables().get(TABLE)).sites();
    }

    /// The plan with these sites put in place of, or beside, the ones that are there.
    static ProxyPlan with(ProxyPlan plan, Site... changed) {
        var sites = sites(plan);
        var hosts = new TreeSet<String>();
        for (var site : changed) {
            sites = sites.plus(site.host(), site);
            hosts.add(site.host());
        }
        return withSites(plan, sites, hosts);
    }

    static ProxyPlan without(ProxyPlan plan, List<String> hosts) {
        var sites = sites(plan);
        for (var host : hosts) {
            sites = sites.minus(host);
        }
        return withSites(plan, sites, new TreeSet<>(hosts));
    }

    private static ProxyPlan withSites(ProxyPlan plan, PSortedMap<String, Site> sites, SortedSet<String> hosts) {
        var touched = new TreeMap<RouteTableId, SortedSet<String>>();
        touched.put(TABLE, hosts);
        return plan.next(
                plan.listeners(),
                plan.tables().plus(TABLE, new RouteTable(TABLE, 80, sites)),
                plan.upstreams(),
                new ProxyPlan.Change(new TreeSet<>(), touched, new TreeSet<>()));
    }

    static ProxyPlan with(ProxyPlan plan, Upstream... changed) {
        var upstreams = plan.upstreams();
        var ids = new TreeSet<UpstreamId>();
        for (var upstream : changed) {
            upstreams = upstreams.plus(upstream.id(), upstream);
            ids.add(upstream.id());
        }
        return plan.next(
                plan.listeners(),
                plan.tables(),
                upstreams,
                new ProxyPlan.Change(new TreeSet<>(), new TreeMap<>(), ids));
    }

    static UpstreamId upstreamId(String host) {
        return new UpstreamId(80, "", host);
    }

    static Upstream.Known upstream(String host, Upstream.Discovery discovery) {
        return new Upstream.Known(
                upstreamId(host),
                discovery,
                new Upstream.Balancing.LeastRequest(new Upstream.WarmUp.None()),
                Upstream.Spread.ENDPOINTS,
                limits(),
                new Upstream.Ejection.None(),
                Upstream.Protocol.HTTP1,
                Upstream.Preamble.NONE,
                new Upstream.Tls.None(),
                new Origin(new ObjectRef(Kind.SERVICE_ENTRY, "shop", host.replace('.', '-')), Path.ROOT),
                List.of());
    }

    static Upstream.Limits limits() {
        long none = Upstream.Limits.UNLIMITED;
        return new Upstream.Limits(
                Duration.ofSeconds(10),
                none,
                none,
                none,
                none,
                0,
                Timeout.none(),
                Timeout.none(),
                new Upstream.KeepAlive.Off(),
                new Upstream.RetryBudget.None(),
                none,
                new Upstream.Pings.Off());
    }

    static Upstream.Discovery listed(String address, int port) {
        return new Upstream.Discovery.Listed(List.of(group(address, port)));
    }

    static Upstream.Group group(String address, int port) {
        var endpoint = new Upstream.Endpoint(new Upstream.Address.Socket(address, port), 0, Upstream.Health.HEALTHY);
        return new Upstream.Group(Upstream.Locality.NONE, 0, 0, List.of(endpoint));
    }
}
