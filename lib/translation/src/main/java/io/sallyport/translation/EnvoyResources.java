package io.sallyport.translation;

import com.google.common.collect.ImmutableList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.pcollections.PSortedMap;
import org.pcollections.TreePMap;

/// Everything that one class of proxies is given at one revision. Immutable; the next set shares every
/// resource that did not change, as the same object.
public final class EnvoyResources {

    /// Nothing at all: no listener is bound.
    public static final EnvoyResources EMPTY =
            new EnvoyResources(0, emptyTables(), new Object(), null, new EnumMap<>(ResourceType.class), List.of());

    private final long revision;
    private final EnumMap<ResourceType, PSortedMap<String, EnvoyResource>> tables;
    // Identities, not references: a set must not keep its ancestors alive.
    private final Object identity;
    private final @Nullable Object parent;
    private final EnumMap<ResourceType, SortedSet<String>> changed;
    private final List<Withheld> withheld;

    private EnvoyResources(
            long revision,
            EnumMap<ResourceType, PSortedMap<String, EnvoyResource>> tables,
            Object identity,
            @Nullable Object parent,
            EnumMap<ResourceType, SortedSet<String>> changed,
            List<Withheld> withheld) {
        this.revision = revision;
        this.tables = tables;
        this.identity = identity;
        this.parent = parent;
        this.changed = changed;
        this.withheld = ImmutableList.copyOf(withheld);
    }

    /// The configuration revision that this was made from.
    public long revision() {
        return revision;
    }

    /// All resources of a type by name, in order of name.
    public SortedMap<String, EnvoyResource> all(ResourceType type) {
        return tables.getOrDefault(type, TreePMap.empty());
    }

    public Optional<EnvoyResource> find(ResourceType type, String name) {
        return Optional.ofNullable(all(type).get(name));
    }

    /// What Envoy would have refused and is therefore not in this set as configured, in order of name.
    public List<Withheld> withheld() {
        return withheld;
    }

    /// The next set with as much withheld as before, see [#with(long, Collection, Map, List)].
    public EnvoyResources with(
            long newRevision,
            Collection<EnvoyResource> upserts,
            Map<ResourceType, ? extends Collection<String>> removed) {
        return with(newRevision, upserts, removed, withheld);
    }

    /// The next set: `removed` names are taken out, `upserts` put in. An upsert with the version that is already there
    /// keeps the old object.
    public EnvoyResources with(
            long newRevision,
            Collection<EnvoyResource> upserts,
            Map<ResourceType, ? extends Collection<String>> removed,
            List<Withheld> newWithheld) {
        var next = new EnumMap<>(tables);
        var touched = new EnumMap<ResourceType, SortedSet<String>>(ResourceType.class);
        removed.forEach((type, names) -> names.forEach(name -> {
            if (table(next, type).containsKey(name)) {
                next.put(type, table(next, type).minus(name));
                touched.computeIfAbsent(type, _ -> new TreeSet<>()).add(name);
            }
        }));
        for (var resource : upserts) {
            var before = table(next, resource.type()).get(resource.name());
            if (before == null || !before.version().equals(resource.version())) {
                next.put(resource.type(), table(next, resource.type()).plus(resource.name(), resource));
                touched.computeIfAbsent(resource.type(), _ -> new TreeSet<>()).add(resource.name());
            }
        }
        return new EnvoyResources(newRevision, next, new Object(), identity, touched, newWithheld);
    }

    /// The names of a type whose resource differs between `previous` and this set, removed ones included.
    /// Cheap when this set was made from `previous` directly; otherwise both are compared by identity.
    public Set<String> changesSince(EnvoyResources previous, ResourceType type) {
        if (previous == this) {
            return Set.of();
        }
        if (parent == previous.identity) {
            return changed.getOrDefault(type, new TreeSet<>());
        }
        var differing = new TreeSet<String>();
        all(type).forEach((name, resource) -> {
            if (previous.all(type).get(name) != resource) {
                differing.add(name);
            }
        });
        previous.all(type).keySet().stream()
                .filter(name -> !all(type).containsKey(name))
                .forEach(differing::add);
        return differing;
    }

    private static PSortedMap<String, EnvoyResource> table(
            EnumMap<ResourceType, PSortedMap<String, EnvoyResource>> tables, ResourceType type) {
        return tables.getOrDefault(type, TreePMap.empty());
    }

    private static EnumMap<ResourceType, PSortedMap<String, EnvoyResource>> emptyTables() {
        return new EnumMap<>(ResourceType.class);
    }
}
