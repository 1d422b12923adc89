package io.sallyport.xds.discovery;

import com.google.common.collect.Comparators;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// How long a type rests after refusals: not at all while their number may come from a search for the culprit, then
/// twice as long each time, up to a bound.
final class BackOff {

    private static final int MOST_DOUBLINGS = 16;

    private final Pace pace;
    private int refusedInARow;
    private Instant until = Instant.MIN;

    BackOff(Pace pace) {
        this.pace = pace;
    }

    void taken() {
        refusedInARow = 0;
    }

    void refused(Instant now) {
        refusedInARow++;
        if (refusedInARow > pace.patience()) {
            var doublings = Math.min(refusedInARow - pace.patience() - 1, MOST_DOUBLINGS);
            until = now.plus(Comparators.min(pace.backOff().multipliedBy(1L << doublings), pace.maxBackOff()));
        }
    }

    boolean isResting(Instant now) {
        return now.isBefore(until);
    }

    /// When the rest is over; null: there is none.
    @Nullable Instant deadline(Instant now) {
        return isResting(now) ? until : null;
    }
}
