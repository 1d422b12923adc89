package io.sallyport.xds.discovery;

import com.google.common.collect.ImmutableList;
import io.sallyport.translation.EnvoyResource;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A resource that one proxy refused: its versions are not sent to that proxy again. `fallback` is the last version
/// that the proxy acknowledged, which it keeps; null: it has none, so the resource is withheld.
///
/// The refused version came with a revision in `(from, to]`: several revisions may be merged into one step.
public record Refusal(
        EnvoyResource resource,
        List<String> versions,
        @Nullable EnvoyResource fallback,
        String reason,
        long from,
        long to,
        Instant time) {

    public Refusal {
        versions = ImmutableList.copyOf(versions);
    }
}
