package io.sallyport.xds.real;

import static io.sallyport.translation.ResourceType.CLUSTER;
import static io.sallyport.translation.ResourceType.ENDPOINTS;
import static io.sallyport.translation.ResourceType.LISTENER;
import static io.sallyport.translation.ResourceType.ROUTES;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.UInt64Value;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.AggregatedConfigSource;
import io.envoyproxy.envoy.config.core.v3.ApiVersion;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.Rds;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatcher;
import io.sallyport.translation.EnvoyResource;
import io.sallyport.xds.discovery.House;
import io.sallyport.xds.discovery.Made;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What Envoy 1.40 itself makes of our answers. Runs where `ENVOY` names one, as `./sallyport test` sees to.
@EnabledIfEnvironmentVariable(named = "ENVOY", matches = ".+")
class RealEnvoyTest {

    private static final ConfigSource ADS = ConfigSource.newBuilder()
            .setAds(AggregatedConfigSource.getDefaultInstance())
            .setResourceApiVersion(ApiVersion.V3)
            .build();

    @TempDir
    private Path folder = Path.of("");

    @ParameterizedTest
    @ValueSource(strings = {"DELTA_GRPC", "GRPC"})
    @Tag("F1")
    void aChangeIsServedARefusalHarmsNobodyAndAReturnResendsNothing(String protocol) throws Exception {
        int port = RealEnvoy.freePort();
        var url = "http://127.0.0.1:" + port + "/";
        try (var house = new House()) {
            house.listen(RealEnvoy.freePort());
            try (var envoy = RealEnvoy.start(folder, house.port(), protocol)) {
                house.publish(_ -> Made.resources(1, listener(port), route("one"), cluster("a", 1), endpoints("a")));
                envoy.until(url, "one"::equals);

                house.publish(before -> Made.with(before, route("two")));
                envoy.until(url, "two"::equals);

                house.publish(
                        before -> Made.with(before, badRoute(), cluster("a", 2), cluster("b", 1), endpoints("b")));
                house.awaitRefusal();
                assertThat(RealEnvoy.get(url)).isEqualTo("two");
                house.awaitInSync();
                assertThat(envoy.admin("/clusters")).contains("a::", "b::");
                assertThat(house.refusals())
                        .singleElement()
                        .satisfies(refusal -> assertThat(refusal.reason()).contains("missing"));

                house.publish(before -> Made.with(before, route("three")));
                envoy.until(url, "three"::equals);
                house.awaitInSync();

                house.restart();
                house.awaitInSync();
                assertThat(house.sentResources()).isZero();
                house.publish(before -> Made.with(before, route("four")));
                envoy.until(url, "four"::equals);
                assertThat(RealEnvoy.get(url)).isEqualTo("four");
            }
        }
    }

    @Test
    void aClusterThatSticksInWarmingIsRemovedSoThatAnswersComeAgain() throws Exception {
        int port = RealEnvoy.freePort();
        try (var house = new House()) {
            house.listen(0);
            try (var envoy = RealEnvoy.start(folder, house.port(), "DELTA_GRPC")) {
                house.publish(_ -> Made.resources(1, listener(port), route("one"), cluster("a", 1), endpoints("a")));
                envoy.until("http://127.0.0.1:" + port + "/", "one"::equals);
                house.publish(before ->
                        Made.with(before, ring(), cluster("b", 1), endpoints("b"), cluster("c", 1), endpoints("c")));
                house.awaitRefusal();
                house.awaitInSync();

                assertThat(envoy.admin("/clusters")).contains("b::", "c::").doesNotContain("ring::");
                assertThat(envoy.admin("/stats?filter=warming_clusters")).contains("warming_clusters: 0");
            }
        }
    }

    private static EnvoyResource listener(int port) {
        var manager = HttpConnectionManager.newBuilder()
                .setStatPrefix("http")
                .setRds(Rds.newBuilder().setRouteConfigName("http").setConfigSource(ADS))
                .addHttpFilters(HttpFilter.newBuilder()
                        .setName("envoy.filters.http.router")
                        .setTypedConfig(Any.pack(Router.getDefaultInstance())));
        return Made.of(
                LISTENER,
                "l",
                Listener.newBuilder()
                        .setName("l")
                        .setAddress(Address.newBuilder()
                                .setSocketAddress(SocketAddress.newBuilder()
                                        .setAddress("127.0.0.1")
                                        .setPortValue(port)))
                        .addFilterChains(FilterChain.newBuilder()
                                .addFilters(Filter.newBuilder()
                                        .setName("envoy.filters.network.http_connection_manager")
                                        .setTypedConfig(Any.pack(manager.build()))))
                        .build());
    }

    private static EnvoyResource route(String body) {
        return routes(RouteMatch.newBuilder().setPrefix("/").build(), body);
    }

    // RE2 does not take it; validate.rules do.
    private static EnvoyResource badRoute() {
        return routes(
                RouteMatch.newBuilder()
                        .setSafeRegex(RegexMatcher.newBuilder().setRegex("(("))
                        .build(),
                "bad");
    }

    private static EnvoyResource routes(RouteMatch match, String body) {
        return Made.of(
                ROUTES,
                "http",
                RouteConfiguration.newBuilder()
                        .setName("http")
                        .addVirtualHosts(VirtualHost.newBuilder()
                                .setName("all")
                                .addDomains("*")
                                .addRoutes(Route.newBuilder()
                                        .setMatch(match)
                                        .setDirectResponse(DirectResponseAction.newBuilder()
                                                .setStatus(200)
                                                .setBody(DataSource.newBuilder().setInlineString(body)))))
                        .build());
    }

    private static EnvoyResource cluster(String name, int version) {
        return Made.of(CLUSTER, name, eds(name).setAltStatName(name + version).build());
    }

    private static Cluster.Builder eds(String name) {
        return Cluster.newBuilder()
                .setName(name)
                .setType(Cluster.DiscoveryType.EDS)
                .setEdsClusterConfig(Cluster.EdsClusterConfig.newBuilder().setEdsConfig(ADS));
    }

    private static EnvoyResource ring() {
        return Made.of(
                CLUSTER,
                "ring",
                eds("ring")
                        .setLbPolicy(Cluster.LbPolicy.RING_HASH)
                        .setRingHashLbConfig(Cluster.RingHashLbConfig.newBuilder()
                                .setMinimumRingSize(UInt64Value.of(2_000))
                                .setMaximumRingSize(UInt64Value.of(1_000)))
                        .build());
    }

    private static EnvoyResource endpoints(String name) {
        return Made.of(
                ENDPOINTS,
                name,
                ClusterLoadAssignment.newBuilder().setClusterName(name).build());
    }
}
