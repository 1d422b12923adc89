package io.sallyport.standalone.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sallyport.runtime.telemetry.TraceSettings;
import io.sallyport.standalone.telemetry.TraceReceiver.Seen;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// One change is one trace, from the call that makes it to the answer of each proxy.
@Timeout(120)
class ChangeTraceTest {

    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static final String CALLER = "00f067aa0ba902b7";
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @TempDir
    Path folder;

    private TraceReceiver receiver;
    private SmallPlatform platform;
    private SimulatedProxy proxy;

    static String gateway(int port) {
        return """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {namespace: shop, name: edge}
                spec:
                  selector: {app: edge}
                  servers:
                  - port: {number: %d, name: http, protocol: HTTP}
                    hosts: ["*"]
                """.formatted(port);
    }

    @BeforeEach
    void start() throws Exception {
        receiver = new TraceReceiver();
        platform = new SmallPlatform(folder, new TraceSettings(Optional.of(receiver.endpoint()), 0, Optional.empty()));
        proxy = new SimulatedProxy(platform.discovery(), "edge");
        await("the proxy's start").atMost(PATIENCE).until(() -> proxy.answers() >= 2);
    }

    @AfterEach
    void stop() {
        if (proxy != null) {
            proxy.close();
        }
        if (platform != null) {
            platform.close();
        }
        receiver.close();
    }

    @Test
    void aTraceGoesFromTheCallThroughThreeServicesToTheProxysAnswer() {
        var revision = platform.apply("00-" + TRACE + "-" + CALLER + "-01", gateway(8080));

        var push = receiver.await1("the push", span -> span.name().equals("xds.push LDS"));
        var publish = receiver.await1("the publication", span -> span.id().equals(push.parent()));
        var change = receiver.await1("the change", span -> span.id().equals(publish.parent()));
        var call = receiver.await1("the call", span -> span.id().equals(change.parent()));
        var policy = receiver.await1("egress policy", span -> span.name().equals("egress.policy"));

        assertThat(push.attributes())
                .containsEntry("sallyport.result", "acknowledged")
                .containsEntry("sallyport.proxy", "router~127.0.0.1~edge.shop~shop.svc.cluster.local")
                .containsEntry("sallyport.revision", String.valueOf(revision));
        assertThat(publish).extracting(Seen::service, Seen::name).containsExactly("sallyport-xds", "xds.publish");
        assertThat(change).extracting(Seen::service, Seen::name).containsExactly("sallyport-config", "config.change");
        assertThat(change.attributes())
                .containsEntry("sallyport.revision", String.valueOf(revision))
                .containsEntry("sallyport.outcome", "Accepted");
        assertThat(call)
                .extracting(Seen::service, Seen::name, Seen::parent)
                .containsExactly("sallyport-config", "sallyport.config.v1.ConfigService/Apply", CALLER);
        assertThat(policy).extracting(Seen::service, Seen::parent).containsExactly("sallyport-egress", change.id());
        assertThat(receiver.spans().stream().map(Seen::trace).collect(Collectors.toSet()))
                .as("one change, one trace; what nobody asked to trace is sampled by the ratio, which is 0 here")
                .containsExactly(TRACE);
    }

    @Test
    void aRefusalEndsTheTraceAsAnErrorWithTheProxysWords() {
        proxy.refuse();
        platform.apply("00-" + TRACE + "-" + CALLER + "-01", gateway(8081));

        var push = receiver.await1("the push", span -> span.name().equals("xds.push LDS"));

        assertThat(push.failed()).isTrue();
        assertThat(push.message()).startsWith("cannot bind '0.0.0.0:80'").doesNotContain("\n");
        assertThat(push.attributes()).containsEntry("sallyport.result", "refused");
        assertThat(platform.metrics.scrape())
                .contains("sallyport_xds_pushes_total{result=\"refused\",type=\"LDS\"} 1.0");
    }

    @Test
    @Tag("V20")
    void logLinesOfAllServicesCarryTheTracesIdAndNobodysWordsBreakThem() throws Exception {
        proxy.refuse();
        try (var lines = new CapturedLines()) {
            platform.apply("00-" + TRACE + "-" + CALLER + "-01", gateway(8083));
            await("what each service says of the change")
                    .atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(lines.ofTrace(TRACE))
                            .extracting(line -> line.path("message").asText())
                            .contains(
                                    "Made a revision",
                                    "Published a revision",
                                    "Took a revision",
                                    "A proxy refused what it was sent"));

            assertThat(lines.ofTrace(TRACE)).allSatisfy(line -> {
                assertThat(line.path("span_id").asText()).hasSize(16);
                assertThat(line.path("revision").asLong()).isPositive();
                assertThat(line.path("level").asText()).isIn("INFO", "WARN");
            });
            assertThat(lines.ofTrace(TRACE))
                    .filteredOn(line -> line.has("reason"))
                    .first()
                    .satisfies(line -> assertThat(line.path("reason").asText()).contains("cannot bind", "FORGED"));
        }
    }

    @Test
    void theTimeFromARevisionToItsAcknowledgementIsMeasuredOncePerProxy() {
        platform.apply("", gateway(8082));

        await("the proxy to have it")
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(platform.metrics.scrape())
                        .contains("sallyport_xds_revision_to_ack_seconds_count 1\n")
                        .contains("sallyport_xds_proxies{state=\"current\"} 1.0")
                        .contains("sallyport_xds_proxies{state=\"behind\"} 0.0"));
    }
}
