package io.sallyport.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sallyport.standalone.envoy.TestEnvoy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Each service as a process of its own, and an Envoy of the user's own: what Helm starts, and what faults kill.
@Tag("process")
class ServicesAloneTest {

    private static final String CONFIGURATION = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {name: edge, namespace: istio-system}
            spec:
              selector: {istio: ingressgateway}
              servers:
              - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
            ---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: shop, namespace: shop}
            spec:
              hosts: ["*"]
              gateways: [istio-system/edge]
              http:
              - directResponse: {status: 200, body: {string: "BODY"}}
            """;

    @TempDir
    Path folder;

    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private int xdsPort;
    private int gatewayPort;

    @BeforeEach
    void settings() throws IOException {
        xdsPort = freePort();
        gatewayPort = freePort();
        var configPort = freePort();
        Files.createDirectories(folder.resolve("config"));
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
        write("one");
    }

    @Test
    @Tag("F1")
    @Tag("F3")
    void killingAnyServiceCostsNoRequestAndItsReturnLeavesACorrectSystem() throws Exception {
        var config = service("config");
        var xds = service("xds");
        var envoy = envoy();
        try {
            await().atMost(Duration.ofSeconds(30)).ignoreExceptions().until(() -> ask().equals("one"));
            var client = new EndlessClient();

            xds.kill();
            xds.awaitEnd();
            write("two");
            client.awaitMore(100);
            assertThat(ask()).isEqualTo("one");
            xds = service("xds");
            await().atMost(Duration.ofSeconds(30)).until(() -> ask().equals("two"));

            config.kill();
            config.awaitEnd();
            write("three");
            client.awaitMore(100);
            assertThat(ask()).isEqualTo("two");
            config = service("config");
            await().atMost(Duration.ofSeconds(30)).until(() -> ask().equals("three"));

            config.kill();
            xds.kill();
            config.awaitEnd();
            xds.awaitEnd();
            client.awaitMore(100);
            config = service("config");
            xds = service("xds");
            write("four");
            await().atMost(Duration.ofSeconds(30)).until(() -> ask().equals("four"));

            assertThat(client.stop()).isEmpty();
        } finally {
            envoy.destroy();
            xds.close();
            config.close();
        }
    }

    @Test
    void refusesSettingsWithTheirPlaceInOneLine() throws Exception {
        Files.writeString(folder.resolve("xds.yaml"), "configg: x\n", StandardOpenOption.APPEND);
        try (var xds = UpProcess.run(
                "service", "xds", "--config", folder.resolve("xds.yaml").toString())) {
            var told = xds.rest();
            assertThat(xds.awaitEnd()).isEqualTo(2);
            assertThat(told.lines()).hasSize(1);
            assertThat(told).contains("xds.yaml").contains("configg").contains("expected: one of");
        }
    }

    @Test
    @Tag("V9")
    void listensInPlainTextOnLoopbackOnly() throws Exception {
        var text = Files.readString(folder.resolve("xds.yaml"));
        Files.writeString(folder.resolve("xds.yaml"), text.replace("xds: 127.0.0.1", "xds: 0.0.0.0"));
        try (var xds = UpProcess.run(
                "service", "xds", "--config", folder.resolve("xds.yaml").toString())) {
            assertThat(xds.rest()).contains("expected: an address of loopback");
            assertThat(xds.awaitEnd()).isEqualTo(2);
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
                "edge",
                "--namespace",
                "istio-system",
                "--label",
                "istio=ingressgateway",
                "--listen",
                "80=" + gatewayPort,
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

    private String ask() throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + gatewayPort + "/"))
                .timeout(Duration.ofSeconds(10))
                .build();
        var response = client.send(request, BodyHandlers.ofString());
        return response.statusCode() == 200 ? response.body() : "status " + response.statusCode();
    }

    private void write(String body) throws IOException {
        var fresh = Files.writeString(folder.resolve("config/.fresh"), CONFIGURATION.replace("BODY", body));
        Files.move(
                fresh,
                folder.resolve("config/shop.yaml"),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /// Asks again and again until it is stopped, and remembers the first answer that was not one.
    private final class EndlessClient {

        private final AtomicBoolean isStopped = new AtomicBoolean();
        private final AtomicInteger answers = new AtomicInteger();
        private final AtomicReference<String> failure = new AtomicReference<>("");
        private final Thread thread = Thread.ofVirtual().start(this::askOn);

        private void askOn() {
            while (!isStopped.get()) {
                try {
                    var answer = ask();
                    answers.incrementAndGet();
                    if (answer.startsWith("status")) {
                        failure.compareAndSet("", answer);
                    }
                } catch (IOException e) {
                    failure.compareAndSet("", e.toString());
                } catch (InterruptedException e) {
                    return;
                }
            }
        }

        void awaitMore(int count) {
            var goal = answers.get() + count;
            await().atMost(Duration.ofSeconds(30)).until(() -> answers.get() >= goal);
        }

        String stop() throws InterruptedException {
            isStopped.set(true);
            thread.join();
            return String.valueOf(failure.get());
        }
    }
}
