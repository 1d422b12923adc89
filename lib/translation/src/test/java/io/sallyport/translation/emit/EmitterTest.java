package io.sallyport.translation.emit;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.ScopedRouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.ResourceType;
import io.sallyport.translation.plan.AccessLogs;
import io.sallyport.translation.plan.Action;
import io.sallyport.translation.plan.Chain;
import io.sallyport.translation.plan.HttpOptions;
import io.sallyport.translation.plan.ListenerPlan;
import io.sallyport.translation.plan.ProxyPlan;
import io.sallyport.translation.plan.RequestMatch;
import io.sallyport.translation.plan.RequestMatch.PathMatch;
import io.sallyport.translation.plan.Revocations;
import io.sallyport.translation.plan.Upstream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class EmitterTest {

    private static final String HOST_42 = ResourceNames.scope("http.8080|host-00042.test");

    private final Emitter emitter = new Emitter();

    private Emission emit(ProxyPlan plan) {
        return emitter.emit(Emission.EMPTY, plan, 1);
    }

    private static RouteConfiguration routes(Emission emission) throws InvalidProtocolBufferException {
        return RouteConfiguration.parseFrom(emission.resources()
                .find(ResourceType.ROUTES, "http.8080")
                .orElseThrow()
                .bytes());
    }

    private static HttpConnectionManager connections(Emission emission) throws InvalidProtocolBufferException {
        var listener = Listener.parseFrom(emission.resources()
                .find(ResourceType.LISTENER, "0.0.0.0_8080")
                .orElseThrow()
                .bytes());
        return listener.getFilterChains(0).getFilters(0).getTypedConfig().unpack(HttpConnectionManager.class);
    }

    @Test
    @Tag("G9")
    void aSmallTableIsOneResourceWithItsHostsInOrder() throws InvalidProtocolBufferException {
        var emission = emit(Plans.plan(List.of(Plans.site("b.test", "b"), Plans.site("a.test", "a"))));

        assertThat(routes(emission).getVirtualHostsList())
                .extracting(VirtualHost::getName)
                .containsExactly("a.test:80", "b.test:80");
        assertThat(connections(emission).getRds().getRouteConfigName()).isEqualTo("http.8080");
        assertThat(emission.resources().withheld()).isEmpty();
    }

    @Test
    @Tag("G10")
    void aTableWithoutHostsIsABlackHole() throws InvalidProtocolBufferException {
        assertThat(routes(emit(Plans.plan(List.of()))).getVirtualHostsList())
                .singleElement()
                .satisfies(host -> assertThat(host.getName()).isEqualTo("blackhole:80"))
                .satisfies(host -> assertThat(host.getDomainsList()).containsExactly("*"));
    }

    @Test
    void aSiteIsKeptAsThePartOfItsScopeThatIsItsVirtualHost() throws InvalidProtocolBufferException {
        var site = Plans.sites(120).get(42);
        var emission = emit(Plans.plan(Plans.sites(120)));

        var kept = Optional.ofNullable(
                        emission.tables().firstEntry().getValue().sites().get("host-00042.test"))
                .orElseThrow();

        var alone = emit(Plans.plan(List.of(site))).tables().firstEntry().getValue();
        assertThat(kept).isEqualTo(alone.sites().get("host-00042.test"));
        assertThat(VirtualHost.parseFrom(kept.bytes()).getDomainsList()).contains("host-00042.test");
    }

    @Test
    @Tag("X2")
    @Tag("N6")
    void aTableToleratesMissingClustersAndPortsInHosts() throws InvalidProtocolBufferException {
        var routes = routes(emit(Plans.plan(Plans.sites(1))));

        assertThat(routes.getValidateClusters().getValue()).isFalse();
        assertThat(routes.hasValidateClusters()).isTrue();
        assertThat(routes.getIgnorePortInHostMatching()).isTrue();
    }

    @Test
    void aLargeTableIsOneScopePerExactHostAndOneForTheWildcards() throws InvalidProtocolBufferException {
        var sites = new ArrayList<>(Plans.sites(500));
        sites.add(Plans.site("*.wild.test", "wild"));
        sites.add(Plans.site("*", "all"));

        var emission = emit(Plans.plan(sites));

        var scopes = emission.resources().all(ResourceType.SCOPED_ROUTES);
        assertThat(scopes).hasSize(501).containsKeys(HOST_42, "http.8080|*");
        assertThat(emission.resources().all(ResourceType.ROUTES)).isEmpty();
        var wildcards = emission.resources()
                .find(ResourceType.SCOPED_ROUTES, "http.8080|*")
                .orElseThrow();
        assertThat(ScopedRouteConfiguration.parseFrom(wildcards.bytes())
                        .getRouteConfiguration()
                        .getVirtualHostsList())
                .extracting(VirtualHost::getName)
                .containsExactly("*:80", "*.wild.test:80");
        assertThat(connections(emission).hasScopedRoutes()).isTrue();
    }

    @Test
    void whatIsPutTogetherFromBytesPassesEveryRule() throws InvalidProtocolBufferException {
        var validation = new io.sallyport.translation.validation.EnvoyValidation();
        var large = emit(Plans.plan(Plans.sites(500))).resources();
        var scope = ScopedRouteConfiguration.parseFrom(
                large.find(ResourceType.SCOPED_ROUTES, HOST_42).orElseThrow().bytes());

        assertThat(validation.check(scope)).isEmpty();
        assertThat(scope.getKey().getFragments(0).getStringKey()).isEqualTo("http.8080|host-00042.test");
        assertThat(scope.getRouteConfiguration().getVirtualHosts(0).getRoutesCount())
                .isEqualTo(1);
        assertThat(validation.check(routes(emit(Plans.plan(Plans.sites(20)))))).isEmpty();
    }

    @Test
    void aChangedSiteOfALargeTableIsOneResource() {
        var plan = Plans.plan(Plans.sites(2_000));
        var before = emit(plan);

        var after = emitter.emit(before, Plans.with(plan, Plans.site("host-00042.test", "new")), 2);

        assertThat(changes(after.resources(), before.resources())).containsExactly(HOST_42);
    }

    @Test
    void anAddedAndARemovedSiteAreOneResourceEach() {
        var plan = Plans.plan(Plans.sites(2_000));
        var before = emit(plan);
        var added = emitter.emit(before, Plans.with(plan, Plans.site("new.test", "new")), 2);

        var removed = emitter.emit(added, plan, 3);

        assertThat(changes(added.resources(), before.resources())).containsExactly("http.8080|new.test");
        assertThat(changes(removed.resources(), added.resources())).containsExactly("http.8080|new.test");
        assertThat(removed.resources().find(ResourceType.SCOPED_ROUTES, "http.8080|new.test"))
                .isEmpty();
    }

    private static List<String> changes(EnvoyResources after, EnvoyResources before) {
        var changes = new ArrayList<String>();
        for (var type : ResourceType.values()) {
            changes.addAll(after.changesSince(before, type));
        }
        return changes;
    }

    @Test
    void theSamePlanFromAnyHistoryIsTheSameBytes() {
        var plan = Plans.plan(Plans.sites(50));
        var direct = emit(plan);
        var other = Plans.with(plan, Plans.site("host-00007.test", "else"));

        var roundabout = emitter.emit(emitter.emit(direct, other, 2), plan, 3);

        assertThat(new Emitter().emit(Emission.EMPTY, plan, 9).resources().all(ResourceType.ROUTES))
                .isEqualTo(roundabout.resources().all(ResourceType.ROUTES))
                .isEqualTo(direct.resources().all(ResourceType.ROUTES));
    }

    @Test
    void aTableThatGrowsKeepsBothWaysForItsOldConnections() throws InvalidProtocolBufferException {
        var plan = Plans.plan(Plans.sites(Delivery.SCOPED_FROM - 1));
        var small = emit(plan);

        var large = emitter.emit(small, Plans.with(plan, Plans.site("one.more.test", "x")), 2);

        assertThat(connections(small).hasRds()).isTrue();
        assertThat(connections(large).hasScopedRoutes()).isTrue();
        assertThat(large.resources().all(ResourceType.SCOPED_ROUTES)).hasSize(Delivery.SCOPED_FROM);
        assertThat(routes(large).getVirtualHostsCount()).isEqualTo(Delivery.SCOPED_FROM);
    }

    @Test
    void aTableThatShrinksReadsScopesDownToTheLowerBorder() throws InvalidProtocolBufferException {
        var plan = Plans.plan(Plans.sites(Delivery.SCOPED_FROM));
        var large = emit(plan);
        var hosts = List.copyOf(Plans.sites(plan).keySet());
        var surplus = Delivery.SCOPED_FROM - Delivery.WHOLE_UP_TO;
        var middle = Plans.without(plan, hosts.subList(0, surplus - 1));

        var between = emitter.emit(large, middle, 2);
        var small = emitter.emit(between, Plans.without(middle, hosts.subList(surplus - 1, surplus)), 3);

        assertThat(connections(between).hasScopedRoutes()).isTrue();
        assertThat(connections(small).hasRds()).isTrue();
        assertThat(routes(small).getVirtualHostsCount()).isEqualTo(Delivery.WHOLE_UP_TO);
        assertThat(small.resources().all(ResourceType.SCOPED_ROUTES)).hasSize(Delivery.WHOLE_UP_TO);
    }

    @Test
    @Tag("V25")
    @Tag("P6")
    void aSiteThatEnvoyWouldRefuseKeepsItsLastGoodVersionAlone() throws InvalidProtocolBufferException {
        var plan = Plans.plan(List.of(Plans.site("a.test", "good"), Plans.site("b.test", "good")));
        var before = emit(plan);

        var after = emitter.emit(before, Plans.with(plan, bad("a.test"), Plans.site("b.test", "better")), 2);

        assertThat(after.resources().withheld()).singleElement().satisfies(withheld -> {
            assertThat(withheld.what()).isEqualTo("site a.test of http.8080");
            assertThat(withheld.origins()).containsExactly(Plans.origin("a.test"));
            assertThat(withheld.reason()).contains("safe_regex.regex is no pattern: regex \"(\"");
        });
        assertThat(bodies(after)).containsExactly("good", "better");
        assertThat(emitter.emit(after, plan, 3).resources().withheld()).isEmpty();
    }

    @Test
    @Tag("V8")
    void aSiteThatWasNeverGoodIsClosedAndNotLeftToTheWildcard() throws InvalidProtocolBufferException {
        var routes = routes(emit(Plans.plan(List.of(bad("a.test"), Plans.site("*", "wild")))));

        assertThat(routes.getVirtualHosts(1).getDomainsList()).containsExactly("a.test");
        assertThat(routes.getVirtualHosts(1).getRoutesList()).isEmpty();
    }

    @Test
    @Tag("B2")
    @Tag("P1")
    void aServerThatEnvoyWouldRefuseClosesItsOwnNamesAlone() throws InvalidProtocolBufferException {
        var plan = Plans.plan(new ListenerPlan(
                Plans.BIND,
                "127.0.0.1",
                List.of(pinned("a.test", "short"), pinned("b.test", "A".repeat(43) + "=")),
                false,
                false,
                List.of(Plans.origin("edge")),
                AccessLogs.NONE));

        var resources = emit(plan).resources();

        var listener = Listener.parseFrom(
                resources.all(ResourceType.LISTENER).values().iterator().next().bytes());
        assertThat(listener.getFilterChainsList())
                .singleElement()
                .satisfies(chain -> assertThat(chain.getFilterChainMatch().getServerNamesList())
                        .containsExactly("b.test"));
        assertThat(resources.withheld())
                .singleElement()
                .satisfies(withheld -> assertThat(withheld.origins()).contains(Plans.origin("a.test")));
    }

    // Clients must show the certificate that the pin is of.
    private static Chain pinned(String host, String pin) {
        return new Chain(
                new Chain.Match.Names(List.of(host), List.of()),
                new Chain.Tls.Terminate(
                        List.of(new Chain.Tls.Certificate.Secret(host)),
                        new Chain.Tls.Clients.Asked(
                                true,
                                true,
                                new Chain.Tls.Authority.Secret(host + "-cacert"),
                                new Revocations.AsDelivered(),
                                List.of(),
                                List.of(pin),
                                List.of()),
                        Chain.Tls.Version.TLS1_2,
                        Chain.Tls.Version.TLS1_3,
                        List.of(),
                        List.of(),
                        List.of()),
                new Chain.Content.Http(Plans.TABLE, HttpOptions.EDGE),
                Plans.origin(host));
    }

    private static io.sallyport.translation.plan.Site bad(String host) {
        var match = new RequestMatch(new PathMatch.Pattern("("), List.of(), List.of(), List.of());
        return Plans.site(host, List.of(Plans.rule(host, match, Plans.respond("bad"))));
    }

    private static List<String> bodies(Emission emission) throws InvalidProtocolBufferException {
        return routes(emission).getVirtualHostsList().stream()
                .map(host -> host.getRoutes(0).getDirectResponse().getBody().getInlineString())
                .toList();
    }

    @Test
    @Tag("V25")
    void aSiteThatCannotBeSpelledIsWithheldAlone() throws InvalidProtocolBufferException {
        var redirect = new Action.Redirect(
                299,
                new Action.SchemeChange.Keep(),
                new Action.HostChange.Keep(),
                new Action.PortChange.Keep(),
                new Action.PathChange.Keep());
        var broken = Plans.site("a.test", List.of(Plans.rule("a.test", Plans.prefix("/"), redirect)));

        var emission = emit(Plans.plan(List.of(broken, Plans.site("b.test", "b"))));

        assertThat(emission.resources().withheld()).hasSize(1);
        assertThat(routes(emission).getVirtualHostsCount()).isEqualTo(2);
    }

    @Test
    @Tag("V25")
    void anUpstreamThatEnvoyWouldRefuseKeepsItsLastGoodVersion() throws InvalidProtocolBufferException {
        var plan = Plans.with(
                Plans.plan(List.of()),
                Plans.upstream("a.test", Plans.listed("127.0.0.1", 1)),
                Plans.upstream("b.test", Plans.listed("127.0.0.1", 2)));
        var before = emitter.emit(emit(Plans.plan(List.of())), plan, 2);

        var after = emitter.emit(before, Plans.with(plan, Plans.upstream("a.test", Plans.listed("no.address", 1))), 3);

        assertThat(changes(after.resources(), before.resources())).isEmpty();
        assertThat(after.resources().withheld())
                .extracting(withheld -> withheld.what())
                .containsExactly("endpoints outbound|80||a.test");
    }

    @Test
    @Tag("R5")
    void anUnknownUpstreamHasNoCluster() {
        var plan =
                Plans.with(Plans.plan(List.of()), new Upstream.Unknown(Plans.upstreamId("a.test"), "no such service"));

        assertThat(emit(plan).resources().all(ResourceType.CLUSTER)).isEmpty();
    }

    @Test
    @Tag("D4")
    void aClusterHasIstiosDefaults() throws InvalidProtocolBufferException {
        var plan = Plans.with(Plans.plan(List.of()), Plans.upstream("a.test", Plans.listed("127.0.0.1", 1)));

        var cluster = Cluster.parseFrom(emit(plan)
                .resources()
                .find(ResourceType.CLUSTER, "outbound|80||a.test")
                .orElseThrow()
                .bytes());

        assertThat(cluster.getConnectTimeout().getSeconds()).isEqualTo(10);
        assertThat(cluster.getLbPolicy()).isEqualTo(Cluster.LbPolicy.LEAST_REQUEST);
        var limits = cluster.getCircuitBreakers().getThresholds(0);
        assertThat(List.of(
                        limits.getMaxConnections(),
                        limits.getMaxPendingRequests(),
                        limits.getMaxRequests(),
                        limits.getMaxRetries()))
                .extracting(limit -> Integer.toUnsignedLong(limit.getValue()))
                .containsOnly(4_294_967_295L);
    }

    @Test
    @Tag("X7")
    void aPlanWithoutListenersTakesEverythingAway() {
        var before = emit(Plans.plan(Plans.sites(600)));

        var after = emitter.emit(before, ProxyPlan.EMPTY, 2);

        for (var type : ResourceType.values()) {
            assertThat(after.resources().all(type)).isEmpty();
        }
    }
}
