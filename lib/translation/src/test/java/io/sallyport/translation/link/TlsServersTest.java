package io.sallyport.translation.link;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.ApiConfigSource;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.listener.v3.ListenerFilter;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsParameters.TlsProtocol;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.sallyport.analysis.Analyzer;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ResourceType;
import io.sallyport.translation.Translator;
import io.sallyport.translation.simulate.Answer;
import io.sallyport.translation.simulate.HeaderLines;
import io.sallyport.translation.simulate.Hello;
import io.sallyport.translation.simulate.Request;
import io.sallyport.translation.simulate.TrafficSimulator;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// What Envoy is given for servers with TLS, from YAML to resources.
class TlsServersTest {

    private static final String ROUTES = """
            ---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {namespace: shop, name: all}
            spec:
              hosts: [a.test, b.test, d.test]
              gateways: [edge]
              http:
              - directResponse: {status: 204}
            """;

    private static final String MESH = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {namespace: shop, name: east-west}
            spec:
              servers:
              - port: {number: 15443, name: tls, protocol: TLS}
                hosts: ["*.shop.svc.cluster.local"]
                tls: {mode: AUTO_PASSTHROUGH}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: cart, namespace: shop}
            spec: {ports: [{name: http, port: 80}]}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: cart, namespace: other}
            spec: {ports: [{name: http, port: 80}]}
            ---
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {namespace: shop, name: outside}
            spec: {hosts: [outside.test], ports: [{number: 443, name: tls, protocol: TLS}], resolution: DNS}
            ---
            apiVersion: networking.istio.io/v1
            kind: DestinationRule
            metadata: {namespace: shop, name: cart}
            spec:
              host: cart.shop.svc.cluster.local
              trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}
              subsets: [{name: v1, labels: {version: v1}}]
            """;

    @Test
    @Tag("T1")
    @Tag("T3")
    @Tag("T6")
    @Tag("G16")
    void aServerShowsTheSecretOfItsNameToClientsThatNameIt() throws InvalidProtocolBufferException {
        var resources = resources("{mode: SIMPLE, credentialName: shop-cert}");
        var listener = listener(resources);
        var chain = listener.getFilterChains(0);
        var tls = tls(chain);
        var secret = tls.getCommonTlsContext().getTlsCertificateSdsSecretConfigs(0);

        assertThat(chain.getFilterChainMatch().getServerNamesList()).containsExactly("*.wild.test", "a.test", "c.test");
        assertThat(chain.getTransportSocketConnectTimeout().getSeconds()).isEqualTo(15);
        assertThat(listener.getListenerFiltersList())
                .extracting(ListenerFilter::getName)
                .containsExactly("envoy.filters.listener.tls_inspector");
        assertThat(tls.getCommonTlsContext().getAlpnProtocolsList()).containsExactly("h2", "http/1.1");
        assertThat(tls.getCommonTlsContext().getTlsParams().getTlsMinimumProtocolVersion())
                .isEqualTo(TlsProtocol.TLSv1_2);
        assertThat(tls.getRequireClientCertificate().getValue()).isFalse();
        assertThat(secret.getName()).isEqualTo("kubernetes://shop-cert");
        assertThat(resources.withheld()).isEmpty();
    }

    @Test
    @Tag("H126")
    void anEditOpensNoWayAroundTheCertificatesOfANarrowerServer() throws InvalidProtocolBufferException {
        var analyzer = new Analyzer();
        var translator = new Translator();
        var image = Images.image(wideAndNarrow("MUTUAL") + "---\n" + routes("wide", "*.wild.test", 200));
        assertThat(answered(translator, analyzer, image)).isEqualTo(421);

        image = Images.edited(image, routes("safe", "safe.wild.test", 203));
        assertThat(answered(translator, analyzer, image))
                .as("bound to both servers")
                .isEqualTo(421);
        image = Images.edited(image, wideAndNarrow("SIMPLE"));
        assertThat(answered(translator, analyzer, image)).as("nobody is asked").isEqualTo(203);
        image = Images.edited(image, wideAndNarrow("OPTIONAL_MUTUAL"));
        assertThat(answered(translator, analyzer, image)).isEqualTo(421);
    }

    private static String wideAndNarrow(String mode) {
        return """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {namespace: shop, name: edge}
                spec:
                  servers:
                  - port: {number: 443, name: wide, protocol: HTTPS}
                    hosts: ["*.wild.test"]
                    tls: {mode: SIMPLE, credentialName: c}
                  - port: {number: 443, name: narrow, protocol: HTTPS}
                    hosts: [safe.wild.test]
                    tls: {mode: %s, credentialName: c}
                """.formatted(mode);
    }

    private static String routes(String name, String host, int status) {
        return """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {namespace: shop, name: %s}
                spec:
                  hosts: ["%s"]
                  gateways: [edge]
                  http:
                  - directResponse: {status: %d}
                """.formatted(name, host, status);
    }

    // A request for the narrow server's host on a connection that named another host.
    private static int answered(Translator translator, Analyzer analyzer, ConfigImage image)
            throws InvalidProtocolBufferException {
        var simulator = new TrafficSimulator(translator.translate(analyzer.check(image), Images.INGRESS));
        var request = new Request(
                443,
                Hello.of("other.wild.test"),
                "192.0.2.1",
                Request.Protocol.HTTP2,
                "GET",
                "safe.wild.test",
                "/",
                List.<HeaderLines.Line>of());
        return ((Answer.Replied) simulator.answer(request)).status();
    }

    @Test
    @Tag("V7")
    void secretsAreAskedForApartFromAllElse() throws InvalidProtocolBufferException {
        var tls = tls(listener(resources("{mode: SIMPLE, credentialName: c}")).getFilterChains(0));
        ConfigSource source =
                tls.getCommonTlsContext().getTlsCertificateSdsSecretConfigs(0).getSdsConfig();

        assertThat(source.hasAds()).isFalse();
        assertThat(source.getApiConfigSource().getApiType()).isEqualTo(ApiConfigSource.ApiType.DELTA_GRPC);
        assertThat(source.getApiConfigSource().getGrpcServices(0).getEnvoyGrpc().getClusterName())
                .isEqualTo("sds-grpc");
        assertThat(source.getInitialFetchTimeout().getSeconds()).isEqualTo(2);
    }

    @Test
    @Tag("T2")
    @Tag("T7")
    @Tag("T12")
    void mutualTlsAsksForCertificatesOfItsAuthority() throws InvalidProtocolBufferException {
        var pin = "A".repeat(43) + "=";
        var tls = tls(listener(resources("{mode: MUTUAL, credentialName: c, subjectAltNames: [x.test],"
                        + " verifyCertificateSpki: [\"" + pin + "\"]}"))
                .getFilterChains(0));
        var combined = tls.getCommonTlsContext().getCombinedValidationContext();

        assertThat(tls.getRequireClientCertificate().getValue()).isTrue();
        assertThat(combined.getValidationContextSdsSecretConfig().getName()).isEqualTo("kubernetes://c-cacert");
        assertThat(combined.getDefaultValidationContext().getMatchTypedSubjectAltNamesList())
                .isNotEmpty()
                .allSatisfy(name -> assertThat(name.getMatcher().getExact()).isEqualTo("x.test"));
        assertThat(combined.getDefaultValidationContext().getVerifyCertificateSpkiList())
                .containsExactly(pin);
    }

    @Test
    @Tag("T2")
    @Tag("S30")
    void optionalMutualTlsAsksAndDoesNotInsist() throws InvalidProtocolBufferException {
        var tls = tls(listener(resources("{mode: OPTIONAL_MUTUAL, credentialName: c}"))
                .getFilterChains(0));

        assertThat(tls.getRequireClientCertificate().getValue()).isFalse();
        assertThat(tls.getCommonTlsContext().hasCombinedValidationContext()).isTrue();
    }

    @Test
    @Tag("S28")
    @Tag("T13")
    void filesComeByTheWayOfSecrets() throws InvalidProtocolBufferException {
        var tls = tls(listener(resources("{mode: MUTUAL, serverCertificate: /c/tls.crt, privateKey: /c/tls.key,"
                        + " caCertificates: /c/ca.crt, caCrl: /c/crl}"))
                .getFilterChains(0));
        var context = tls.getCommonTlsContext();

        assertThat(context.getTlsCertificateSdsSecretConfigs(0).getName()).isEqualTo("file-cert:/c/tls.crt~/c/tls.key");
        assertThat(context.getCombinedValidationContext()
                        .getValidationContextSdsSecretConfig()
                        .getName())
                .isEqualTo("file-root:/c/ca.crt~/c/crl");
        assertThat(context.getCombinedValidationContext()
                        .getDefaultValidationContext()
                        .hasCrl())
                .isFalse();
    }

    @Test
    @Tag("T14")
    void clientsCannotSayWhichCertificateTheyShowed() throws InvalidProtocolBufferException {
        var manager = listener(resources("{mode: MUTUAL, credentialName: c}"))
                .getFilterChains(0)
                .getFilters(0)
                .getTypedConfig()
                .unpack(HttpConnectionManager.class);

        assertThat(manager.getForwardClientCertDetails())
                .isEqualTo(HttpConnectionManager.ForwardClientCertDetails.SANITIZE_SET);
        assertThat(manager.getSetCurrentClientCertDetails().getSubject().getValue())
                .isTrue();
        assertThat(manager.getRds().getRouteConfigName()).isEqualTo("https.443.https.edge.shop");
    }

    @Test
    @Tag("G7")
    @Tag("G8")
    @Tag("P2")
    void aTableOfOneServerTellsItsOwnHostsFromThoseOfOthers() throws InvalidProtocolBufferException {
        var resources = resources("{mode: SIMPLE, credentialName: c}");
        var routes = RouteConfiguration.parseFrom(resources
                .find(ResourceType.ROUTES, "https.443.https.edge.shop")
                .orElseThrow()
                .bytes());
        var simulator = new TrafficSimulator(resources);

        assertThat(routes.getVirtualHostsList())
                .extracting(VirtualHost::getName)
                .containsExactly("a.test:443", "blackhole:443", "misdirected:443");
        assertThat(status(simulator, "a.test", "a.test")).isEqualTo(204);
        assertThat(status(simulator, "a.test", "c.test")).isEqualTo(404);
        assertThat(status(simulator, "a.test", "x.wild.test")).isEqualTo(404);
        assertThat(status(simulator, "a.test", "b.test")).isEqualTo(421);
        assertThat(status(simulator, "b.test", "b.test")).isEqualTo(204);
    }

    @Test
    @Tag("S18")
    @Tag("T1")
    void aConnectionWithAnotherNameOrNoneIsClosed() {
        var simulator = new TrafficSimulator(resources("{mode: SIMPLE, credentialName: c}"));

        assertThat(simulator.connect(443, "localhost")).isInstanceOf(Answer.Closed.class);
        assertThat(simulator.connect(443, "")).isInstanceOf(Answer.Closed.class);
    }

    @Test
    @Tag("D8")
    void anEndpointIsReachedWithTheSecretOfTheRule() throws InvalidProtocolBufferException {
        var resources = translate("""
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {namespace: shop, name: edge}
                spec:
                  servers:
                  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {namespace: shop, name: a}
                spec:
                  hosts: [a.test]
                  gateways: [edge]
                  http:
                  - {route: [{destination: {host: out.test}}]}
                ---
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {namespace: shop, name: out}
                spec:
                  host: out.test
                  trafficPolicy: {tls: {mode: MUTUAL, credentialName: client, sni: in.test}}
                ---
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {namespace: shop, name: out}
                spec:
                  hosts: [out.test]
                  ports: [{number: 443, name: http, protocol: HTTP}]
                  resolution: STATIC
                  endpoints: [{address: 10.0.0.1}]
                """);
        var cluster = Cluster.parseFrom(resources
                .find(ResourceType.CLUSTER, "outbound|443||out.test")
                .orElseThrow()
                .bytes());
        var tls = cluster.getTransportSocket().getTypedConfig().unpack(UpstreamTlsContext.class);

        assertThat(tls.getSni()).isEqualTo("in.test");
        assertThat(tls.getCommonTlsContext().getTlsParams().getTlsMaximumProtocolVersion())
                .isEqualTo(TlsProtocol.TLSv1_3);
        assertThat(tls.getCommonTlsContext().getTlsCertificateSdsSecretConfigsList())
                .extracting(SdsSecretConfig::getName)
                .containsExactly("kubernetes://client");
        assertThat(tls.getCommonTlsContext()
                        .getCombinedValidationContext()
                        .getValidationContextSdsSecretConfig()
                        .getName())
                .isEqualTo("kubernetes://client-cacert");
        assertThat(resources.withheld()).isEmpty();
    }

    @Test
    @Tag("T5")
    void whatIsMeantForTheMeshIsPassedOnToEachPortAndSubset() {
        var resources = translate(MESH);
        var simulator = new TrafficSimulator(resources);

        assertThat(passedOn(simulator, "outbound_.80_._.cart.shop.svc.cluster.local", "istio-h2"))
                .containsExactly("outbound_.80_._.cart.shop.svc.cluster.local");
        assertThat(passedOn(simulator, "outbound_.80_.v1_.cart.shop.svc.cluster.local", "istio"))
                .containsExactly("outbound_.80_.v1_.cart.shop.svc.cluster.local");
        assertThat(passedOn(simulator, "outbound_.80_._.cart.shop.svc.cluster.local", "h2"))
                .as("not the mesh's own TLS")
                .isEmpty();
        assertThat(passedOn(simulator, "outbound_.443_._.outside.test", "istio"))
                .as("not in the mesh")
                .isEmpty();
        assertThat(passedOn(simulator, "outbound_.80_._.cart.other.svc.cluster.local", "istio"))
                .as("not one of the server's hosts")
                .isEmpty();
    }

    @Test
    @Tag("T5")
    void whatIsPassedOnGetsNoSecondTls() throws InvalidProtocolBufferException {
        var name = "outbound_.80_._.cart.shop.svc.cluster.local";
        var cluster = Cluster.parseFrom(
                translate(MESH).find(ResourceType.CLUSTER, name).orElseThrow().bytes());

        assertThat(cluster.hasTransportSocket()).isFalse();
        assertThat(cluster.getEdsClusterConfig().getServiceName()).isEqualTo(name);
    }

    @Test
    @Tag("T5")
    void aNewServiceOfTheMeshIsReachedWithoutANewGateway() {
        var analyzer = new Analyzer();
        var translator = new Translator();
        var before = Images.image(MESH);
        translator.translate(analyzer.check(before), Images.INGRESS);
        var after = Images.edited(before, """
                apiVersion: v1
                kind: Service
                metadata: {name: pay, namespace: shop}
                spec: {ports: [{name: http, port: 80}]}
                """);

        var simulator = new TrafficSimulator(translator.translate(analyzer.check(after), Images.INGRESS));

        assertThat(passedOn(simulator, "outbound_.80_._.pay.shop.svc.cluster.local", "istio"))
                .hasSize(1);
    }

    private static List<String> passedOn(TrafficSimulator simulator, String serverName, String protocol) {
        return simulator.connect(15443, new Hello.Tls(serverName, List.of(protocol), true))
                        instanceof Answer.Tunnelled tunnelled
                ? tunnelled.shares().stream().map(Answer.Share::cluster).toList()
                : List.of();
    }

    // Two servers on 443: one with these settings for a.test, c.test and *.wild.test, one for b.test and d.test.
    private static EnvoyResources resources(String tls) {
        return translate("""
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {namespace: shop, name: edge}
                spec:
                  servers:
                  - {port: {number: 443, name: https, protocol: HTTPS}, hosts: [c.test, ./a.test, "*.wild.test"], tls: %s}
                  - port: {number: 443, name: other, protocol: HTTPS}
                    hosts: [b.test, d.test]
                    tls: {mode: SIMPLE, credentialName: other}
                """.formatted(tls) + ROUTES);
    }

    private static EnvoyResources translate(String yaml) {
        return new Translator().translate(new Analyzer().check(Images.image(yaml)), Images.INGRESS);
    }

    private static Listener listener(EnvoyResources resources) throws InvalidProtocolBufferException {
        return Listener.parseFrom(resources
                .find(ResourceType.LISTENER, "0.0.0.0_443")
                .orElseThrow()
                .bytes());
    }

    private static DownstreamTlsContext tls(FilterChain chain) throws InvalidProtocolBufferException {
        return chain.getTransportSocket().getTypedConfig().unpack(DownstreamTlsContext.class);
    }

    private static int status(TrafficSimulator simulator, String serverName, String host) {
        var request = new Request(443, serverName, "192.0.2.1", Request.Protocol.HTTP2, "GET", host, "/", List.of());
        return simulator.answer(request) instanceof Answer.Replied replied ? replied.status() : 0;
    }
}
