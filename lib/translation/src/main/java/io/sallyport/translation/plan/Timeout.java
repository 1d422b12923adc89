package io.sallyport.translation.plan;

import java.time.Duration;

/// A limit of time that may be absent.
public sealed interface Timeout {

    /// No limit, or the limit of whoever is asked next.
    record None() implements Timeout {}

    record After(Duration duration) implements Timeout {
        public After {
            if (duration.isNegative()) {
                throw new IllegalArgumentException("duration: " + duration + " (expected: not negative)");
            }
        }
    }

    static Timeout none() {
        return new None();
    }

    static Timeout after(Duration duration) {
        return new After(duration);
    }
}
