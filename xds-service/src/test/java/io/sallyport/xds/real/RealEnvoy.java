package io.sallyport.xds.real;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;

/// A real Envoy under test, connected to a discovery port on loopback. Its path is in `ENVOY`.
final class RealEnvoy implements AutoCloseable {

    private static final HttpClient CLIENT = HttpClient.newBuilder()
            .connectTimeout(Duration.ofSeconds(2))
            .version(HttpClient.Version.HTTP_1_1)
            .build();

    private final Process process;
    private final Path adminAddress;
    private final Path log;

    private RealEnvoy(Process process, Path adminAddress, Path log) {
        this.process = process;
        this.adminAddress = adminAddress;
        this.log = log;
    }

    static RealEnvoy start(Path folder, int xdsPort, String apiType) throws IOException {
        var bootstrap = folder.resolve("bootstrap.yaml");
        var admin = folder.resolve("admin");
        var log = folder.resolve("envoy.log");
        Files.writeString(bootstrap, """
                node: {id: "router~127.0.0.1~edge.shop~shop.svc.cluster.local", cluster: edge}
                admin: {address: {socket_address: {address: 127.0.0.1, port_value: 0}}}
                dynamic_resources:
                  lds_config: {ads: {}, resource_api_version: V3}
                  cds_config: {ads: {}, resource_api_version: V3}
                  ads_config:
                    api_type: %s
                    transport_api_version: V3
                    grpc_services: [{envoy_grpc: {cluster_name: xds-grpc}}]
                static_resources:
                  clusters:
                  - name: xds-grpc
                    type: STATIC
                    connect_timeout: 1s
                    typed_extension_protocol_options:
                      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
                        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
                        explicit_http_config: {http2_protocol_options: {}}
                    load_assignment:
                      cluster_name: xds-grpc
                      endpoints:
                      - lb_endpoints:
                        - endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: %d}}}
                """.formatted(apiType, xdsPort));
        var process = new ProcessBuilder(List.of(
                        System.getenv("ENVOY"),
                        "-c",
                        bootstrap.toString(),
                        "--concurrency",
                        "1",
                        "--use-dynamic-base-id",
                        "--admin-address-path",
                        admin.toString(),
                        "-l",
                        "info"))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        return new RealEnvoy(process, admin, log);
    }

    static int freePort() throws IOException {
        for (int tries = 0; tries < 1_000; tries++) {
            // Below what Linux takes for outgoing connections, one of which would have it before it is listened on.
            int port = ThreadLocalRandom.current().nextInt(20_000, 32_000);
            try (var socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (BindException _) {
                // Somebody has it.
            }
        }
        throw new IOException("no port from 20000 to 32000 is free");
    }

    /// Asks until the answer is right; the body of a failed try is `-`.
    void until(String url, Predicate<String> right) throws InterruptedException, IOException {
        var last = "-";
        for (int i = 0; i < 2_000; i++) {
            last = get(url);
            if (right.test(last)) {
                return;
            }
            Thread.onSpinWait();
            process.waitFor(Duration.ofMillis(10));
        }
        throw new AssertionError(url + " answers " + last + "\n" + Files.readString(log));
    }

    static String get(String url) throws InterruptedException {
        try {
            return CLIENT.send(
                            HttpRequest.newBuilder(URI.create(url))
                                    .timeout(Duration.ofSeconds(5))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (IOException _) {
            return "-";
        }
    }

    String admin(String path) throws InterruptedException, IOException {
        return get("http://" + Files.readString(adminAddress).strip() + path);
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit().orTimeout(30, java.util.concurrent.TimeUnit.SECONDS).join();
    }
}
