package io.sallyport.follow;

import java.time.Instant;

/// How an image came: when config-service made its revision, and the trace of that change, as a W3C traceparent (empty:
/// not known).
///
/// `whole`: it came as a snapshot, so it tells nothing about how long a change takes; the revision may be days old.
public record Arrival(Instant made, String traceParent, boolean whole) {

    /// Of an image that nobody sent.
    public static final Arrival UNKNOWN = new Arrival(Instant.EPOCH, "", true);
}
