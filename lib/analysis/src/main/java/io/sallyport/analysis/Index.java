package io.sallyport.analysis;

import io.sallyport.model.ConfigObject;
import io.sallyport.model.ObjectRef;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// Who can be found under which key, and who asked for it. Mutable, and owned by one [Analyzer].
final class Index {

    // Age decides; the rest only makes the order total.
    private static final Comparator<ConfigObject<?>> ORDER =
            ConfigObject.BY_AGE.thenComparing(object -> object.ref().kind());

    private static final TreeSet<ConfigObject<?>> NOBODY = new TreeSet<>(ORDER);

    private final Map<Key, TreeSet<ConfigObject<?>>> found = new HashMap<>();
    private final Map<Key, Set<ObjectRef>> askers = new HashMap<>();

    record Key(Topic topic, String name) {}

    /// What stands under a key, the oldest first, and no more than `most` of it: an answer must not grow with the
    /// square
    /// of those who share a key.
    List<ConfigObject<?>> find(Key key, int most) {
        var objects = found.get(key);
        return objects == null ? List.of() : objects.stream().limit(most).toList();
    }

    boolean isEmpty(Key key) {
        return !found.containsKey(key);
    }

    /// Whether an object that stands under a key is among the first `most`. Of those behind them no answer speaks, so
    /// nobody need ask again when one of them comes, changes or goes.
    boolean isFound(Key key, ConfigObject<?> object, int most) {
        var objects = found.getOrDefault(key, NOBODY);
        if (objects.size() <= most) {
            return true;
        }
        var last = objects.stream().skip(most - 1).findFirst().orElseThrow();
        return ORDER.compare(object, last) <= 0;
    }

    void add(ConfigObject<?> object, Iterable<Key> keys) {
        for (var key : keys) {
            found.computeIfAbsent(key, _ -> new TreeSet<>(ORDER)).add(object);
        }
    }

    void remove(ConfigObject<?> object, Iterable<Key> keys) {
        for (var key : keys) {
            var objects = found.get(key);
            if (objects != null) {
                objects.remove(object);
                if (objects.isEmpty()) {
                    found.remove(key);
                }
            }
        }
    }

    Set<ObjectRef> askers(Key key) {
        return askers.getOrDefault(key, Set.of());
    }

    void asked(ObjectRef who, Set<Key> keys) {
        for (var key : keys) {
            askers.computeIfAbsent(key, _ -> new LinkedHashSet<>()).add(who);
        }
    }

    void forget(ObjectRef who, Set<Key> keys) {
        for (var key : keys) {
            var refs = askers.get(key);
            if (refs != null) {
                refs.remove(who);
                if (refs.isEmpty()) {
                    askers.remove(key);
                }
            }
        }
    }
}
