package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sallyport.testkit.stack.GatewayStack;
import io.sallyport.testkit.stack.Sallyport;
import io.sallyport.testkit.tls.Authority;
import io.sallyport.testkit.tls.TlsClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/// Thirty-two HTTPS hosts on one port, a secret each; one of them is broken in twenty ways. The others answer 200
/// throughout, whoever is restarted, and the list names exactly the broken one and why.
///
/// Here each way breaks another host; `-Dsallyport.nightly=true` breaks every host in every way. A chain in
/// the wrong order and an authority that stands there twice are put right instead of refused.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Tag("P1")
@Tag("B2")
@Tag("T10")
@Tag("V18")
@Tag("H38")
@Tag("H39")
class PoisonedSecretTest {

    private static final int HOSTS = 32;

    // Asked in turn while a secret is broken; over all ways every host is, several times.
    private static final int SOME = 12;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final List<Map<String, String>> good = new ArrayList<>();
    private Path scratch;
    private Authority authority;
    private GatewayStack stack;
    private TlsClient client;

    @BeforeAll
    void open(@TempDir Path folder) throws IOException {
        scratch = folder;
        authority = Authority.in(folder.resolve("authority"));
        stack = GatewayStack.start(folder, "");
        client = new TlsClient(authority, stack.port("", 443));
        var servers = new StringBuilder();
        for (var n = 0; n < HOSTS; n++) {
            good.add(BrokenSecret.good(authority, host(n)));
            put(n, good.get(n));
            servers.append("""
                      - port: {number: 443, name: https-%d, protocol: HTTPS}
                        hosts: [%s]
                        tls: {mode: SIMPLE, credentialName: secret-%d}
                    """.formatted(n, host(n), n));
        }
        stack.become("""
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {name: edge, namespace: shop}
            spec:
              selector: {istio: ingressgateway}
              servers:
            %s---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: all, namespace: shop}
            spec:
              hosts: ["*"]
              gateways: [edge]
              http:
              - directResponse: {status: 200, body: {string: hello}}
            """.formatted(servers));
        awaitAll();
    }

    @AfterAll
    void close() {
        stack.close();
    }

    @Test
    @Order(1)
    void aSecretThatIsBrokenInAnyWayHurtsNobody() throws Exception {
        var nightly = Boolean.getBoolean("sallyport.nightly");
        var ways = BrokenSecret.ways(authority, "broken.test", scratch);
        assertThat(ways).hasSize(20);
        try (var neighbours = new Neighbours()) {
            for (var n = 0; n < (nightly ? HOSTS * ways.size() : ways.size()); n++) {
                var broken = n % HOSTS;
                var way = ways.get(nightly ? n / HOSTS : n);
                put(broken, way.of(good.get(broken)));

                await(way.way())
                        .atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(degraded())
                                .singleElement()
                                .asString()
                                .contains("istio-system/secret-" + broken + " ", way.reason()));
                assertThat(client.ask(host(broken))).as("its last good version").isEqualTo("200");
                neighbours.hear(nightly ? HOSTS : SOME);

                put(broken, good.get(broken));
                await(way.way() + " is mended")
                        .atMost(PATIENCE)
                        .until(() -> degraded().isEmpty());
            }
            neighbours.hear(HOSTS);
            assertThat(neighbours.failures()).isEmpty();
        }
    }

    @Test
    @Order(2)
    @Tag("H41")
    @Tag("H45")
    void whatCanBePutRightIsServedAndHurtsNobodyEither() throws Exception {
        try (var neighbours = new Neighbours()) {
            for (var secret : BrokenSecret.mendable(authority, host(0))) {
                put(0, secret.entries());

                await(secret.way())
                        .atMost(PATIENCE)
                        .ignoreExceptions()
                        .until(() -> client.serial(host(0)).intValueExact() == secret.serial());
                assertThat(degraded()).as(secret.way()).isEmpty();
                assertThat(client.ask(host(0))).as(secret.way()).isEqualTo("200");
                neighbours.hear(HOSTS);
            }
            put(0, good.get(0));
            assertThat(neighbours.failures()).isEmpty();
        }
    }

    @Test
    @Order(3)
    @Tag("F2")
    void restartsOfEnvoyAndOfTheServicesChangeNothing() throws IOException {
        for (var n = 0; n < HOSTS; n++) {
            put(n, good.get(n));
        }
        await().atMost(PATIENCE).until(() -> degraded().isEmpty());
        put(3, BrokenSecret.ways(authority, host(3), scratch).getFirst().of(good.get(3)));
        await().atMost(PATIENCE).until(() -> degraded().size() == 1);

        stack.sallyport()
                .process()
                .descendants()
                .filter(child -> child.info().command().orElse("").endsWith("envoy"))
                .forEach(ProcessHandle::destroyForcibly);
        awaitAll();

        stack.sallyport().kill();
        try (var again = Sallyport.up(scratch.resolve("config"), scratch.resolve("data"))) {
            awaitAll();
            var list = again.shell().run("secrets", "--no-handshake").out();
            assertThat(list.lines().filter(line -> line.contains("last good kept")))
                    .singleElement()
                    .asString()
                    .contains("istio-system/secret-3 ", "key does not belong to certificate");
        }
    }

    private void awaitAll() {
        await("every host answers")
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(IntStream.range(0, HOSTS).mapToObj(n -> client.ask(host(n))))
                        .containsOnly("200"));
    }

    private List<String> degraded() {
        return stack.sallyport()
                .shell()
                .run("secrets", "--no-handshake")
                .out()
                .lines()
                .skip(1)
                .filter(line -> !line.contains(" ok"))
                .toList();
    }

    private static String host(int n) {
        return "host-" + n + ".test";
    }

    private void put(int n, Map<String, String> entries) throws IOException {
        var data = new StringBuilder();
        entries.forEach((entry, text) -> data.append("  ")
                .append(entry)
                .append(": \"")
                .append(Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.US_ASCII)))
                .append("\"\n"));
        var part = Files.writeString(scratch.resolve("config/.secret-" + n + ".part"), """
                apiVersion: v1
                kind: Secret
                metadata: {name: secret-%d, namespace: istio-system}
                data:
                %s""".formatted(n, data));
        Files.move(
                part,
                scratch.resolve("config/secret-" + n + ".yaml"),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    // Asks all hosts in turn, without end, and remembers who did not answer 200.
    private final class Neighbours implements AutoCloseable {

        private final ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
        private final AtomicInteger answers = new AtomicInteger();
        private final Thread thread = Thread.ofPlatform().daemon().start(this::run);
        private volatile boolean stopped;

        private void run() {
            while (!stopped) {
                for (var n = 0; n < HOSTS && !stopped; n++) {
                    var answer = client.ask(host(n));
                    if (!answer.equals("200")) {
                        failures.add(host(n) + ": " + answer);
                    }
                    answers.incrementAndGet();
                }
            }
        }

        /// Waits until so many were asked from now on.
        void hear(int count) {
            var goal = answers.get() + count + 1;
            await(count + " were asked").atMost(PATIENCE).until(() -> answers.get() >= goal);
        }

        List<String> failures() {
            return List.copyOf(failures);
        }

        @Override
        public void close() {
            stopped = true;
            try {
                thread.join(PATIENCE);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
