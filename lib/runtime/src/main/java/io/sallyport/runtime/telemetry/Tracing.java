package io.sallyport.runtime.telemetry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SpanLimits;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import io.sallyport.runtime.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Makes the spans of one process and sends them to a collector, over gRPC, in the background.
///
/// Without an endpoint nothing is recorded and no thread runs, but every change still has a trace id, so that the log
/// lines of all services about one change can be found together. A collector that is away or slow costs spans and
/// nothing else: at most 2,048 wait, and the rest is dropped.
public final class Tracing implements AutoCloseable {

    private static final int MAX_WAITING = 2_048;
    private static final int MAX_TEXT = 512;
    private static final Duration DELAY = Duration.ofMillis(500);
    private static final Duration EXPORT_WITHIN = Duration.ofSeconds(5);
    private static final int CLOSE_SECONDS = 2;

    private final Sampler sampler;
    private final @Nullable SpanProcessor processor;

    @GuardedBy("this") private final List<SdkTracerProvider> providers = new ArrayList<>();

    private Tracing(Sampler sampler, @Nullable SpanProcessor processor) {
        this.sampler = sampler;
        this.processor = processor;
    }

    /// Ready to make spans. `meters` count what became of them.
    public static Tracing start(TraceSettings settings, MeterRegistry meters) throws IOException {
        return settings.endpoint().isEmpty()
                ? new Tracing(Sampler.alwaysOff(), null)
                : start(settings.ratio(), exporter(settings), meters);
    }

    static Tracing start(double ratio, SpanExporter exporter, MeterRegistry meters) {
        var counted = new CountedExporter(exporter, meters);
        var processor = BatchSpanProcessor.builder(counted)
                .setMaxQueueSize(MAX_WAITING)
                .setMaxExportBatchSize(MAX_WAITING / 4)
                .setScheduleDelay(DELAY)
                .setExporterTimeout(EXPORT_WITHIN)
                .build();
        return new Tracing(Sampler.parentBased(Sampler.traceIdRatioBased(ratio)), processor);
    }

    private static SpanExporter exporter(TraceSettings settings) throws IOException {
        var builder = OtlpGrpcSpanExporter.builder()
                .setEndpoint(settings.endpoint().orElseThrow())
                .setTimeout(EXPORT_WITHIN)
                .setConnectTimeout(EXPORT_WITHIN)
                .setRetryPolicy(null);
        if (settings.authority().isPresent()) {
            builder.setTrustedCertificates(
                    Files.readAllBytes(settings.authority().get()));
        }
        return builder.build();
    }

    /// Who makes the spans of one service, such as `sallyport-xds`: the name by which the collector shows it.
    public io.opentelemetry.api.trace.Tracer of(String service) {
        var builder = SdkTracerProvider.builder()
                .setSampler(sampler)
                .setSpanLimits(SpanLimits.builder()
                        .setMaxNumberOfAttributes(32)
                        .setMaxNumberOfEvents(32)
                        .setMaxAttributeValueLength(MAX_TEXT)
                        .build())
                .setResource(Resource.create(Attributes.of(
                        AttributeKey.stringKey("service.name"),
                        service,
                        AttributeKey.stringKey("service.version"),
                        Version.current())));
        if (processor != null) {
            builder.addSpanProcessor(processor);
        }
        var provider = builder.build();
        synchronized (this) {
            providers.add(provider);
        }
        return provider.get("io.sallyport");
    }

    /// Sends what waits, for two seconds at most.
    @Override
    public void close() {
        if (processor != null) {
            processor.shutdown().join(CLOSE_SECONDS, TimeUnit.SECONDS);
        }
        List<SdkTracerProvider> all;
        synchronized (this) {
            all = List.copyOf(providers);
        }
        all.forEach(provider -> provider.shutdown().join(CLOSE_SECONDS, TimeUnit.SECONDS));
    }
}
