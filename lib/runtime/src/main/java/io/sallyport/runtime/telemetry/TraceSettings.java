package io.sallyport.runtime.telemetry;

import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// Where spans go and how many changes are traced, in the words of OpenTelemetry's specification of environment
/// variables: `OTEL_EXPORTER_OTLP_ENDPOINT` (or `…_TRACES_ENDPOINT`), `OTEL_TRACES_SAMPLER_ARG`,
/// `OTEL_EXPORTER_OTLP_CERTIFICATE`, `OTEL_SDK_DISABLED`. The protocol is gRPC.
///
/// `endpoint` empty: nothing is exported, and no thread runs. `ratio` counts for changes whose caller brings no trace;
/// who brings one has decided.
public record TraceSettings(Optional<String> endpoint, double ratio, Optional<Path> authority) {

    /// Nothing is exported.
    public static final TraceSettings OFF = new TraceSettings(Optional.empty(), 1, Optional.empty());

    public TraceSettings {
        if (!(ratio >= 0 && ratio <= 1)) {
            throw new IllegalArgumentException(
                    "OTEL_TRACES_SAMPLER_ARG \"" + ratio + "\" (expected: a number from 0 to 1)");
        }
        endpoint.ifPresent(TraceSettings::check);
    }

    /// Reads the environment. An `IllegalArgumentException` names the variable that cannot be used.
    public static TraceSettings of(Map<String, String> environment) {
        if ("true".equalsIgnoreCase(environment.get("OTEL_SDK_DISABLED"))) {
            return OFF;
        }
        var endpoint = text(environment, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
                .or(() -> text(environment, "OTEL_EXPORTER_OTLP_ENDPOINT"));
        var authority = text(environment, "OTEL_EXPORTER_OTLP_CERTIFICATE").map(Path::of);
        var ratio = text(environment, "OTEL_TRACES_SAMPLER_ARG");
        try {
            return new TraceSettings(endpoint, ratio.isEmpty() ? 1 : Double.parseDouble(ratio.get()), authority);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "OTEL_TRACES_SAMPLER_ARG \"" + ratio.get() + "\" (expected: a number from 0 to 1)", e);
        }
    }

    private static Optional<String> text(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name)).map(String::strip).filter(text -> !text.isEmpty());
    }

    private static void check(String endpoint) {
        var wrong =
                "OTEL_EXPORTER_OTLP_ENDPOINT \"" + endpoint + "\" (expected: http://HOST:PORT or https://HOST:PORT)";
        try {
            var uri = URI.create(endpoint);
            var scheme = uri.getScheme();
            if (uri.getHost() == null || !("http".equals(scheme) || "https".equals(scheme))) {
                throw new IllegalArgumentException(wrong);
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(wrong, e);
        }
    }
}
