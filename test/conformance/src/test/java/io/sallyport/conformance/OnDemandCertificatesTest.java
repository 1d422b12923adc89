package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.testkit.net.HttpClient;
import io.sallyport.testkit.stack.ChildProcess;
import io.sallyport.testkit.stack.FreePorts;
import io.sallyport.testkit.stack.LocalEnvoy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Why every HTTPS server has a filter chain of its own: Envoy's other way, which asks for a certificate by the name
/// in the hello, cannot be kept within bounds where strangers choose that name (`docs/decisions/0039`). These are
/// Envoy's failures and not ours. The first Envoy that does better fails this test, and the decision is to be read
/// again.
@Timeout(120)
@Tag("V11")
class OnDemandCertificatesTest {

    private static final String AGAIN = "Envoy has changed (expected: what docs/decisions/0039 says of it)";
    private static final int SPELLINGS = 100;
    private static final String KEPT = "on_demand_secret.cert_active: " + SPELLINGS;
    private static final int END_SECONDS = 30;

    private final HttpClient client = new HttpClient();
    private int door;
    private int admin;

    @TempDir
    private Path scratch;

    @AfterEach
    void close() {
        client.close();
    }

    @Test
    void helloEndsEnvoy() throws IOException {
        try (var envoy = start();
                var stranger = new Socket(InetAddress.getLoopbackAddress(), door)) {
            stranger.getOutputStream().write(RawHello.naming("xdstp://"));

            assertThat(envoy.process().onExit()).as(AGAIN).succeedsWithin(Duration.ofSeconds(END_SECONDS));
        }
    }

    @Test
    void namesWithoutAnAnswerStayWhenTheirClientsHaveGone() throws IOException {
        var strangers = new ArrayList<Socket>();
        try (var _ = start()) {
            for (var n = 1; n <= SPELLINGS; n++) {
                var stranger = new Socket(InetAddress.getLoopbackAddress(), door);
                strangers.add(stranger);
                stranger.getOutputStream().write(RawHello.naming(spelling(n)));
            }
            awaitStatistic(KEPT);
            for (var stranger : strangers) {
                stranger.close();
            }
            awaitStatistic("_" + door + ".downstream_cx_active: 0");

            assertThat(statistics()).as(AGAIN).contains(KEPT);
        } finally {
            for (var stranger : strangers) {
                stranger.close();
            }
        }
    }

    // Within each test: this Envoy ends with the thread that started it.
    private ChildProcess start() throws IOException {
        var ports = FreePorts.take(3);
        door = ports.getFirst();
        admin = ports.get(1);
        // Nobody listens on the third: the service of secrets is away.
        var file = Files.writeString(scratch.resolve("envoy.yaml"), bootstrap(door, admin, ports.getLast()));
        return ChildProcess.start(
                line -> line.contains("starting main dispatch loop"),
                List.of(LocalEnvoy.path().toString(), "-c", file.toString(), "--use-dynamic-base-id"));
    }

    // One host in other letters each time.
    private static String spelling(int number) {
        var host = new StringBuilder("checkout.shop.test");
        for (var bit = 0; bit < Integer.SIZE && number >> bit != 0; bit++) {
            if ((number >> bit & 1) == 1) {
                host.setCharAt(bit, Character.toUpperCase(host.charAt(bit)));
            }
        }
        return host.toString();
    }

    private void awaitStatistic(String text) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(END_SECONDS))
                .untilAsserted(() -> assertThat(statistics()).as(AGAIN).contains(text));
    }

    private String statistics() throws IOException {
        var call = new HttpClient.Call("GET", "localhost", "/stats?filter=^listener", Map.of(), "");
        return client.send(admin, HttpClient.Version.HTTP_1_1, call).body();
    }

    private static String bootstrap(int door, int admin, int secrets) {
        return """
                node: {id: edge, cluster: edge}
                admin: {address: {socket_address: {address: 127.0.0.1, port_value: %2$d}}}
                static_resources:
                  clusters:
                  - name: sds-grpc
                    typed_extension_protocol_options:
                      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
                        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
                        explicit_http_config: {http2_protocol_options: {}}
                    load_assignment:
                      cluster_name: sds-grpc
                      endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: %3$d}}}}]}]
                  listeners:
                  - address: {socket_address: {address: 127.0.0.1, port_value: %1$d}}
                    listener_filters:
                    - name: envoy.filters.listener.tls_inspector
                      typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector}
                    filter_chains:
                    - transport_socket_connect_timeout: 15s
                      transport_socket:
                        name: tls
                        typed_config:
                          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
                          disable_stateless_session_resumption: true
                          disable_stateful_session_resumption: true
                          common_tls_context:
                            custom_tls_certificate_selector:
                              name: envoy.tls.certificate_selectors.on_demand_secret
                              typed_config:
                                "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.cert_selectors.on_demand_secret.v3.Config
                                config_source:
                                  resource_api_version: V3
                                  api_config_source:
                                    api_type: DELTA_GRPC
                                    transport_api_version: V3
                                    grpc_services: [{envoy_grpc: {cluster_name: sds-grpc}}]
                                certificate_mapper:
                                  name: envoy.tls.certificate_mappers.sni
                                  typed_config:
                                    "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.cert_mappers.sni.v3.SNI
                                    default_value: nobody
                      filters:
                      - name: echo
                        typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.network.echo.v3.Echo}
                """.formatted(door, admin, secrets);
    }
}
