package io.sallyport.config.api;

import java.time.Duration;

/// How many watches may be open, and how long a reader may leave a message unread before it is sent away.
public record WatchBounds(int perCaller, int total, Duration slow) {

    /// For one machine: enough for every follower, too few to hurt.
    public static final WatchBounds DEFAULT = new WatchBounds(100, 1_000, Duration.ofSeconds(60));
}
