package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import io.envoyproxy.envoy.config.bootstrap.v3.Bootstrap;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsCertificate;
import io.sallyport.testkit.net.EchoServer;
import io.sallyport.testkit.net.SteadyClient;
import io.sallyport.testkit.tls.Authority;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Gateways are replaced under load, as a Deployment does it: a new one takes traffic, then an old one runs the chart's
/// own drain script and ends. Nobody's request fails, neither a short nor a long one, over HTTP/1.1 or HTTP/2.
class DrainLosesNothingTest {

    private static final int RESTARTS = Boolean.getBoolean("sallyport.nightly") ? 20 : 3;
    private static final int REPLICAS = 2;
    private static final String HOST = "shop.test";
    private static final String SLOW = "/slow?delay=3000ms";

    private static final String CONFIGURATION = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {namespace: shop, name: edge}
            spec:
              selector: {istio: ingressgateway}
              servers: [{port: {number: 8080, name: http, protocol: HTTP}, hosts: ["*"]}]
            ---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {namespace: shop, name: shop}
            spec:
              hosts: ["*"]
              gateways: [edge]
              http: [{route: [{destination: {host: backend.test, port: {number: 80}}}]}]
            ---
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {namespace: shop, name: backend}
            spec:
              hosts: [backend.test]
              ports: [{number: 80, name: http, protocol: HTTP}]
              resolution: STATIC
              endpoints: [{address: 127.0.0.1, ports: {http: BACKEND}}]
            """;

    @Test
    @Tag("F22")
    @Tag("P23")
    void rollingRestartsFailNoRequest(@TempDir Path folder) throws Exception {
        var authority = Authority.in(folder.resolve("authority"));
        var certificate = authority.issue("localhost", 1);
        try (var backend = new EchoServer("backend");
                var plain = new ReadyBalancer(DrainedGateway::httpPort);
                var secure = new ReadyBalancer(DrainedGateway::secondPort)) {
            var bootstrap = bootstrap(backend.port(), certificate);
            var serving = new ArrayDeque<DrainedGateway>();
            var all = new ArrayList<DrainedGateway>();
            var first = DrainedGateway.start(folder.resolve("gateway"), bootstrap);
            all.add(first);
            serving.add(first);
            plain.add(first);
            secure.add(first);
            try (var quick = new SteadyClient(plain.port(), HOST, "/");
                    var slow = new SteadyClient(plain.port(), HOST, SLOW);
                    var streams = new SteadyStreams(secure.port(), List.of("/", SLOW), authority.trust())) {
                for (var n = 1; n < REPLICAS * (RESTARTS + 1); n++) {
                    var fresh = DrainedGateway.start(folder.resolve("gateway-" + n), bootstrap);
                    all.add(fresh);
                    serving.add(fresh);
                    plain.add(fresh);
                    secure.add(fresh);
                    if (serving.size() > REPLICAS) {
                        serving.remove().leave();
                    }
                    quick.awaitAnswers(50);
                    streams.awaitAnswers(50);
                }
                for (var gone : all.subList(0, all.size() - REPLICAS)) {
                    assertThat(gone.lastWords()).as("no connection was cut").endsWith("drain: done");
                }
                slow.awaitAnswers(1);
                streams.awaitAnswers(50);

                assertThat(quick.failures()).isEmpty();
                assertThat(slow.failures()).isEmpty();
                assertThat(streams.failures()).isEmpty();
            } finally {
                for (var gateway : all) {
                    gateway.close();
                }
            }
        }
    }

    /// What Sallyport gives a gateway, as a static configuration; the same once more with TLS, for HTTP/2.
    private static Bootstrap bootstrap(int backend, Authority.Issued certificate) throws IOException {
        var bootstrap = StaticBootstrap.of(CONFIGURATION.replace("BACKEND", String.valueOf(backend))).toBuilder();
        var http = bootstrap.getStaticResources().getListeners(0);
        bootstrap.getStaticResourcesBuilder().addListeners(secure(http, certificate));
        return bootstrap.build();
    }

    private static Listener secure(Listener http, Authority.Issued certificate) {
        var tls = DownstreamTlsContext.newBuilder()
                .setCommonTlsContext(CommonTlsContext.newBuilder()
                        .addAlpnProtocols("h2")
                        .addTlsCertificates(TlsCertificate.newBuilder()
                                .setCertificateChain(file(certificate.certificate()))
                                .setPrivateKey(file(certificate.key()))))
                .build();
        var listener = http.toBuilder().setName("https");
        listener.getFilterChainsBuilder(0)
                .setTransportSocket(TransportSocket.newBuilder()
                        .setName("envoy.transport_sockets.tls")
                        .setTypedConfig(Any.pack(tls)));
        return listener.build();
    }

    private static DataSource file(Path file) {
        return DataSource.newBuilder().setFilename(file.toString()).build();
    }
}
