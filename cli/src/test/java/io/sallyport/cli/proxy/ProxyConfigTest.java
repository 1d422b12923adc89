package io.sallyport.cli.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import com.google.protobuf.Any;
import com.google.protobuf.BoolValue;
import com.google.protobuf.ByteString;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.Metadata;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.Endpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.ScopedRouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.Rds;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import io.sallyport.cli.FakeTerminal;
import io.sallyport.cli.server.FakeServer;
import io.sallyport.proto.xds.v1.Proxy;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class ProxyConfigTest {

    private final FakeServer server = new FakeServer();
    private final FakeTerminal screen = new FakeTerminal();

    @BeforeEach
    void connect() {
        server.proxies()
                .connect(Proxy.newBuilder()
                        .setName("istio-ingressgateway")
                        .setNamespace("istio-system")
                        .build());
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    @Tag("S02")
    void aProxyWithoutListenersIsAnErrorInIstiosWords() {
        assertThat(server.run(screen, "proxy-config", "listener", "istio-ingressgateway", "-n", "istio-system"))
                .isEqualTo(1);

        assertThat(screen.err()).isEqualTo("Error: no listeners found\n");
    }

    @Test
    @Tag("S03")
    void aProxyWithoutRoutesIsAnErrorInIstiosWords() {
        assertThat(server.run(screen, "proxy-config", "route", "istio-ingressgateway"))
                .isEqualTo(1);

        assertThat(screen.err()).isEqualTo("Error: config dump has no route dump\n");
    }

    @Test
    @Tag("S05")
    void aListenerLeadsToItsRouteTable() {
        server.proxies().run(httpListener(80, "http.80"));

        assertThat(server.run(screen, "proxy-config", "listeners", "deploy/istio-ingressgateway", "-n", "istio-system"))
                .isEqualTo(0);

        assertThat(screen.out()).isEqualTo("""
                        ADDRESSES   PORT   MATCH   DESTINATION
                        0.0.0.0     80     ALL     Route: http.80
                        """);
    }

    @Test
    @Tag("S05")
    void aListenerHasAType() {
        server.proxies().run(httpListener(80, "http.80"));
        server.proxies().run(tcpListener());

        assertThat(server.run(screen, "proxy-config", "listener", "istio-ingressgateway", "--verbose=false"))
                .isEqualTo(0);

        assertThat(screen.out()).isEqualTo("""
                        ADDRESSES   PORT    TYPE
                        0.0.0.0     80      HTTP
                        0.0.0.0     31400   TCP
                        """);
    }

    @Test
    @Tag("S06")
    void routesInJsonAreEnvoysOwn() {
        server.proxies().run(blackhole());

        assertThat(server.run(screen, "proxy-config", "route", "istio-ingressgateway", "-o", "json"))
                .isEqualTo(0);

        var table = JsonParser.parseString(screen.out()).getAsJsonArray().get(0).getAsJsonObject();
        assertThat(table.get("name").getAsString()).isEqualTo("http.80");
        assertThat(table.get("validateClusters").getAsBoolean()).isFalse();
        assertThat(table.getAsJsonArray("virtualHosts")
                        .get(0)
                        .getAsJsonObject()
                        .get("name")
                        .getAsString())
                .isEqualTo("blackhole:80");
    }

    @Test
    void aVirtualHostWithoutRoutesAnswers404() {
        server.proxies().run(blackhole());

        server.run(screen, "pc", "routes", "istio-ingressgateway");

        assertThat(screen.out()).isEqualTo("""
                        NAME      VHOST NAME     DOMAINS   MATCH   VIRTUAL SERVICE
                        http.80   blackhole:80   *         /*      404
                        """);
    }

    @Test
    @Tag("S09")
    void routesNameTheirVirtualService() {
        server.proxies().run(table("http.8080", host("webapp.test:80", "webapp.test", "/api")));

        assertThat(server.run(screen, "pc", "route", "istio-ingressgateway", "--name", "http.8080"))
                .isEqualTo(0);

        assertThat(screen.out()).isEqualTo("""
                        NAME        VHOST NAME       DOMAINS       MATCH   VIRTUAL SERVICE
                        http.8080   webapp.test:80   webapp.test   /api*   webapp.shop
                        """);
    }

    @Test
    void aTableDeliveredInScopesIsShownAsOne() {
        server.proxies().run(scope("b.test", table("http.80", host("b.test:80", "b.test", "/"))));
        server.proxies().run(scope("a.test", table("http.80", host("a.test:80", "a.test", "/"))));

        server.run(screen, "pc", "route", "istio-ingressgateway", "-o", "json");

        var tables = JsonParser.parseString(screen.out()).getAsJsonArray();
        assertThat(tables).hasSize(1);
        assertThat(tables.get(0).getAsJsonObject().get("name").getAsString()).isEqualTo("http.80");
        assertThat(tables.get(0)
                        .getAsJsonObject()
                        .getAsJsonArray("virtualHosts")
                        .get(0)
                        .getAsJsonObject()
                        .get("name")
                        .getAsString())
                .isEqualTo("a.test:80");
    }

    @Test
    void aTableThatTurnsFromOneResourceToScopesIsShownOnce() {
        server.proxies().run(table("http.80", host("a.test:80", "a.test", "/")));
        server.proxies().run(scope("a.test", table("http.80", host("a.test:80", "a.test", "/"))));

        server.run(screen, "pc", "route", "istio-ingressgateway");

        assertThat(screen.out()).isEqualTo("""
                        NAME      VHOST NAME   DOMAINS   MATCH   VIRTUAL SERVICE
                        http.80   a.test:80    a.test    /*      webapp.shop
                        """);
    }

    @Test
    void clustersHaveIstiosColumns() {
        server.proxies().run(cluster("outbound|80|v1|cart.shop.svc.cluster.local"));

        server.run(screen, "pc", "cluster", "istio-ingressgateway");

        assertThat(screen.out()).isEqualTo("""
                        SERVICE FQDN                  PORT   SUBSET   DIRECTION   TYPE   DESTINATION RULE
                        cart.shop.svc.cluster.local   80     v1       outbound    EDS    cart.shop
                        """);
    }

    @Test
    void endpointsHaveIstiosColumns() {
        server.proxies()
                .run(ClusterLoadAssignment.newBuilder()
                        .setClusterName("outbound|80||cart.shop")
                        .addEndpoints(LocalityLbEndpoints.newBuilder()
                                .addLbEndpoints(LbEndpoint.newBuilder()
                                        .setEndpoint(Endpoint.newBuilder().setAddress(address("10.0.0.1", 9080)))))
                        .build());

        server.run(screen, "pc", "endpoints", "istio-ingressgateway");

        assertThat(screen.out()).isEqualTo("""
                        ENDPOINT        STATUS    OUTLIER CHECK   CLUSTER
                        10.0.0.1:9080   HEALTHY   -               outbound|80||cart.shop
                        """);
    }

    @Test
    void aFilterInsideAListenerIsPrintedInJson() {
        server.proxies().run(httpListener(80, "http.80"));

        assertThat(server.run(screen, "pc", "listener", "istio-ingressgateway", "-o", "json"))
                .isEqualTo(0);

        assertThat(screen.out()).contains("\"routeConfigName\": \"http.80\"");
    }

    @Test
    void aTypeThatIsNotKnownIsNotedInJson() {
        var unknown = Any.newBuilder()
                .setTypeUrl("type.googleapis.com/envoy.nowhere.v3.Thing")
                .setValue(ByteString.copyFromUtf8("abc"))
                .build();
        server.proxies()
                .run(Listener.newBuilder()
                        .addFilterChains(FilterChain.newBuilder()
                                .addFilters(Filter.newBuilder().setTypedConfig(unknown)))
                        .build());

        assertThat(server.run(screen, "pc", "listener", "istio-ingressgateway", "-o", "json"))
                .isEqualTo(0);

        assertThat(screen.out())
                .contains("type.googleapis.com/envoy.nowhere.v3.Thing, 3 bytes, unknown to this sallyport");
    }

    @Test
    void anUnknownProxyIsExitOne() {
        assertThat(server.run(screen, "pc", "route", "nobody")).isEqualTo(1);

        assertThat(screen.err()).isEqualTo("error: proxy \"nobody\" is not connected\n");
    }

    private static Listener httpListener(int port, String routes) {
        var manager = HttpConnectionManager.newBuilder()
                .setRds(Rds.newBuilder().setRouteConfigName(routes))
                .build();
        return listener(port, Any.pack(manager));
    }

    private static Listener tcpListener() {
        return listener(
                31400,
                Any.pack(TcpProxy.newBuilder().setCluster("outbound|2701||echo").build()));
    }

    private static Listener listener(int port, Any filter) {
        return Listener.newBuilder()
                .setName("0.0.0.0_" + port)
                .setAddress(address("0.0.0.0", port))
                .addFilterChains(
                        FilterChain.newBuilder().addFilters(Filter.newBuilder().setTypedConfig(filter)))
                .build();
    }

    private static RouteConfiguration blackhole() {
        return table(
                "http.80",
                VirtualHost.newBuilder().setName("blackhole:80").addDomains("*").build());
    }

    private static ScopedRouteConfiguration scope(String name, RouteConfiguration table) {
        return ScopedRouteConfiguration.newBuilder()
                .setName(name)
                .setRouteConfiguration(table)
                .build();
    }

    private static RouteConfiguration table(String name, VirtualHost host) {
        return RouteConfiguration.newBuilder()
                .setName(name)
                .setValidateClusters(BoolValue.of(false))
                .addVirtualHosts(host)
                .build();
    }

    private static VirtualHost host(String name, String domain, String prefix) {
        return VirtualHost.newBuilder()
                .setName(name)
                .addDomains(domain)
                .addRoutes(Route.newBuilder()
                        .setMatch(RouteMatch.newBuilder().setPrefix(prefix))
                        .setMetadata(metadata("virtual-service", "webapp")))
                .build();
    }

    private static Cluster cluster(String name) {
        return Cluster.newBuilder()
                .setName(name)
                .setType(Cluster.DiscoveryType.EDS)
                .setMetadata(metadata("destination-rule", "cart"))
                .build();
    }

    private static Metadata metadata(String kind, String name) {
        var config = "/apis/networking.istio.io/v1/namespaces/shop/" + kind + "/" + name;
        return Metadata.newBuilder()
                .putFilterMetadata(
                        "istio",
                        Struct.newBuilder()
                                .putFields(
                                        "config",
                                        Value.newBuilder()
                                                .setStringValue(config)
                                                .build())
                                .build())
                .build();
    }

    private static Address address(String host, int port) {
        return Address.newBuilder()
                .setSocketAddress(SocketAddress.newBuilder().setAddress(host).setPortValue(port))
                .build();
    }
}
