package io.sallyport.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.sallyport.proto.egress.v1.Client;
import io.sallyport.proto.egress.v1.EgressPolicyServiceGrpc;
import io.sallyport.proto.egress.v1.EvaluateRequest;
import io.sallyport.proto.egress.v1.Protocol;
import io.sallyport.proto.egress.v1.Way;
import io.sallyport.runtime.BearerToken;
import io.sallyport.runtime.rpc.Channels;
import io.sallyport.standalone.envoy.TestEnvoy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// egress-policy-service explains and enforces nothing, so that its absence changes no verdict; and while configuration
/// is away, it goes on explaining by the last one.
@Tag("F4")
@Tag("V8")
class EgressDownTest {

    private static final int PROBES = 170;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    private int xdsPort;
    private int egressPort;
    private int door;
    private HttpClient client;

    @BeforeEach
    void settings() throws IOException {
        xdsPort = freePort();
        egressPort = freePort();
        door = freePort();
        var configPort = freePort();
        client = HttpClient.newBuilder()
                .proxy(ProxySelector.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), door)))
                .connectTimeout(Duration.ofSeconds(5))
                .version(HttpClient.Version.HTTP_1_1)
                .build();
        Files.createDirectories(folder.resolve("config"));
        Files.writeString(folder.resolve("config/egress.yaml"), """
                apiVersion: v1
                kind: ConfigMap
                metadata: {namespace: istio-system, name: istio}
                data:
                  mesh: |
                    outboundTrafficPolicy: {mode: REGISTRY_ONLY}
                ---
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: allowed, namespace: default}
                spec:
                  hosts: [allowed.test]
                  ports: [{number: 80, name: http, protocol: HTTP}]
                  resolution: STATIC
                  endpoints: [{address: 127.0.0.1}]
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: allowed, namespace: default}
                spec:
                  hosts: [allowed.test]
                  http: [{directResponse: {status: 200}}]
                """);
        Files.writeString(folder.resolve("config.yaml"), """
                grpc: 127.0.0.1:%d
                http: 127.0.0.1:0
                tokenFile: %s
                store: {file: %s}
                directory: %s
                """.formatted(
                        configPort, folder.resolve("token"), folder.resolve("config.db"), folder.resolve("config")));
        Files.writeString(folder.resolve("xds.yaml"), """
                xds: 127.0.0.1:%d
                grpc: 127.0.0.1:0
                http: 127.0.0.1:0
                config: 127.0.0.1:%d
                tokenFile: %s
                """.formatted(xdsPort, configPort, folder.resolve("token")));
        Files.writeString(
                folder.resolve("egress.yaml"), """
                grpc: 127.0.0.1:%d
                http: 127.0.0.1:0
                config: 127.0.0.1:%d
                tokenFile: %s
                """.formatted(egressPort, configPort, folder.resolve("token")));
    }

    @Test
    void verdictsStayAsTheyAreWhileTheServiceIsAway() throws Exception {
        var config = service("config");
        var xds = service("xds");
        var egress = service("egress");
        var envoy = envoy();
        try {
            await().atMost(PATIENCE).ignoreExceptions().until(() -> status("allowed.test") == 200);
            assertThat(told("blocked.test")).isEqualTo(Way.BLOCKED);
            probe();

            egress.kill();
            egress.awaitEnd();
            probe();

            egress = service("egress");
            config.kill();
            config.awaitEnd();
            assertThat(told("blocked.test")).isEqualTo(Way.BLOCKED);
            probe();
        } finally {
            envoy.destroy();
            egress.close();
            xds.close();
            config.close();
        }
    }

    private void probe() throws IOException, InterruptedException {
        for (int i = 0; i < PROBES; i++) {
            assertThat(status("allowed.test")).isEqualTo(200);
            assertThat(status("blocked.test")).isEqualTo(502);
        }
    }

    private int status(String host) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create("http://" + host + "/"))
                .timeout(Duration.ofSeconds(10))
                .build();
        return client.send(request, BodyHandlers.discarding()).statusCode();
    }

    private Way told(String host) throws IOException {
        ManagedChannel channel = Channels.to(new InetSocketAddress(InetAddress.getLoopbackAddress(), egressPort));
        try {
            var token = BearerToken.readOrCreate(folder.resolve("token"), new SecureRandom());
            var request = EvaluateRequest.newBuilder()
                    .setClient(Client.newBuilder().setNamespace("default").putLabels("app", "sleep"))
                    .setHost(host)
                    .setPort(80)
                    .setProtocol(Protocol.HTTP)
                    .build();
            return EgressPolicyServiceGrpc.newBlockingStub(
                            ClientInterceptors.intercept(channel, Channels.bearing(token)))
                    .withDeadlineAfter(30, TimeUnit.SECONDS)
                    .evaluate(request)
                    .getVerdict()
                    .getWay();
        } finally {
            channel.shutdownNow();
        }
    }

    private UpProcess service(String name) throws IOException, InterruptedException {
        var process = UpProcess.run(
                "service", name, "--config", folder.resolve(name + ".yaml").toString());
        process.awaitReady();
        return process;
    }

    private Process envoy() throws Exception {
        try (var bootstrap = UpProcess.run(
                "bootstrap",
                "--name",
                "sleep",
                "--namespace",
                "default",
                "--label",
                "app=sleep",
                "--kind",
                "sidecar",
                "--listen",
                "http-proxy=" + door,
                "--xds",
                "127.0.0.1:" + xdsPort,
                "--admin-socket",
                folder.resolve("admin.sock").toString())) {
            Files.writeString(folder.resolve("bootstrap.json"), bootstrap.rest());
        }
        return new ProcessBuilder(
                        TestEnvoy.path().toString(),
                        "-c",
                        folder.resolve("bootstrap.json").toString(),
                        "--disable-hot-restart",
                        "--concurrency",
                        "1",
                        "--log-level",
                        "error")
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("envoy.log").toFile())
                .start();
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
