package io.sallyport.accesslog;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import io.sallyport.accesslog.receive.RowSink;
import io.sallyport.accesslog.testing.KeptSpans;
import io.sallyport.accesslog.testing.Rows;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RowTracesTest {

    private final KeptSpans spans = new KeptSpans();
    private final List<AccessLogEntry> taken = new ArrayList<>();
    private final RowSink sink = (_, rows) -> {
        taken.addAll(rows);
        return rows.size();
    };
    private Instant now = Rows.START;

    @Test
    void theFirstRowsOfASecondCarryATraceAndAllOthersNone() {
        var traces = new RowTraces(spans.tracer(), () -> now);
        for (var i = 0; i < 100; i++) {
            traces.offer("istio-system/edge", Rows.many(3, i), sink);
        }
        now = now.plusSeconds(1);
        traces.offer("istio-system/edge", Rows.many(3, 1), sink);

        assertThat(spans.all()).hasSize(2);
        assertThat(taken)
                .filteredOn(row -> !row.getOrigin().getTrace().isEmpty())
                .hasSize(2)
                .contains(taken.getFirst())
                .extracting(row -> row.getOrigin().getTrace().substring(3, 35))
                .containsExactlyElementsOf(
                        spans.all().stream().map(span -> span.getTraceId()).toList());
        assertThat(taken).hasSize(303);
    }

    @Test
    void whatIsNotSampledCarriesNothing() {
        var traces = new RowTraces(spans.tracer(Sampler.alwaysOff()), () -> now);

        traces.offer("istio-system/edge", Rows.many(3, 1), sink);

        assertThat(taken)
                .hasSize(3)
                .allSatisfy(row -> assertThat(row.hasOrigin()).isFalse());
    }

    @Test
    void aFullSpoolEndsTheTraceAsAnError() {
        var traces = new RowTraces(spans.tracer(), () -> now);

        assertThat(traces.offer("istio-system/edge", Rows.many(3, 1), (_, _) -> 1))
                .isEqualTo(1);

        assertThat(spans.all().getFirst().getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        assertThat(spans.all().getFirst().getStatus().getDescription()).contains("no room for 2 rows");
    }
}
