package io.sallyport.translation.link;

import io.sallyport.translation.plan.Timeout;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Reads limits of time that may be left out.
final class Timeouts {

    private Timeouts() {}

    static Timeout of(@Nullable Duration duration) {
        return duration == null ? Timeout.none() : Timeout.after(duration);
    }

    /// Where 0 switches the limit off, as Istio's `timeout` does.
    static Timeout unlessZero(@Nullable Duration duration) {
        return duration == null || duration.isZero() ? Timeout.none() : Timeout.after(duration);
    }
}
