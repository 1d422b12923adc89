package io.sallyport.accesslog.rollup;

import java.util.Optional;
import java.util.SortedSet;

/// What is asked of the sums: which values an attribute had in a time of whole minutes.
///
/// @param attribute one of [Rollup#ATTRIBUTES]
/// @param from microseconds since 1970, inclusive
/// @param to exclusive
/// @param bar microseconds: one group for each value and each such piece of time; 0: one for each value
/// @param namespaces whose rows; absent: all
/// @param limit of groups, the largest first; the sum over all of them is in the answer as well
public record RollupQuestion(
        String attribute, long from, long to, long bar, Optional<SortedSet<String>> namespaces, int limit) {

    public RollupQuestion {
        if (!Rollup.ATTRIBUTES.contains(attribute)) {
            throw new IllegalArgumentException("attribute \"" + attribute + "\" (expected: one that has sums)");
        }
        if (!isWhole(from, to) || Math.floorMod(bar, Step.MINUTE.micros()) != 0) {
            throw new IllegalArgumentException("time from " + from + " to " + to + " (expected: whole minutes)");
        }
    }

    /// Whether a time is one of whole minutes.
    public static boolean isWhole(long from, long to) {
        return Step.MINUTE.isStart(from) && Step.MINUTE.isStart(to);
    }

    /// The longest piece of time whose sums can be used.
    public Step longest() {
        var longest = Step.DAY;
        while (bar % longest.micros() != 0) {
            longest = longest.shorter();
        }
        return longest;
    }

    boolean mayShow(String namespace) {
        return namespaces.isEmpty() || namespaces.get().contains(namespace);
    }
}
