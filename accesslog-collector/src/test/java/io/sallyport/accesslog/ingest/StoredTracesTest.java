package io.sallyport.accesslog.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.sallyport.accesslog.storage.StoreException;
import io.sallyport.accesslog.testing.KeptSpans;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class StoredTracesTest {

    private static final String ID = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static final String TRACE = "00-" + ID + "-00f067aa0ba902b7-01";
    private static final Instant NOW = Instant.parse("2026-11-21T10:00:00Z");

    private final KeptSpans spans = new KeptSpans();
    private final StoredTraces traces = new StoredTraces(spans.tracer(), () -> NOW);

    @Test
    void aTracedRowShowsItsTimeInKafkaAndTheBatchThatStoredIt() throws Exception {
        traces.read(TRACE, 3, 41, NOW.minusSeconds(600).toEpochMilli());
        traces.read("", 3, 42, NOW.toEpochMilli());

        traces.stored(2, () -> {});

        assertThat(spans.all()).extracting(SpanData::getName).containsExactly("accesslog.kafka", "accesslog.store");
        assertThat(spans.all()).allSatisfy(span -> assertThat(span.getTraceId()).isEqualTo(ID));
        var kafka = spans.all().getFirst();
        assertThat(TimeUnit.NANOSECONDS.toSeconds(kafka.getEndEpochNanos() - kafka.getStartEpochNanos()))
                .isEqualTo(600);
    }

    @Test
    void whatTheStoreRefusesEndsAsAnErrorWithItsWords() {
        traces.read(TRACE, 0, 1, NOW.toEpochMilli());

        assertThatThrownBy(() -> traces.stored(1, () -> {
                    throw new StoreException("disk full");
                }))
                .isInstanceOf(StoreException.class);

        assertThat(spans.all().getLast().getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        assertThat(spans.all().getLast().getStatus().getDescription()).isEqualTo("disk full");
    }

    @Test
    void aBatchWithManyTracedRowsTellsOfTheFirstTen() throws Exception {
        for (var i = 0; i < 1_000; i++) {
            traces.read(TRACE, 0, i, NOW.toEpochMilli());
        }

        traces.stored(1_000, () -> {});
        traces.stored(1, () -> {});

        assertThat(spans.all()).hasSize(20);
    }

    @Test
    void whatACallerWroteIsNoTraceUnlessItIsOne() throws Exception {
        traces.read("nonsense".repeat(100), 0, 1, NOW.toEpochMilli());

        traces.stored(1, () -> {});

        assertThat(spans.all())
                .allSatisfy(span ->
                        assertThat(span.getParentSpanContext().isValid()).isFalse());
    }
}
