package io.sallyport.config.source;

import io.sallyport.config.store.Document;
import io.sallyport.model.ObjectRef;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/// What the files of a directory offer, and which file's version of an object counts: the first by path, then by
/// position. A change costs as much as the files that changed.
final class Offers {

    /// A document in a file.
    record Offer(String file, Document document) {}

    private record Key(String file, int index) implements Comparable<Key> {

        @Override
        public int compareTo(Key other) {
            int files = file.compareTo(other.file);
            return files != 0 ? files : Integer.compare(index, other.index);
        }
    }

    private static final class Entry {
        private List<Document> documents = List.of();
        private boolean unclear;
        private boolean vanished;
        // Objects that were left alone because of this file; to be looked at again when it is repaired.
        private final Set<ObjectRef> spared = new HashSet<>();
    }

    private final SortedMap<String, Entry> files = new TreeMap<>();
    private final Map<ObjectRef, SortedMap<Key, Document>> byRef = new HashMap<>();

    /// Takes a file's new documents; returns the objects whose version may have changed.
    Set<ObjectRef> put(String file, List<Document> documents) {
        var entry = files.computeIfAbsent(file, absent -> new Entry());
        var touched = new HashSet<>(entry.spared);
        entry.spared.clear();
        touched.addAll(drop(file, entry));
        entry.documents = List.copyOf(documents);
        entry.vanished = false;
        // A document whose name cannot be read may be any of those that are missing now.
        entry.unclear = documents.stream()
                .anyMatch(document -> document.ref().isEmpty() && document.isRefused() && !document.isForeign());
        for (var document : documents) {
            document.ref().ifPresent(ref -> {
                byRef.computeIfAbsent(ref, absent -> new TreeMap<>())
                        .put(new Key(file, document.source().index()), document);
                touched.add(ref);
            });
        }
        return touched;
    }

    /// The file cannot be read any more: what it offered last stays.
    void blur(String file) {
        var entry = files.computeIfAbsent(file, absent -> new Entry());
        entry.unclear = true;
        entry.vanished = false;
    }

    /// The file is gone, perhaps for a moment: what it offered stays unless another file offers it.
    Set<ObjectRef> vanish(String file) {
        var entry = files.get(file);
        if (entry == null) {
            return Set.of();
        }
        entry.vanished = true;
        return refs(entry);
    }

    /// The file is back as it was.
    Set<ObjectRef> unvanish(String file) {
        var entry = files.get(file);
        if (entry == null || !entry.vanished) {
            return Set.of();
        }
        entry.vanished = false;
        return refs(entry);
    }

    /// The file is gone for good.
    Set<ObjectRef> remove(String file) {
        var entry = files.remove(file);
        if (entry == null) {
            return Set.of();
        }
        var touched = new HashSet<>(entry.spared);
        touched.addAll(drop(file, entry));
        return touched;
    }

    private Set<ObjectRef> drop(String file, Entry entry) {
        var touched = refs(entry);
        for (var document : entry.documents) {
            document.ref()
                    .ifPresent(ref -> byRef.computeIfPresent(ref, (name, offers) -> {
                        offers.remove(new Key(file, document.source().index()));
                        return offers.isEmpty() ? null : offers;
                    }));
        }
        return touched;
    }

    private static Set<ObjectRef> refs(Entry entry) {
        var refs = new HashSet<ObjectRef>();
        entry.documents.forEach(document -> document.ref().ifPresent(refs::add));
        return refs;
    }

    Set<ObjectRef> refs() {
        return byRef.keySet();
    }

    boolean contains(String file) {
        return files.containsKey(file);
    }

    /// The version that counts.
    Optional<Offer> winner(ObjectRef ref) {
        return all(ref).stream().findFirst();
    }

    /// Every place that offers the object, the one that counts first.
    List<Offer> all(ObjectRef ref) {
        var here = new ArrayList<Offer>();
        var vanished = new ArrayList<Offer>();
        byRef.getOrDefault(ref, new TreeMap<>()).forEach((key, document) -> {
            var entry = files.get(key.file());
            (entry != null && entry.vanished ? vanished : here).add(new Offer(key.file(), document));
        });
        return here.isEmpty() ? vanished : here;
    }

    /// Whether an object that came from this file has to stay although the file does not offer it now.
    boolean spares(String file, ObjectRef ref) {
        var entry = files.get(file);
        if (entry == null || !entry.unclear) {
            return false;
        }
        entry.spared.add(ref);
        return true;
    }
}
