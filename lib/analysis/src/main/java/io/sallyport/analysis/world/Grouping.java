package io.sallyport.analysis.world;

import io.sallyport.model.ObjectRef;
import java.util.Collection;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;

/// Objects under keys, any number each. Persistent: adding one shares the rest.
record Grouping<K, V>(PMap<K, PMap<ObjectRef, V>> groups) {

    static <K, V> Grouping<K, V> empty() {
        return new Grouping<>(HashTreePMap.empty());
    }

    PMap<ObjectRef, V> get(K key) {
        return groups.getOrDefault(key, HashTreePMap.empty());
    }

    Grouping<K, V> plus(Collection<K> keys, ObjectRef ref, V value) {
        var next = groups;
        for (var key : keys) {
            next = next.plus(key, next.getOrDefault(key, HashTreePMap.empty()).plus(ref, value));
        }
        return new Grouping<>(next);
    }

    Grouping<K, V> minus(Collection<K> keys, ObjectRef ref) {
        var next = groups;
        for (var key : keys) {
            var left = next.getOrDefault(key, HashTreePMap.empty()).minus(ref);
            next = left.isEmpty() ? next.minus(key) : next.plus(key, left);
        }
        return new Grouping<>(next);
    }
}
