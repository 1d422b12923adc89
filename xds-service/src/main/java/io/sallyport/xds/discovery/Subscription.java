package io.sallyport.xds.discovery;

import io.sallyport.translation.ResourceType;
import io.sallyport.xds.publish.Snapshot;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// One type on one stream, as far as both protocols have it.
sealed interface Subscription permits DeltaSubscription, WorldSubscription {

    ResourceType type();

    /// Moves on to a newer snapshot.
    void advance(Snapshot next);

    /// Whether the proxy was sent something, by this process or another.
    boolean hasSent();

    /// The newest revision that the proxy has taken whole.
    long revision();

    /// When the proxy last answered.
    Instant answered();

    /// How many resources the proxy asks for.
    int count();

    /// Whether the next response is large enough to wait for its turn among streams.
    boolean isHeavy();

    /// When something may be due without an event; null: never.
    @Nullable Instant deadline(Instant now);
}
