package io.sallyport.xds.discovery;

import io.sallyport.translation.EnvoyResource;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ResourceType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/// What one proxy refused. It outlives the proxy's streams, so that a reconnect does not bring the bad version back;
/// it is per proxy, so that a proxy which refuses everything harms itself alone.
public final class Refusals {

    // The newest refused versions of a name are remembered; an older one might be tried once more.
    private static final int VERSIONS = 8;

    private record Key(ResourceType type, String name) implements Comparable<Key> {
        private static final Comparator<Key> ORDER =
                Comparator.comparing(Key::type).thenComparing(Key::name);

        @Override
        public int compareTo(Key other) {
            return ORDER.compare(this, other);
        }
    }

    private final ConcurrentSkipListMap<Key, Refusal> refused = new ConcurrentSkipListMap<>();

    boolean covers(ResourceType type, String name, String version) {
        if (refused.isEmpty()) {
            return false;
        }
        var refusal = refused.get(new Key(type, name));
        return refusal != null && refusal.versions().contains(version);
    }

    boolean isEmpty() {
        return refused.isEmpty();
    }

    boolean covers(EnvoyResource resource) {
        return covers(resource.type(), resource.name(), resource.version());
    }

    /// What is sent instead of a refused version; null: nothing.
    @Nullable EnvoyResource fallback(ResourceType type, String name) {
        var refusal = refused.get(new Key(type, name));
        if (refusal == null) {
            return null;
        }
        var fallback = refusal.fallback();
        return fallback != null && refusal.versions().contains(fallback.version()) ? null : fallback;
    }

    void add(
            EnvoyResource resource,
            @Nullable EnvoyResource good,
            String reason,
            long from,
            long to,
            Instant now,
            boolean presumed) {
        refused.compute(new Key(resource.type(), resource.name()), (_, before) -> {
            var versions = new ArrayList<String>();
            var unsaid = new HashSet<String>();
            var fallback = good;
            if (before != null) {
                unsaid.addAll(before.presumed());
                versions.addAll(before.versions());
                versions.remove(resource.version());
                fallback = good == null ? before.fallback() : good;
            }
            versions.add(resource.version());
            if (presumed) {
                unsaid.add(resource.version());
            } else {
                unsaid.remove(resource.version());
            }
            var newest = versions.subList(Math.max(0, versions.size() - VERSIONS), versions.size());
            return new Refusal(resource, newest, fallback, reason, from, to, now, unsaid);
        });
    }

    /// The proxy took another version: from now on that is what it falls back to.
    void taken(EnvoyResource resource) {
        if (refused.isEmpty()) {
            return;
        }
        refused.computeIfPresent(new Key(resource.type(), resource.name()), (_, before) -> {
            return before.versions().contains(resource.version()) ? before : before.with(before.versions(), resource);
        });
    }

    /// A resource came (again) with a revision in `(from, to]`.
    void came(EnvoyResource resource, long from, long to) {
        if (refused.isEmpty()) {
            return;
        }
        refused.computeIfPresent(
                new Key(resource.type(), resource.name()),
                (_, before) ->
                        before.versions().contains(resource.version()) ? before.came(resource, from, to) : before);
    }

    /// The version was not refused after all.
    void pardon(EnvoyResource resource) {
        refused.computeIfPresent(
                new Key(resource.type(), resource.name()), (_, before) -> without(before, Set.of(resource.version())));
    }

    private static @Nullable Refusal without(Refusal refusal, Set<String> pardoned) {
        var versions = refusal.versions().stream()
                .filter(version -> !pardoned.contains(version))
                .toList();
        return versions.isEmpty() ? null : refusal.with(versions, refusal.fallback());
    }

    void forget(ResourceType type, String name) {
        if (!refused.isEmpty()) {
            refused.remove(new Key(type, name));
        }
    }

    /// A new stream tries again what was only presumed to be refused.
    void forgetPresumed(ResourceType type) {
        refused.forEach((key, _) -> {
            if (key.type() == type) {
                refused.computeIfPresent(key, (_, refusal) -> without(refusal, refusal.presumed()));
            }
        });
    }

    /// A proxy that comes without any resource has started anew: what it refused may be tried once more (a port that
    /// was taken may be free).
    void forget(ResourceType type) {
        refused.keySet().removeIf(key -> key.type() == type);
    }

    /// The refusals that matter for what the class is to run now, ordered by type and name.
    public List<Refusal> standing(EnvoyResources wanted) {
        var standing = new ArrayList<Refusal>();
        refused.forEach((key, refusal) -> wanted.find(key.type(), key.name())
                .filter(resource -> refusal.versions().contains(resource.version()))
                .ifPresent(_ -> standing.add(refusal)));
        return standing;
    }
}
