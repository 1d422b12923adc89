package io.sallyport.xds.publish;

import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hashing;
import com.google.common.primitives.Bytes;
import io.sallyport.translation.EnvoyResource;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ResourceType;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/// What a class of proxies is to run, with the last few steps that led to it, so that a stream which is some changes
/// behind learns what differs without comparing tables. Immutable and shared by all streams of the class, and of those
/// classes that no object tells apart from it.
public final class Snapshot {

    // A stream further behind than this compares both tables once: 10,000 names cost about a millisecond.
    static final int STEPS = 64;

    private static final List<ResourceType> NAMING =
            List.of(ResourceType.LISTENER, ResourceType.SCOPED_ROUTES, ResourceType.ROUTES);
    // Each name is searched for in all tables: 3 MB of routes take a few milliseconds.
    private static final int MOST_NAMED = 64;

    private final long sequence;
    private final EnvoyResources resources;
    private final ImmutableList<Step> steps;
    private final Map<ResourceType, String> digests = new ConcurrentHashMap<>();
    private final Map<String, Boolean> named = new ConcurrentHashMap<>();

    private record Step(long sequence, Map<ResourceType, Set<String>> changed) {}

    private Snapshot(long sequence, EnvoyResources resources, ImmutableList<Step> steps) {
        this.sequence = sequence;
        this.resources = resources;
        this.steps = steps;
    }

    /// The first snapshot of a class: a stream that holds nothing takes all of it.
    public static Snapshot first(EnvoyResources resources) {
        return new Snapshot(1, resources, ImmutableList.of());
    }

    /// The snapshot after this one.
    public Snapshot next(EnvoyResources after) {
        var changed = new EnumMap<ResourceType, Set<String>>(ResourceType.class);
        for (var type : ResourceType.values()) {
            var names = after.changesSince(resources, type);
            if (!names.isEmpty()) {
                changed.put(type, names);
            }
        }
        var recent = ImmutableList.<Step>builderWithExpectedSize(STEPS)
                .addAll(steps.size() < STEPS ? steps : steps.subList(1, steps.size()))
                .add(new Step(sequence + 1, changed))
                .build();
        return new Snapshot(sequence + 1, after, recent);
    }

    /// Rises by one with each snapshot of a board.
    public long sequence() {
        return sequence;
    }

    /// The configuration revision that this was made from.
    public long revision() {
        return resources.revision();
    }

    public EnvoyResources resources() {
        return resources;
    }

    /// A hash over all resources of a type: the version of a whole table, computed once for all streams.
    public String digest(ResourceType type) {
        return digests.computeIfAbsent(type, each -> digest(resources.all(each)));
    }

    /// A hash over names and versions.
    public static String digest(Map<String, EnvoyResource> table) {
        var hasher = Hashing.sha256().newHasher();
        table.forEach((name, resource) ->
                hasher.putInt(name.length()).putUnencodedChars(name).putUnencodedChars(resource.version()));
        return hasher.hash().toString().substring(0, 32);
    }

    /// Whether a listener or route of this snapshot may name the cluster, be it there or not: a rule whose destination
    /// is hidden from the gateway still does. True for a longer name that contains this one too, and for every name
    /// once many were asked for: an error to that side only makes somebody wait a moment.
    public boolean mayName(String cluster) {
        if (named.size() >= MOST_NAMED) {
            return named.getOrDefault(cluster, true);
        }
        return named.computeIfAbsent(cluster, this::isInText);
    }

    private boolean isInText(String cluster) {
        var bytes = cluster.getBytes(StandardCharsets.UTF_8);
        return NAMING.stream()
                .flatMap(type -> resources.all(type).values().stream())
                .anyMatch(resource -> Bytes.indexOf(resource.bytes().toByteArray(), bytes) >= 0);
    }

    /// Whether no resource of the type changed on the way from `base`, an older snapshot of the same board,
    /// to this one. False also when that way is too long to be remembered.
    public boolean isSteadySince(Snapshot base, ResourceType type) {
        var behind = sequence - base.sequence;
        return behind >= 0
                && behind <= steps.size()
                && steps.subList(steps.size() - Math.toIntExact(behind), steps.size()).stream()
                        .noneMatch(step -> step.changed().containsKey(type));
    }

    /// The names of a type that may differ between `base`, an older snapshot of the same board, and this one.
    public Set<String> changesSince(Snapshot base, ResourceType type) {
        if (base == this) {
            return Set.of();
        }
        var behind = Math.toIntExact(sequence - base.sequence);
        if (behind <= 0 || behind > steps.size()) {
            return resources.changesSince(base.resources, type);
        }
        if (behind == 1) {
            return steps.getLast().changed().getOrDefault(type, Set.of());
        }
        var union = new TreeSet<String>();
        for (var step : steps.subList(steps.size() - behind, steps.size())) {
            union.addAll(step.changed().getOrDefault(type, Set.of()));
        }
        return union;
    }
}
