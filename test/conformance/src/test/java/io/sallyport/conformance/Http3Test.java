package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.testkit.net.HttpClient;
import io.sallyport.testkit.net.HttpClient.Version;
import io.sallyport.testkit.stack.ChildProcess;
import io.sallyport.testkit.stack.FreePorts;
import io.sallyport.testkit.stack.GatewayStack;
import io.sallyport.testkit.stack.LocalEnvoy;
import io.sallyport.testkit.tls.Authority;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// HTTP/3 where the mesh says so. The client is another Envoy, which speaks HTTP/3 to the gateway.
@Timeout(120)
class Http3Test {

    private static final String PROXIES = """
            mesh: {defaultConfig: {proxyMetadata: {PILOT_ENABLE_QUIC_LISTENERS: "true"}}}
            proxies:
            - {name: edge, namespace: istio-system, labels: {istio: ingressgateway}}
            """;

    private static final String CONFIGURATION = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {name: edge}
            spec:
              selector: {istio: ingressgateway}
              servers:
              - {port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.test]}
              - port: {number: 443, name: https, protocol: HTTPS}
                hosts: [shop.test]
                tls: {mode: SIMPLE, credentialName: edge-cert}
            ---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: shop}
            spec:
              hosts: [shop.test]
              gateways: [edge]
              http:
              - directResponse: {status: 200, body: {string: ok}}
                headers: {response: {set: {x-spoken: "%PROTOCOL%"}}}
            """;

    @Test
    @Tag("T3")
    void requestsComeByQuicAndAnswersOverTcpSaySo(@TempDir Path scratch) throws IOException {
        var authority = Authority.in(scratch.resolve("authority"));
        var issued = authority.issue("shop.test", 2);
        var secret = Files.createDirectories(scratch.resolve("config/secrets/istio-system/edge-cert"));
        Files.copy(issued.certificate(), secret.resolve("tls.crt"));
        Files.copy(issued.key(), secret.resolve("tls.key"));
        try (var stack = GatewayStack.start(scratch, PROXIES);
                var client = new HttpClient()) {
            stack.become(CONFIGURATION);
            int listen = FreePorts.take(1).getFirst();
            var file = Files.writeString(
                    scratch.resolve("client.yaml"), client(listen, stack.port("", 443), authority.certificate()));
            var command = List.of(LocalEnvoy.path().toString(), "-c", file.toString(), "--use-dynamic-base-id");
            try (var _ = ChildProcess.start(line -> line.contains("starting main dispatch loop"), command)) {
                var call = new HttpClient.Call("GET", "shop.test", "/", Map.of(), "");
                var reply = client.send(listen, Version.HTTP_1_1, call);

                assertThat(reply.status()).as(reply::toString).isEqualTo(200);
                assertThat(reply.headers().first("x-spoken")).hasValue("HTTP/3");
            }
            assertThat(overTcp(stack.port("", 443), authority))
                    .contains("alt-svc: h3=\":443\"; ma=86400")
                    .contains("x-spoken: HTTP/2");
        }
    }

    private static String overTcp(int port, Authority authority) throws IOException {
        var curl = new ProcessBuilder(
                        "curl",
                        "--silent",
                        "--include",
                        "--max-time",
                        "30",
                        "--cacert",
                        authority.certificate().toString(),
                        "--resolve",
                        "shop.test:" + port + ":127.0.0.1",
                        "https://shop.test:" + port + "/")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        return new String(curl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    private static String client(int listen, int gateway, Path authority) {
        return """
                static_resources:
                  listeners:
                  - address: {socket_address: {address: 127.0.0.1, port_value: %d}}
                    filter_chains:
                    - filters:
                      - name: manager
                        typed_config:
                          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                          stat_prefix: client
                          route_config:
                            virtual_hosts: [{name: all, domains: ["*"], routes: [{match: {prefix: /}, route: {cluster: gateway}}]}]
                          http_filters:
                          - name: router
                            typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
                  clusters:
                  - name: gateway
                    type: STATIC
                    load_assignment:
                      cluster_name: gateway
                      endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: %d}}}}]}]
                    typed_extension_protocol_options:
                      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
                        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
                        explicit_http_config: {http3_protocol_options: {}}
                    transport_socket:
                      name: envoy.transport_sockets.quic
                      typed_config:
                        "@type": type.googleapis.com/envoy.extensions.transport_sockets.quic.v3.QuicUpstreamTransport
                        upstream_tls_context:
                          sni: shop.test
                          common_tls_context: {validation_context: {trusted_ca: {filename: "%s"}}}
                """.formatted(listen, gateway, authority);
    }
}
