package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.testkit.net.EchoServer;
import io.sallyport.testkit.net.HttpClient;
import io.sallyport.testkit.net.SteadyClient;
import io.sallyport.testkit.stack.SeparateServices;
import io.sallyport.testkit.stack.SeparateServices.Name;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Services and Envoy as processes of their own, killed at bad moments, while a client never stops asking.
///
/// Nightly, an outage lasts as long as a million requests take.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FaultTest {

    private static final long OUTAGE_REQUESTS = Boolean.getBoolean("sallyport.nightly") ? 1_000_000 : 2_000;

    private final EchoServer backend = new EchoServer("v1");
    private Path scratch;
    private SeparateServices services;

    @BeforeAll
    void start(@TempDir Path directory) throws IOException {
        scratch = directory;
        services = SeparateServices.start(directory);
    }

    @AfterAll
    void stop() {
        services.close();
        backend.close();
    }

    // These Envoys are strangers to xds-service: without their admin sockets "live" is their acknowledgement, and their
    // workers take the change up a moment after it.
    private void awaitStatus(int expected) {
        Awaitility.await("status " + expected).until(() -> status() == expected);
    }

    @BeforeEach
    void serve() throws IOException {
        apply(200);
    }

    @Test
    @Tag("F1")
    void envoyServesWhileDiscoveryIsDownAndIsSentNothingTwice() throws Exception {
        try (var client = new SteadyClient(services.port(), "shop.test", "/")) {
            client.awaitAnswers(100);
            var before = services.counters(".update_success", ".config_reload", "_modified", "_added", "_removed");
            assertThat(before).isNotEmpty();

            services.kill(Name.XDS);
            client.awaitAnswers(OUTAGE_REQUESTS);
            services.start(Name.XDS);
            awaitConnected();
            client.awaitAnswers(100);

            assertThat(services.counters(".update_success", ".config_reload", "_modified", "_added", "_removed"))
                    .isEqualTo(before);
            assertThat(client.failures()).isEmpty();
        }
        apply(410);
        awaitStatus(410);
    }

    @Test
    @Tag("F3")
    void aChangeIsRefusedAtOnceWhileConfigurationIsDownAndEverythingElseGoesOn() throws Exception {
        try (var client = new SteadyClient(services.port(), "shop.test", "/")) {
            services.kill(Name.CONFIG);
            client.awaitAnswers(OUTAGE_REQUESTS);

            var refused = services.shell().run("apply", "-f", file(410));
            assertThat(refused.exitCode()).isEqualTo(2);
            assertThat(refused.err()).contains("no Sallyport answers at").hasLineCount(1);

            services.start(Name.CONFIG);
            client.awaitAnswers(100);
            assertThat(client.failures()).isEmpty();
        }
        apply(410);
        awaitStatus(410);
    }

    @Test
    void anEnvoyThatStartsAgainServesTheSame() throws Exception {
        services.killEnvoy();
        services.startEnvoy();

        awaitEnvoy();
    }

    @Test
    void anEnvoyThatStartsWhileConfigurationIsDownServesTheSame() throws Exception {
        services.kill(Name.CONFIG);
        services.killEnvoy();
        services.startEnvoy();

        awaitEnvoy();
        services.start(Name.CONFIG);
    }

    @Test
    void everythingKilledAndStartedInAnyOrderServesTheSame() throws Exception {
        services.kill(Name.XDS);
        services.kill(Name.CONFIG);
        services.killEnvoy();

        services.startEnvoy();
        services.start(Name.CONFIG);
        services.start(Name.XDS);

        awaitEnvoy();
    }

    // An Envoy that has found nobody for a while asks again after up to half a minute.
    private void awaitEnvoy() {
        Awaitility.await("Envoy listens again")
                .atMost(Duration.ofMinutes(1))
                .ignoreExceptions()
                .until(() -> status() == 200);
    }

    private int status() throws IOException {
        try (var client = new HttpClient()) {
            return client.send(
                            services.port(),
                            HttpClient.Version.HTTP_1_1,
                            new HttpClient.Call("GET", "shop.test", "/", Map.of(), ""))
                    .status();
        }
    }

    private void apply(int status) throws IOException {
        var answer = services.shell().run("apply", "--wait", "-f", file(status));
        assertThat(answer.err()).isEmpty();
        assertThat(answer.exitCode()).isEqualTo(0);
    }

    private String file(int status) throws IOException {
        var action =
                status == 200 ? "route: [{destination: {host: v1.test}}]" : "directResponse: {status: " + status + "}";
        return Files.writeString(scratch.resolve("shop.yaml"), """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: edge, namespace: shop}
                spec:
                  selector: {istio: ingressgateway}
                  servers:
                  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
                ---
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: v1, namespace: shop}
                spec:
                  hosts: [v1.test]
                  ports: [{number: 80, name: http, protocol: HTTP}]
                  resolution: STATIC
                  endpoints: [{address: 127.0.0.1, ports: {http: %d}}]
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: shop, namespace: shop}
                spec:
                  hosts: [shop.test]
                  gateways: [edge]
                  http:
                  - %s
                """.formatted(backend.port(), action))
                .toString();
    }

    // After a long outage, as long as for awaitEnvoy().
    private void awaitConnected() {
        Awaitility.await("Envoy is connected again")
                .atMost(Duration.ofMinutes(1))
                .untilAsserted(() ->
                        assertThat(services.shell().run("proxy-status").out()).contains(SeparateServices.proxy()));
    }
}
