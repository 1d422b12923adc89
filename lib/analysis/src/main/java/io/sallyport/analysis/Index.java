package io.sallyport.analysis;

import com.google.common.collect.ImmutableList;
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
    private final Map<Key, Askers> askers = new HashMap<>();

    record Key(Topic topic, String name) {}

    // Most keys have one asker, and some have all; the key is kept so that equal ones are the same object everywhere.
    private static final class Askers {

        private final Key key;
        private Set<ObjectRef> refs = Set.of();

        private Askers(Key key) {
            this.key = key;
        }

        private void add(ObjectRef who) {
            if (refs.isEmpty()) {
                refs = Set.of(who);
            } else if (refs instanceof LinkedHashSet<ObjectRef> many) {
                many.add(who);
            } else if (!refs.contains(who)) {
                refs = new LinkedHashSet<>(refs);
                refs.add(who);
            }
        }

        private boolean isLast(ObjectRef who) {
            if (refs instanceof LinkedHashSet<ObjectRef> many) {
                many.remove(who);
                return many.isEmpty();
            }
            return refs.contains(who);
        }
    }

    /// What stands under a key, the oldest first, and no more than `most` of it: an answer must not grow with
    /// the square of those who share a key.
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
        var known = askers.get(key);
        return known == null ? Set.of() : known.refs;
    }

    /// Notes who asked, and answers what [#forget] is to be told.
    List<Key> asked(ObjectRef who, Set<Key> keys) {
        var kept = ImmutableList.<Key>builderWithExpectedSize(keys.size());
        for (var key : keys) {
            var known = askers.computeIfAbsent(key, Askers::new);
            known.add(who);
            kept.add(known.key);
        }
        return kept.build();
    }

    void forget(ObjectRef who, List<Key> keys) {
        for (var key : keys) {
            var known = askers.get(key);
            if (known != null && known.isLast(who)) {
                askers.remove(key);
            }
        }
    }
}
