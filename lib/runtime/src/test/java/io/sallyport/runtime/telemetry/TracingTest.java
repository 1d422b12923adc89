package io.sallyport.runtime.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class TracingTest {

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

    @Test
    void withoutAnEndpointChangesHaveIdsAndNothingRuns() throws Exception {
        try (var tracing = Tracing.start(TraceSettings.of(Map.of()), meters)) {
            var span = tracing.of("sallyport-test").spanBuilder("change").startSpan();

            assertThat(span.getSpanContext().isValid()).isTrue();
            assertThat(span.isRecording()).isFalse();
            assertThat(meters.getMeters()).isEmpty();
            assertThat(Thread.getAllStackTraces().keySet())
                    .noneMatch(thread -> thread.getName().startsWith("BatchSpanProcessor"));
        }
    }

    @Test
    void aCollectorThatIsAwayCostsSpansAndNothingElse() throws Exception {
        // Port 1 of this machine: nobody listens there.
        var settings = new TraceSettings(Optional.of("http://127.0.0.1:1"), 1, Optional.empty());
        try (var tracing = Tracing.start(settings, meters)) {
            var tracer = tracing.of("sallyport-test");
            for (int count = 0; count < 20_000; count++) {
                tracer.spanBuilder("change").startSpan().end();
            }

            await("spans that were lost")
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> meters.counter("sallyport_trace_spans", "result", "lost")
                                    .count()
                            > 0);
            assertThat(meters.counter("sallyport_trace_spans", "result", "sent").count())
                    .isZero();
        }
    }

    @Test
    void aCallersTraceDecidesAndTheRatioCountsForTheRest() throws Exception {
        var settings = new TraceSettings(Optional.of("http://127.0.0.1:1"), 0, Optional.empty());
        try (var tracing = Tracing.start(settings, meters)) {
            var tracer = tracing.of("sallyport-test");
            var traced = TraceParent.read("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");

            assertThat(tracer.spanBuilder("asked").setParent(traced).startSpan().isRecording())
                    .isTrue();
            assertThat(tracer.spanBuilder("not asked").startSpan().isRecording())
                    .isFalse();
        }
    }

    @Test
    void theEnvironmentIsOpenTelemetrys() {
        assertThat(TraceSettings.of(Map.of(
                        "OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317", "OTEL_TRACES_SAMPLER_ARG", "0.25")))
                .isEqualTo(new TraceSettings(Optional.of("http://collector:4317"), 0.25, Optional.empty()));
        assertThat(TraceSettings.of(
                        Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317", "OTEL_SDK_DISABLED", "true")))
                .isEqualTo(TraceSettings.OFF);
    }

    @ParameterizedTest
    @ValueSource(strings = {"collector:4317", "ftp://collector", "http://", "http://[", "grpc"})
    void anEndpointThatIsNoneIsNamed(String endpoint) {
        assertThatThrownBy(() -> TraceSettings.of(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)))
                .hasMessageContaining("\"" + endpoint + "\" (expected: http://HOST:PORT or https://HOST:PORT)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"2", "-1", "NaN", "many"})
    void aRatioThatIsNoneIsNamed(String ratio) {
        assertThatThrownBy(() -> TraceSettings.of(Map.of("OTEL_TRACES_SAMPLER_ARG", ratio)))
                .hasMessageContaining("OTEL_TRACES_SAMPLER_ARG")
                .hasMessageContaining("(expected: a number from 0 to 1)");
    }
}
