package io.sallyport.standalone;

import io.sallyport.runtime.Lifecycle;
import io.sallyport.runtime.metric.Metrics;
import io.sallyport.runtime.telemetry.Telemetry;
import io.sallyport.runtime.telemetry.TraceSettings;
import io.sallyport.runtime.telemetry.Tracing;
import java.io.IOException;

/// What a process measures and traces with. Metrics are always there; spans go where the environment says
/// (`OTEL_EXPORTER_OTLP_ENDPOINT`), or nowhere.
record Instruments(Metrics metrics, Tracing tracing) {

    static Instruments start(Lifecycle lifecycle) throws IOException {
        var metrics = lifecycle.started("metrics", new Metrics());
        var tracing = Tracing.start(TraceSettings.of(System.getenv()), metrics.registry());
        return new Instruments(metrics, lifecycle.started("traces", tracing));
    }

    /// For one service of this process, such as `xds`.
    Telemetry of(String service) {
        return new Telemetry(metrics.registry(), tracing.of("sallyport-" + service));
    }
}
