package io.sallyport.analysis.policy;

import com.google.common.primitives.Longs;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Telemetry;
import java.util.Optional;

/// How much a proxy gathers before it sends rows to a service: by the annotations of the Telemetry that selects it.
///
/// ```yaml
/// metadata:
///   annotations: {sallyport.io/log-buffer-bytes: "65536", sallyport.io/log-flush-millis: "500"}
/// ```
///
/// Without them it is Envoy's own choice, 16 KiB or a second, which is the cheapest for Envoy: 256 KiB cost
/// it 10 % more per request. A proxy with more than 16 KiB of rows in a burst loses what does not fit while
/// its stream is slow, and wants more.
///
/// @param bytes 0: Envoy's default
/// @param millis 0: Envoy's default
public record LogBuffer(int bytes, int millis) {

    /// The annotation for the size; from 1 to 1,048,576.
    public static final String BYTES = "sallyport.io/log-buffer-bytes";

    /// The annotation for the longest wait; from 10 to 60,000.
    public static final String MILLIS = "sallyport.io/log-flush-millis";

    /// Envoy's own.
    public static final LogBuffer DEFAULT = new LogBuffer(0, 0);

    static final int MAX_BYTES = 1 << 20;
    static final int MIN_MILLIS = 10;
    static final int MAX_MILLIS = 60_000;

    /// This, with what a Telemetry of a lower level says instead.
    public LogBuffer under(ConfigObject<Telemetry> telemetry) {
        return new LogBuffer(
                read(telemetry, BYTES, 1, MAX_BYTES).orElse(bytes),
                read(telemetry, MILLIS, MIN_MILLIS, MAX_MILLIS).orElse(millis));
    }

    static Optional<Integer> read(ConfigObject<?> telemetry, String annotation, int least, int most) {
        return Optional.ofNullable(telemetry.metadata().annotations().get(annotation))
                .map(Longs::tryParse)
                .filter(value -> value >= least && value <= most)
                .map(Long::intValue);
    }
}
