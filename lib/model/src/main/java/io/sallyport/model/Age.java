package io.sallyport.model;

import java.time.Instant;
import java.util.Comparator;

/// How old an object is: the older one wins most of Istio's conflicts. Fixed when the object is first accepted, so it
/// survives edits, restarts and file renames. Ties are broken by name, then namespace: see [ConfigObject#BY_AGE].
///
/// `created` is `metadata.creationTimestamp` if given (never later than the acceptance), else the time of acceptance.
/// Whole seconds, as Kubernetes keeps them; then the revision, path and document index of the first acceptance decide.
public record Age(Instant created, long revision, String path, int index) implements Comparable<Age> {

    private static final Comparator<Age> ORDER = Comparator.comparing(Age::created)
            .thenComparingLong(Age::revision)
            .thenComparing(Age::path)
            .thenComparingInt(Age::index);

    /// For objects that were read and not yet accepted: younger than everything.
    public static final Age NONE = new Age(Instant.MAX, Long.MAX_VALUE, "", 0);

    @Override
    public int compareTo(Age other) {
        return ORDER.compare(this, other);
    }
}
