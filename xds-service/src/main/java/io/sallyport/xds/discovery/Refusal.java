package io.sallyport.xds.discovery;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import io.sallyport.translation.EnvoyResource;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A resource that one proxy refused: its versions are not sent to that proxy again. `fallback` is the last version
/// that the proxy acknowledged, which it keeps; null: it has none, so the resource is withheld.
///
/// `presumed`: those of the versions about which the proxy said nothing at all for too long, so the next stream tries
/// them again.
/// The refused version came with a revision in `(from, to]`: several revisions may be merged into one step.
public record Refusal(
        EnvoyResource resource,
        List<String> versions,
        @Nullable EnvoyResource fallback,
        String reason,
        long from,
        long to,
        Instant time,
        Set<String> presumed) {

    public Refusal {
        versions = ImmutableList.copyOf(versions);
        presumed = ImmutableSet.copyOf(Sets.intersection(presumed, ImmutableSet.copyOf(versions)));
    }

    Refusal with(List<String> newVersions, @Nullable EnvoyResource newFallback) {
        return new Refusal(resource, newVersions, newFallback, reason, from, to, time, presumed);
    }

    Refusal came(EnvoyResource again, long newFrom, long newTo) {
        return new Refusal(again, versions, fallback, reason, newFrom, newTo, time, presumed);
    }
}
