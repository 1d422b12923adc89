package io.sallyport.xds.discovery;

import java.time.Duration;

/// How a stream is paced. The defaults are from measurements of Envoy 1.40.
///
/// `answer`: an unanswered response older than this stops holding others back (Envoy withholds the acknowledgement of
/// clusters while any of them warms). `order`: nothing waits longer than this for its turn in make-before-break order.
/// `drain`: how long routes and clusters outlive the listener that named them. `stuck`: a cluster response without an
/// answer for this long is taken as refused. `lastScopes`: how long open connections of a chain that is gone find their
/// table, as long as Envoy drains them if it is not told otherwise (`--drain-time-s`).
record Pace(
        Duration answer,
        Duration order,
        Duration drain,
        Duration stuck,
        Duration lastScopes,
        int chunk,
        int chunkBytes,
        int firstScopesBytes,
        int patience,
        Duration backOff,
        Duration maxBackOff) {

    static final Pace DEFAULT = new Pace(
            Duration.ofSeconds(1),
            Duration.ofSeconds(10),
            Duration.ofMillis(500),
            Duration.ofSeconds(25),
            Duration.ofMinutes(10),
            300,
            1 << 20,
            32 << 20,
            24,
            Duration.ofSeconds(1),
            Duration.ofSeconds(60));
}
