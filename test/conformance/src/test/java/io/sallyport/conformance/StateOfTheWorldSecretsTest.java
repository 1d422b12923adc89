package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sallyport.testkit.stack.ChildProcess;
import io.sallyport.testkit.stack.FreePorts;
import io.sallyport.testkit.stack.LocalEnvoy;
import io.sallyport.testkit.stack.Sallyport;
import io.sallyport.testkit.tls.Authority;
import io.sallyport.testkit.tls.Authority.Issued;
import io.sallyport.testkit.tls.Curl;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// An Envoy that asks secret-service by the state-of-the-world protocol, as one with a bootstrap of its own may.
@Timeout(240)
class StateOfTheWorldSecretsTest {

    // curl's exit codes for a server that ends the handshake (S29).
    private static final Integer[] REJECTED = {16, 35, 52, 55, 56};

    // An Envoy that waits for its secrets without end, instead of its 15 seconds: it starts only if it is answered.
    private static final String BOOTSTRAP = """
            node:
              id: router~127.0.0.1~edge.istio-system~istio-system.svc.cluster.local
              cluster: edge
              metadata: {NAMESPACE: istio-system}
            static_resources:
              clusters:
              - name: sds
                type: STATIC
                typed_extension_protocol_options:
                  envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
                    "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
                    explicit_http_config: {http2_protocol_options: {}}
                load_assignment:
                  cluster_name: sds
                  endpoints: [{lb_endpoints: [{endpoint: {address: {pipe: {path: SOCKET}}}}]}]
              listeners:
              - name: tls
                address: {socket_address: {address: 127.0.0.1, port_value: PORT}}
                listener_filters:
                - name: inspector
                  typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector}
                filter_chains:
                - filter_chain_match: {server_names: [one.test]}
                  filters: FILTERS
                  transport_socket:
                    name: tls
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
                      common_tls_context:
                        tls_certificate_sds_secret_configs: [{name: "kubernetes://nowhere", sds_config: SOURCE}]
                - filter_chain_match: {server_names: [mutual.test]}
                  filters: FILTERS
                  transport_socket:
                    name: tls
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
                      require_client_certificate: true
                      common_tls_context:
                        tls_certificate_sds_secret_configs: [{name: "kubernetes://there", sds_config: SOURCE}]
                        validation_context_sds_secret_config: {name: "kubernetes://nowhere-cacert", sds_config: SOURCE}
            """;

    private static final String SOURCE =
            "{initial_fetch_timeout: 0s, resource_api_version: V3, api_config_source: {api_type: GRPC,"
                    + " transport_api_version: V3, grpc_services: [{envoy_grpc: {cluster_name: sds}}]}}";

    private static final String FILTERS =
            "[{name: http, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.network."
                    + "http_connection_manager.v3.HttpConnectionManager, stat_prefix: x, route_config: {virtual_hosts:"
                    + " [{name: all, domains: [\"*\"], routes: [{match: {prefix: /}, direct_response: {status: 200}}]}]},"
                    + " http_filters: [{name: router, typed_config: {\"@type\":"
                    + " type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}]}}]";

    @Test
    @Tag("T9")
    @Tag("H45")
    void aMissingSecretHoldsUpNoStartAndConvincesNobody(@TempDir Path scratch) throws IOException {
        var authority = Authority.in(scratch.resolve("authority"));
        var config = Files.createDirectories(scratch.resolve("config"));
        mount(config, "there", authority.issue("mutual.test", 20));
        var data = scratch.resolve("data");
        var port = FreePorts.take(1).getFirst();
        try (var _ = Sallyport.up(config, data, "--no-envoy")) {
            var bootstrap = Files.writeString(
                    scratch.resolve("envoy.yaml"),
                    BOOTSTRAP
                            .replace("SOCKET", data.resolve("sds.sock").toString())
                            .replace("PORT", String.valueOf(port))
                            .replace("FILTERS", FILTERS)
                            .replace("SOURCE", SOURCE));
            var command = List.of(
                    LocalEnvoy.path().toString(),
                    "-c",
                    bootstrap.toString(),
                    "--use-dynamic-base-id",
                    "--concurrency",
                    "1");
            try (var _ = ChildProcess.start(line -> line.contains("starting workers"), command)) {
                var client = authority.issue("client.test", 20);

                assertThat(get(authority, "one.test", port, client).exitCode())
                        .as("a certificate that nobody believes")
                        .isEqualTo(60);
                assertThat(get(authority, "mutual.test", port, client).exitCode())
                        .as("authorities that vouch for nobody")
                        .isIn((Object[]) REJECTED);

                mount(config, "nowhere", authority.issue("one.test", 20));
                Files.copy(authority.certificate(), config.resolve("secrets/istio-system/nowhere/ca.crt"));
                await("the secret has come").atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
                    assertThat(get(authority, "one.test", port, client).status())
                            .isEqualTo(200);
                    assertThat(get(authority, "mutual.test", port, client).status())
                            .isEqualTo(200);
                });
            }
        }
    }

    private static Curl.Result get(Authority authority, String host, int port, Issued client) throws IOException {
        return Curl.https(
                host,
                port,
                "/",
                "--cacert",
                authority.certificate().toString(),
                "--cert",
                client.certificate().toString(),
                "--key",
                client.key().toString());
    }

    private static void mount(Path config, String name, Issued issued) throws IOException {
        var secret =
                Files.createDirectories(config.resolve("secrets/istio-system").resolve(name));
        Files.copy(issued.certificate(), secret.resolve("tls.crt"));
        Files.copy(issued.key(), secret.resolve("tls.key"));
    }
}
