package io.sallyport.analysis.text;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/// Durations that Istio hands to Envoy: at least a millisecond, in whole milliseconds.
public final class Durations {

    private static final Duration LEAST = Duration.ofMillis(1);

    private Durations() {}

    public static Optional<String> problem(Duration duration) {
        if (duration.compareTo(LEAST) < 0) {
            return Optional.of("duration \"%s\" (expected: at least \"1ms\")".formatted(text(duration)));
        }
        return duration.equals(duration.truncatedTo(ChronoUnit.MILLIS))
                ? Optional.empty()
                : Optional.of("duration \"%s\" (expected: whole milliseconds, such as \"%dms\")"
                        .formatted(text(duration), duration.toMillis()));
    }

    /// As people write it: `1.5s`.
    public static String text(Duration duration) {
        var seconds = BigDecimal.valueOf(duration.toSeconds()).add(BigDecimal.valueOf(duration.toNanosPart(), 9));
        return (seconds.signum() == 0 ? "0" : seconds.stripTrailingZeros().toPlainString()) + "s";
    }
}
