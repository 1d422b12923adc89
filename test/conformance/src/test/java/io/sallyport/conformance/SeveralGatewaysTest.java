package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableSortedMap;
import com.google.gson.JsonParser;
import io.sallyport.model.Platform;
import io.sallyport.standalone.envoy.EnvoyBootstrap;
import io.sallyport.testkit.net.HttpClient;
import io.sallyport.testkit.stack.FreePorts;
import io.sallyport.testkit.stack.GatewayStack;
import io.sallyport.testkit.stack.LocalEnvoy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Two gateways of `up` and an Envoy of somebody else's, told apart by their labels.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class SeveralGatewaysTest {

    private static final String PROXIES = """
            proxies:
            - {name: shared, namespace: istio-system, labels: {istio: ingressgateway}}
            - {name: dedicated, namespace: hipster, labels: {istio: ingressgateway, team: hipster}}
            """;

    private Path scratch;
    private GatewayStack stack;

    @BeforeAll
    void start(@TempDir Path directory) throws IOException {
        scratch = directory;
        stack = GatewayStack.start(directory, PROXIES);
    }

    @AfterAll
    void stop() {
        stack.close();
    }

    @Test
    @Tag("S69")
    void aSelectorThatIsTooWideShowsInTheReport() throws Exception {
        stack.become(gateway("istio: ingressgateway", 80));

        assertThat(status(stack.port("shared", 80))).isEqualTo(200);
        assertThat(status(stack.port("dedicated", 80))).isEqualTo(200);
        assertThat(stack.sallyport().shell().run("get", "gateway", "-n", "shop").out())
                .containsPattern("shop +edge .*hipster/dedicated, istio-system/shared");
    }

    @Test
    @Tag("S74")
    void anUnprivilegedGatewayLeavesLowPortsAloneAndServesTheOthers() throws Exception {
        var high = FreePorts.take(1).getFirst();
        stack.become(gateway("app: unprivileged", 81, high));
        var envoy = unprivileged();
        try {
            Awaitility.await("the port above 1024 answers")
                    .atMost(Duration.ofSeconds(30))
                    .ignoreExceptions()
                    .until(() -> status(high) == 200);

            var listeners = stack.sallyport()
                    .shell()
                    .run("proxy-config", "listener", "unprivileged")
                    .out();
            assertThat(listeners).contains(" " + high + " ").doesNotContain(" 81 ");
            assertThat(Files.readString(scratch.resolve("envoy.log"))).doesNotContain("0.0.0.0:81");
        } finally {
            envoy.destroyForcibly();
            envoy.onExit().orTimeout(10, TimeUnit.SECONDS).join();
        }
    }

    // As an Envoy in a pod without the right to bind low ports attaches: the node says so, as Istio's agent has it.
    private Process unprivileged() throws IOException {
        var xds = stack.sallyport().endpoints().xds();
        var proxy = new Platform.Proxy(
                "unprivileged",
                "shop",
                ImmutableSortedMap.of("app", "unprivileged"),
                Platform.ProxyKind.router,
                "127.0.0.1",
                ImmutableSortedMap.of());
        var port = Integer.parseInt(xds.substring(xds.indexOf(':') + 1));
        var doors = new EnvoyBootstrap.Doors(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                scratch.resolve("sds.sock"),
                scratch.resolve("admin.sock"));
        var bootstrap = JsonParser.parseString(
                        EnvoyBootstrap.of(proxy, doors, new EnvoyBootstrap.Limits(1_000, 1L << 30))
                                .json())
                .getAsJsonObject();
        bootstrap.getAsJsonObject("node").getAsJsonObject("metadata").addProperty("UNPRIVILEGED_POD", "true");
        var file = Files.writeString(scratch.resolve("envoy.json"), bootstrap.toString());
        return new ProcessBuilder(
                        LocalEnvoy.path().toString(),
                        "-c",
                        file.toString(),
                        "--disable-hot-restart",
                        "--concurrency",
                        "1",
                        "--log-level",
                        "warning")
                .redirectErrorStream(true)
                .redirectOutput(scratch.resolve("envoy.log").toFile())
                .start();
    }

    private static int status(int port) throws IOException {
        try (var client = new HttpClient()) {
            return client.send(
                            port,
                            HttpClient.Version.HTTP_1_1,
                            new HttpClient.Call("GET", "shop.test", "/", Map.of(), ""))
                    .status();
        }
    }

    private static String gateway(String selector, int... ports) {
        var servers = new StringBuilder();
        for (var port : ports) {
            servers.append(
                    "  - {port: {number: %1$d, name: http-%1$d, protocol: HTTP}, hosts: [\"*\"]}\n".formatted(port));
        }
        return """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: edge, namespace: shop}
                spec:
                  selector: {%s}
                  servers:
                %s---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: shop, namespace: shop}
                spec:
                  hosts: [shop.test]
                  gateways: [edge]
                  http:
                  - directResponse: {status: 200, body: {string: shop}}
                """.formatted(selector, servers);
    }
}
