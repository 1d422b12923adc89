package io.sallyport.accesslog.query;

import java.util.Optional;
import java.util.SortedSet;

/// Which rows a question is about, with what the server adds: a time range that is never open, and the
/// namespaces whose rows the caller may see.
///
/// @param from microseconds since 1970, inclusive
/// @param to exclusive
/// @param namespaces absent: all
public record Selection(Condition condition, long from, long to, Optional<SortedSet<String>> namespaces) {

    private static final long HOUR = 3_600L * 1_000_000;
    // Ends that are left open are those of minutes.
    private static final long MAX_RANGE = 31 * 24 * HOUR + 2 * HOUR / 60;

    /// Refuses a range that is longer than a question may be about.
    public Selection {
        if (from > to) {
            throw new IllegalArgumentException("from lies behind to");
        }
    }

    /// Throws if it is about too much.
    Selection checked() throws QueryException {
        if (to - from > MAX_RANGE) {
            throw new QueryException("time range of " + Math.ceilDiv(to - from, HOUR)
                    + " h (expected: at most 31 days, which are 744 h; ask for a part of it)");
        }
        return this;
    }
}
