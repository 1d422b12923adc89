package io.sallyport.xds.discovery;

import io.sallyport.xds.publish.Snapshot;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// The state machine of one stream, without transport, threads or clock. `Q` is a request, `R` a response.
interface Session<Q, R> {

    void request(Q request, Instant now) throws ProtocolViolation;

    /// Takes a newer snapshot; the same one again changes nothing.
    void advance(Snapshot next);

    /// The next response that may be sent now. The caller asks again until there is none.
    @Nullable R poll(Instant now);

    /// When to poll although nothing happened; null: there is no such time.
    @Nullable Instant deadline(Instant now);

    /// Whether the next response may be a whole table of thousands.
    boolean isHeavy();

    StreamView view(Instant now);
}
