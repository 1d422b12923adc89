package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sallyport.proto.xds.v1.GetProxyConfigRequest;
import io.sallyport.testkit.stack.GatewayStack;
import io.sallyport.testkit.stack.LocalEnvoy;
import io.sallyport.testkit.tls.Authority;
import io.sallyport.testkit.tls.TlsClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Many HTTPS servers of one port have one connection manager (decision 50): no request is lost when they begin to and
/// when they end, and each serves its own hosts alone throughout.
@Timeout(300)
class SharedManagersTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final String MESH = """
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {namespace: istio-system, name: istio}
            data:
              mesh: |
                accessLogFile: /dev/null
            """;

    @Test
    @Tag("G8")
    @Tag("V18")
    @Tag("F1")
    void manyServersShareAManagerAndNothingElse(@TempDir Path scratch) throws Exception {
        LocalEnvoy.path();
        var authority = Authority.in(scratch.resolve("authority"));
        try (var stack = GatewayStack.start(scratch, "")) {
            ManyServers.lay(scratch.resolve("config"), authority);
            var client = new TlsClient(authority, stack.port("", 443));
            stack.become(ManyServers.configuration(90));
            await().atMost(PATIENCE)
                    .until(() -> client.ask("host-7.shared.test").equals("200"));
            var envoy = envoy();

            try (var steady = client.steady("host-7.shared.test");
                    var own = new OpenConnection(client, "host-1.shared.test")) {
                stack.become(ManyServers.configuration(110));
                await().atMost(PATIENCE)
                        .until(() -> client.ask("host-109.shared.test").equals("200"));
                assertThat(managers(stack))
                        .as("connection managers that are shared")
                        .isEqualTo(1);
                assertThat(own.ask("host-1.shared.test"))
                        .as("from before they shared")
                        .isEqualTo("200 host-1");
                steady.awaitAnswers(50);
                assertEachServesItsOwn(client);

                try (var open = new OpenConnection(client, "host-2.shared.test")) {
                    var added = CompletableFuture.runAsync(() -> stack.become(ManyServers.configuration(111)));
                    assertThat(answersUntilServed(client, "host-110.shared.test"))
                            .as("before its chain is live, and then at once with its table")
                            .doesNotContain("404");
                    added.join();
                    assertThat(open.ask("host-2.shared.test")).isEqualTo("200 host-2");
                    assertThat(open.isToClose())
                            .as("a host that is added touches no other")
                            .isFalse();

                    stack.become(ManyServers.configuration(111) + MESH);
                    steady.awaitAnswers(50);
                    assertThat(open.ask("host-2.shared.test"))
                            .as("by the manager from before")
                            .isEqualTo("200 host-2");
                    assertEachServesItsOwn(client);

                    stack.become(ManyServers.configuration(50));
                    await().atMost(PATIENCE)
                            .until(() -> !client.ask("host-110.shared.test").equals("200"));
                    assertThat(open.ask("host-2.shared.test"))
                            .as("by a chain that is gone")
                            .isEqualTo("200 host-2");
                    steady.awaitAnswers(50);
                }
                assertEachServesItsOwn(client);
                assertThat(steady.failures()).isEmpty();
            }
            assertThat(envoy.isAlive()).as("the same Envoy").isTrue();

            stack.become(ManyServers.configuration(120));
            stack.become(ManyServers.configuration(105));
            envoy.destroyForcibly();
            envoy.onExit().orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
            await().atMost(PATIENCE)
                    .until(() -> client.ask("host-104.shared.test").equals("200"));
            assertEachServesItsOwn(client);
        }
    }

    private static int managers(GatewayStack stack) {
        var request = GetProxyConfigRequest.newBuilder()
                .setProxy("istio-ingressgateway")
                .addTypes("type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig")
                .build();
        return stack.sallyport().proxies().getProxyConfig(request).getResourcesCount();
    }

    private static Set<String> answersUntilServed(TlsClient client, String host) {
        var answers = new TreeSet<String>();
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(2)).until(() -> {
            answers.add(client.ask(host));
            return answers.contains("200");
        });
        return answers;
    }

    // Every Envoy that this machine's test process started: here it is one.
    private static ProcessHandle envoy() {
        return ProcessHandle.current()
                .descendants()
                .filter(child -> child.info().command().orElse("").endsWith("envoy"))
                .findFirst()
                .orElseThrow();
    }

    private static void assertEachServesItsOwn(TlsClient client) throws IOException {
        assertThat(answer(client, "host-3.shared.test", "host-3.shared.test")).isEqualTo("200 host-3");
        assertThat(answer(client, "HOST-3.shared.TEST", "Host-3.Shared.Test")).isEqualTo("200 host-3");
        assertThat(answer(client, "host-3.shared.test", "host-4.shared.test")).isEqualTo("421 ");
        assertThat(answer(client, "a.b.shared.test", "a.b.shared.test")).isEqualTo("200 wild");
        assertThat(answer(client, "a.b.shared.test", "host-4.shared.test")).isEqualTo("421 ");
        assertThat(answer(client, "host-3.shared.test", "a.b.shared.test")).isEqualTo("421 ");
        assertThat(client.ask("mutual.shared.test")).as("without a certificate").isNotEqualTo("200");
        try (var forger = new OpenConnection(client, "host-3.shared.test")) {
            var scope = "x-sallyport-scope: https.443.https.host-4.shop\r\n";
            assertThat(forger.ask("host-4.shared.test", scope)).isEqualTo("421 ");
            assertThat(forger.ask("host-3.shared.test", scope)).isEqualTo("200 host-3");
        }
    }

    private static String answer(TlsClient client, String serverName, String host) throws IOException {
        try (var open = new OpenConnection(client, serverName)) {
            return open.ask(host);
        }
    }
}
