package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sallyport.testkit.stack.GatewayStack;
import io.sallyport.testkit.stack.LocalEnvoy;
import io.sallyport.testkit.tls.Authority;
import io.sallyport.testkit.tls.TlsClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What connections to many HTTPS servers of one port see of a restart, and of servers that go (decision 50).
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(300)
class SharedManagersOverTimeTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private Path scratch;
    private GatewayStack stack;
    private TlsClient client;

    @BeforeAll
    void open(@TempDir Path folder) throws IOException {
        scratch = folder;
        LocalEnvoy.path();
        var authority = Authority.in(scratch.resolve("authority"));
        stack = GatewayStack.start(scratch, "");
        client = new TlsClient(authority, stack.port("", 443));
        ManyServers.lay(scratch.resolve("config"), authority);
    }

    @AfterAll
    void close() {
        stack.close();
    }

    @BeforeEach
    void manyServers() {
        stack.become(ManyServers.configuration(110));
        awaitServed(client, "host-109.shared.test");
    }

    // Below a hundred servers a process that starts gives each a manager of its own, whatever the last one did.
    @Test
    @Tag("F1")
    @Tag("F22")
    void aProcessThatGivesEachServerItsOwnManagerAgainLosesNoRequest() throws Exception {
        stack.become(ManyServers.configuration(80));
        var envoy = envoy(scratch);
        try (var steady = client.steady("host-7.shared.test");
                var open = new OpenConnection(client, "host-2.shared.test")) {
            stack = stack.afterPowerCut();
            stack.become(ManyServers.configuration(81));
            awaitServed(client, "host-80.shared.test");

            assertThat(open.ask("host-2.shared.test")).isEqualTo("200 host-2");
            assertThat(open.isToClose()).as("drained, gently").isTrue();
            steady.awaitAnswers(50);
            assertThat(steady.failures()).isEmpty();
        }
        assertThat(envoy.isAlive()).as("the same Envoy").isTrue();
    }

    // In a stack of its own: connections to a chain that another test left draining would be closed, rightly.
    @Test
    @Tag("F1")
    void aProcessThatIsKilledTakesNoConnectionWithIt(@TempDir Path folder) throws Exception {
        var authority = Authority.in(folder.resolve("authority"));
        ManyServers.lay(Files.createDirectories(folder.resolve("config")), authority);
        try (var first = GatewayStack.start(folder, "")) {
            var own = new TlsClient(authority, first.port("", 443));
            first.become(ManyServers.configuration(110));
            awaitServed(own, "host-109.shared.test");
            var envoy = envoy(folder);
            try (var steady = own.steady("host-7.shared.test");
                    var busy = new OpenConnection(own, "host-2.shared.test");
                    var idle = new OpenConnection(own, "host-3.shared.test")) {
                assertThat(busy.ask("host-2.shared.test")).isEqualTo("200 host-2");
                assertThat(idle.ask("host-3.shared.test")).isEqualTo("200 host-3");
                try (var next = first.afterPowerCut()) {
                    assertThat(busy.ask("host-2.shared.test")).isEqualTo("200 host-2");
                    next.become(ManyServers.configuration(111));
                    awaitServed(own, "host-110.shared.test");
                    steady.awaitAnswers(200);

                    assertThat(busy.ask("host-2.shared.test")).isEqualTo("200 host-2");
                    assertThat(idle.ask("host-3.shared.test")).isEqualTo("200 host-3");
                    assertThat(List.of(busy.isToClose(), idle.isToClose()))
                            .as("nothing drains")
                            .containsOnly(false);
                    assertThat(steady.failures()).isEmpty();
                    assertThat(envoy.isAlive()).as("the same Envoy").isTrue();
                }
            }
        }
    }

    @Test
    @Tag("F22")
    void openConnectionsOfAServerThatIsRenamedHaveItsLastTable() throws Exception {
        var host = "host-2.shared.test";
        try (var steady = client.steady(host);
                var open = new OpenConnection(client, host)) {
            stack.become(ManyServers.configuration(110)
                    .replace(
                            ManyServers.server("host-2", host, "SIMPLE"),
                            ManyServers.server("renamed", host, "SIMPLE")));

            assertThat(open.ask(host)).isEqualTo("200 host-2");
            steady.awaitAnswers(50);
            assertThat(steady.failures()).isEmpty();
        }
        try (var next = new OpenConnection(client, host)) {
            assertThat(next.ask(host)).isEqualTo("200 renamed");
        }
    }

    private static void awaitServed(TlsClient client, String host) {
        await().atMost(PATIENCE).until(() -> client.ask(host).equals("200"));
    }

    // The one that this test process's `up` started, or the `up` before it.
    private static ProcessHandle envoy(Path folder) {
        return ProcessHandle.allProcesses()
                .filter(process -> process.info().command().orElse("").endsWith("envoy"))
                .filter(process -> process.info().commandLine().orElse("").contains(folder.toString()))
                .findFirst()
                .orElseThrow();
    }
}
