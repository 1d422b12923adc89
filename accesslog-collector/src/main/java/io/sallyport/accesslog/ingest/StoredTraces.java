package io.sallyport.accesslog.ingest;

import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.sallyport.accesslog.storage.StoreException;
import io.sallyport.runtime.telemetry.TraceParent;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Ends the traces of rows: `accesslog.kafka`, from when Kafka was given the row until it is read, and
/// `accesslog.store`, the transaction of its batch, as an error with the store's words where that fails.
///
/// Before `accesslog.kafka` lies the time in the spool. A batch has many rows, and after a while without Kafka
/// many that are traced: the first of them tell what there is to tell.
final class StoredTraces {

    private static final int MAX_OF_BATCH = 10;

    /// Stores a batch.
    @FunctionalInterface
    interface Transaction {
        void run() throws StoreException;
    }

    private record Traced(String trace, int partition, long offset, long sentMillis, Instant read) {}

    private final Tracer tracer;
    private final InstantSource clock;
    private final List<Traced> batch = new ArrayList<>();

    StoredTraces(Tracer tracer, InstantSource clock) {
        this.tracer = tracer;
        this.clock = clock;
    }

    /// A row of the next batch was read.
    ///
    /// @param trace its `traceparent`; empty: nobody traces it
    /// @param sentMillis when Kafka was given it
    void read(String trace, int partition, long offset, long sentMillis) {
        if (!trace.isEmpty() && batch.size() < MAX_OF_BATCH) {
            batch.add(new Traced(trace, partition, offset, sentMillis, clock.instant()));
        }
    }

    /// The batch is dropped, and will be read again.
    void clear() {
        batch.clear();
    }

    /// Stores the batch.
    void stored(int rows, Transaction transaction) throws StoreException {
        var begin = clock.instant();
        try {
            transaction.run();
            tell(rows, begin, null);
        } catch (StoreException e) {
            tell(rows, begin, e);
            throw e;
        } finally {
            batch.clear();
        }
    }

    private void tell(int rows, Instant begin, @Nullable StoreException failure) {
        var end = clock.instant();
        for (var traced : batch) {
            var parent = TraceParent.read(traced.trace());
            var sent = Instant.ofEpochMilli(traced.sentMillis());
            tracer.spanBuilder("accesslog.kafka")
                    .setParent(parent)
                    .setStartTimestamp(sent)
                    .setAttribute("sallyport.partition", traced.partition())
                    .setAttribute("sallyport.offset", traced.offset())
                    .startSpan()
                    .end(traced.read().isBefore(sent) ? sent : traced.read());
            var span = tracer.spanBuilder("accesslog.store")
                    .setParent(parent)
                    .setStartTimestamp(begin)
                    .setAttribute("sallyport.rows", rows)
                    .startSpan();
            if (failure != null) {
                span.setStatus(StatusCode.ERROR, String.valueOf(failure.getMessage()));
            }
            span.end(end);
        }
    }
}
