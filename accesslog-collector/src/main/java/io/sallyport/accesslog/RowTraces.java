package io.sallyport.accesslog;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.sallyport.accesslog.receive.RowSink;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import io.sallyport.proto.accesslog.v1.Origin;
import io.sallyport.runtime.telemetry.TraceParent;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/// Traces the way of a few rows from a proxy to the store: those that come first in a second.
///
/// The trace begins with `accesslog.receive`, which ends when the rows are in the spool. The first of them
/// carries it through the spool and Kafka to the ingester, which makes the rest of it, in whichever process
/// that is and however much later.
final class RowTraces {

    private final Tracer tracer;
    private final InstantSource clock;
    private final AtomicLong last = new AtomicLong(Long.MIN_VALUE);

    RowTraces(Tracer tracer, InstantSource clock) {
        this.tracer = tracer;
        this.clock = clock;
    }

    /// Hands rows to the sink, in a span where one is due.
    int offer(String proxy, List<AccessLogEntry> rows, RowSink sink) {
        if (rows.isEmpty() || !isDue()) {
            return sink.offer(proxy, rows);
        }
        var span = tracer.spanBuilder("accesslog.receive")
                .setAttribute("sallyport.proxy", proxy)
                .setAttribute("sallyport.rows", rows.size())
                .startSpan();
        try (var _ = span.makeCurrent()) {
            var taken = sink.offer(proxy, span.getSpanContext().isSampled() ? marked(rows, span) : rows);
            if (taken < rows.size()) {
                span.setStatus(StatusCode.ERROR, "the spool has no room for " + (rows.size() - taken) + " rows");
            }
            return taken;
        } finally {
            span.end();
        }
    }

    private boolean isDue() {
        var second = clock.instant().getEpochSecond();
        var before = last.get();
        return second != before && last.compareAndSet(before, second);
    }

    private static List<AccessLogEntry> marked(List<AccessLogEntry> rows, Span span) {
        var marked = new ArrayList<>(rows);
        marked.set(
                0,
                rows.getFirst().toBuilder()
                        .setOrigin(Origin.newBuilder().setTrace(TraceParent.of(span)))
                        .build());
        return marked;
    }
}
