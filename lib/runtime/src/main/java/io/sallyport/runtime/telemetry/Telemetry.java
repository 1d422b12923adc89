package io.sallyport.runtime.telemetry;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.TracerProvider;

/// What a service is given to tell about itself: where its meters are kept and who makes its spans.
public record Telemetry(MeterRegistry meters, Tracer tracer) {

    /// Measures nothing and traces nothing: for tests and tools.
    public static Telemetry none() {
        return new Telemetry(new CompositeMeterRegistry(), TracerProvider.noop().get("none"));
    }
}
