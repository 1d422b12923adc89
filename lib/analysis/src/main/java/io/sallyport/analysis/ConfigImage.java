package io.sallyport.analysis;

import io.sallyport.model.ConfigObject;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Spec;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;

/// All objects of the configuration at one revision. Immutable; the next image shares everything that did not change.
public final class ConfigImage {

    /// Revision 0: nothing has been accepted yet.
    public static final ConfigImage EMPTY = new ConfigImage(0, HashTreePMap.empty(), Lineage.start());

    private final long revision;
    private final PMap<ObjectRef, ConfigObject<?>> objects;
    private final Lineage<ObjectRef> lineage;

    private ConfigImage(long revision, PMap<ObjectRef, ConfigObject<?>> objects, Lineage<ObjectRef> lineage) {
        this.revision = revision;
        this.objects = objects;
        this.lineage = lineage;
    }

    public long revision() {
        return revision;
    }

    public int size() {
        return objects.size();
    }

    public Optional<ConfigObject<?>> find(ObjectRef ref) {
        return Optional.ofNullable(objects.get(ref));
    }

    /// Every object, in no particular order.
    public Collection<ConfigObject<?>> objects() {
        return objects.values();
    }

    /// Every object of one kind, in no particular order. The caller names the record that belongs to the kind.
    public <S extends Spec> Stream<ConfigObject<S>> all(Kind kind, Class<S> type) {
        return objects.values().stream()
                .filter(object -> object.ref().kind() == kind)
                .map(object -> cast(object, type));
    }

    /// The object as one of its kind.
    @SuppressWarnings("unchecked")
    public static <S extends Spec> ConfigObject<S> cast(ConfigObject<?> object, Class<S> type) {
        if (!type.isInstance(object.spec())) {
            throw new IllegalArgumentException(object.ref() + " (expected: " + type.getSimpleName() + ")");
        }
        return (ConfigObject<S>) object;
    }

    /// The image after one change set: deletes first, then upserts.
    public ConfigImage with(
            long newRevision, Collection<? extends ConfigObject<?>> upserts, Collection<ObjectRef> deletes) {
        var touched = new LinkedHashSet<ObjectRef>(deletes);
        PMap<ObjectRef, ConfigObject<?>> next = objects.minusAll(deletes);
        for (var object : upserts) {
            touched.add(object.ref());
            next = next.plus(object.ref(), object);
        }
        return new ConfigImage(newRevision, next, lineage.next(Set.copyOf(touched)));
    }

    /// The names of all objects that differ between `previous` and this image, and perhaps some that changed and
    /// changed back. Cheap when this image was made from `previous` by some small steps; otherwise both are
    /// compared object by object, by identity.
    public Set<ObjectRef> changesSince(ConfigImage previous) {
        return stepsSince(previous).orElseGet(() -> differing(previous));
    }

    /// The same without comparing: empty if the steps from `previous` to this image are not remembered.
    Optional<Set<ObjectRef>> stepsSince(ConfigImage previous) {
        return lineage.since(previous.lineage);
    }

    private Set<ObjectRef> differing(ConfigImage previous) {
        var differing = new TreeSet<ObjectRef>();
        objects.forEach((ref, object) -> {
            if (previous.objects.get(ref) != object) {
                differing.add(ref);
            }
        });
        previous.objects.keySet().stream()
                .filter(ref -> !objects.containsKey(ref))
                .forEach(differing::add);
        return differing;
    }
}
