package io.sallyport.model.gatewayapi;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Keeps a client with one endpoint, by a cookie or a header.
public record SessionPersistence(
        String sessionName,
        @Nullable Duration absoluteTimeout,
        @Nullable Duration idleTimeout,
        Type type,
        @Nullable Cookie cookieConfig) {

    /// What carries the session. Absent means `Cookie`.
    public enum Type {
        Cookie,
        Header
    }

    /// How long a cookie lives.
    public record Cookie(Lifetime lifetimeType) {}

    /// Until the browser ends, or for `absoluteTimeout`. Absent means `Session`.
    public enum Lifetime {
        Session,
        Permanent
    }
}
