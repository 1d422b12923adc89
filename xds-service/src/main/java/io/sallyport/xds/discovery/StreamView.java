package io.sallyport.xds.discovery;

import com.google.common.collect.ImmutableList;
import io.sallyport.translation.ResourceType;
import java.time.Instant;
import java.util.List;

/// What one stream has reached, for status: an immutable picture that the stream replaces after each event.
///
/// `revision` is the newest one that the proxy has taken whole, refused resources aside.
public record StreamView(boolean delta, long revision, List<TypeView> types) {

    /// Before the first request.
    public static final StreamView SILENT = new StreamView(true, 0, List.of());

    /// One type: `answered` is the time of the last answer, or the beginning of time.
    public record TypeView(
            ResourceType type, boolean sent, boolean synced, long revision, Instant answered, int resources) {}

    public StreamView {
        types = ImmutableList.copyOf(types);
    }
}
