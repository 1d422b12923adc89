package io.sallyport.runtime.telemetry;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Counts the spans that were sent and those that were lost, and says once when the collector goes away and once when
/// it is back: a line for each batch would fill the log of exactly those who cannot send.
final class CountedExporter implements SpanExporter {

    private static final Logger LOG = LoggerFactory.getLogger(CountedExporter.class);

    private final SpanExporter exporter;
    private final Counter sent;
    private final Counter lost;
    private final AtomicBoolean away = new AtomicBoolean();

    CountedExporter(SpanExporter exporter, MeterRegistry meters) {
        this.exporter = exporter;
        this.sent = counter(meters, "sent");
        this.lost = counter(meters, "lost");
    }

    private static Counter counter(MeterRegistry meters, String result) {
        return Counter.builder("sallyport_trace_spans")
                .description(
                        "Spans that were handed to the OpenTelemetry collector, or lost because it did not take them.")
                .tag("result", result)
                .register(meters);
    }

    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
        var result = exporter.export(spans);
        result.whenComplete(() -> {
            if (result.isSuccess()) {
                sent.increment(spans.size());
                if (away.compareAndSet(true, false)) {
                    LOG.atInfo().log("The collector of traces takes spans again");
                }
            } else {
                lost.increment(spans.size());
                if (away.compareAndSet(false, true)) {
                    LOG.atWarn().log("The collector of traces takes no spans; they are lost until it does");
                }
            }
        });
        return result;
    }

    @Override
    public CompletableResultCode flush() {
        return exporter.flush();
    }

    @Override
    public CompletableResultCode shutdown() {
        return exporter.shutdown();
    }
}
