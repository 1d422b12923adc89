package io.sallyport.config.store;

import io.sallyport.analysis.Analyzer;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import io.sallyport.model.ObjectRef;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;
import org.pcollections.TreePMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The configuration after one revision, with what the log needs to decide the next. Immutable; states share what did
/// not change. Only applying a revision makes the next one: restart, replica and test all go the same way.
public final class ConfigState {

    private static final Logger log = LoggerFactory.getLogger(ConfigState.class);

    private final RevisionHeader head;
    private final ConfigImage image;
    private final TreePMap<ObjectRef, StoredObject> stored;
    private final PMap<String, Integer> perNamespace;
    private final TreePMap<ObjectRef, Document> unreadable;
    private final StateDigest digest;
    private final RecentChanges recent;

    private ConfigState(
            RevisionHeader head,
            ConfigImage image,
            TreePMap<ObjectRef, StoredObject> stored,
            PMap<String, Integer> perNamespace,
            TreePMap<ObjectRef, Document> unreadable,
            StateDigest digest,
            RecentChanges recent) {
        this.head = head;
        this.image = image;
        this.stored = stored;
        this.perNamespace = perNamespace;
        this.unreadable = unreadable;
        this.digest = digest;
        this.recent = recent;
    }

    /// Before the first revision.
    static ConfigState empty() {
        return new ConfigState(
                RevisionHeader.NONE,
                ConfigImage.EMPTY,
                TreePMap.empty(),
                HashTreePMap.empty(),
                TreePMap.empty(),
                StateDigest.EMPTY,
                RecentChanges.NONE);
    }

    /// The state that a store holds, not yet read: the texts are there, the image is empty until [#read].
    static ConfigState of(StoredState loaded) {
        var stored = new TreeMap<ObjectRef, StoredObject>();
        var counts = new LinkedHashMap<String, Integer>();
        var digest = StateDigest.EMPTY;
        for (var object : loaded.objects()) {
            stored.put(object.ref(), object);
            counts.merge(object.ref().namespace(), 1, Integer::sum);
            digest = digest.plus(object.checksum());
        }
        return new ConfigState(
                loaded.head(),
                ConfigImage.EMPTY.with(loaded.head().number(), List.of(), List.of()),
                TreePMap.from(stored),
                HashTreePMap.from(counts),
                TreePMap.empty(),
                digest,
                RecentChanges.of(loaded.head().number(), loaded.touched()));
    }

    /// The same state with every object read. One that can no longer be read is withheld alone.
    ConfigState read(DocumentReader reader) {
        var documents = List.copyOf(stored.values()).parallelStream()
                .map(object -> inspected(object, reader))
                .toList();
        var objects = new ArrayList<ConfigObject<?>>();
        var withheld = new TreeMap<ObjectRef, Document>();
        int position = 0;
        for (var object : stored.values()) {
            var document = documents.get(position++);
            var found = document.object().filter(read -> read.ref().equals(object.ref()));
            found.ifPresent(read -> objects.add(read.withAge(object.age())));
            if (found.isEmpty()) {
                withheld.put(object.ref(), document);
            }
        }
        return new ConfigState(
                head,
                ConfigImage.EMPTY.with(head.number(), objects, List.of()),
                stored,
                perNamespace,
                TreePMap.from(withheld),
                digest,
                recent);
    }

    // Judged by itself here too, on all cores: whoever judges them together afterwards finds the answers.
    private static Document inspected(StoredObject object, DocumentReader reader) {
        var document = read(object, reader);
        document.object().ifPresent(found -> new Analyzer(reader.inspections()).inspect(found));
        return document;
    }

    // Whatever stands in the store, one object must not keep the others from being served.
    private static Document read(StoredObject object, DocumentReader reader) {
        try {
            return reader.read(object.source());
        } catch (RuntimeException e) {
            log.atError().addKeyValue("object", object.ref()).setCause(e).log("A stored object cannot be read");
            return new Document(object.source(), Optional.of(object.ref()), Optional.empty(), List.of());
        }
    }

    public long revision() {
        return head.number();
    }

    public RevisionHeader head() {
        return head;
    }

    /// What can be read of the objects, for the analyzer.
    public ConfigImage image() {
        return image;
    }

    public int size() {
        return stored.size();
    }

    public Optional<StoredObject> find(ObjectRef ref) {
        return Optional.ofNullable(stored.get(ref));
    }

    /// All objects, by kind, namespace and name.
    public SortedMap<ObjectRef, StoredObject> objects() {
        return stored;
    }

    /// The objects after `ref` in that order.
    public SortedMap<ObjectRef, StoredObject> objectsAfter(ObjectRef ref) {
        return stored.tailMap(ref, false);
    }

    /// Why a stored object is withheld although it was accepted once: the reader of this version does not take it.
    public List<Finding> unreadableFindings() {
        return unreadable.values().stream()
                .flatMap(document -> document.findings().stream())
                .toList();
    }

    /// Whether this version can read it; false for an object that is withheld for that.
    public boolean isReadable(ObjectRef ref) {
        return !unreadable.containsKey(ref);
    }

    /// Which objects differ from what they were after revision `from`, with what they are now (empty: gone).
    /// Empty if `from` is too long ago to know.
    public Optional<SortedMap<ObjectRef, Optional<StoredObject>>> since(long from) {
        return recent.since(from).map(refs -> {
            var changes = new TreeMap<ObjectRef, Optional<StoredObject>>();
            for (var ref : refs) {
                changes.put(ref, find(ref).filter(object -> isReadable(object.ref())));
            }
            return changes;
        });
    }

    /// The same state, remembering nothing of how it came about.
    ConfigState withoutRecent() {
        return new ConfigState(
                head,
                image,
                stored,
                perNamespace,
                unreadable,
                digest,
                RecentChanges.of(head.number(), Collections.emptySortedMap()));
    }

    StateDigest digest() {
        return digest;
    }

    int count(String namespace) {
        return perNamespace.getOrDefault(namespace, 0);
    }

    /// The digest of the state after these changes.
    StateDigest digestAfter(List<RecordedChange> changes) {
        var next = digest;
        for (var change : changes) {
            var before = stored.get(change.ref());
            if (before != null) {
                next = next.minus(before.checksum());
            }
            if (change instanceof RecordedChange.Stored(var _, var object)) {
                next = next.plus(object.checksum());
            }
        }
        return next;
    }

    /// The state after a revision. `read` holds the objects that are known already, so that they are not read again.
    ConfigState apply(Revision revision, DocumentReader reader, Map<ObjectRef, ConfigObject<?>> read) {
        var nextStored = stored;
        var nextCounts = perNamespace;
        var nextUnreadable = unreadable;
        var upserts = new ArrayList<ConfigObject<?>>();
        var deletes = new ArrayList<ObjectRef>();
        for (var change : revision.changes()) {
            var ref = change.ref();
            boolean wasThere = nextStored.containsKey(ref);
            nextUnreadable = nextUnreadable.minus(ref);
            switch (change) {
                case RecordedChange.Stored(var _, var object) -> {
                    nextStored = nextStored.plus(ref, object);
                    if (!wasThere) {
                        nextCounts = nextCounts.plus(ref.namespace(), nextCounts.getOrDefault(ref.namespace(), 0) + 1);
                    }
                    var known = read.get(ref);
                    if (known != null) {
                        upserts.add(known.withAge(object.age()));
                    } else {
                        var document = read(object, reader);
                        document.object().ifPresent(found -> upserts.add(found.withAge(object.age())));
                        if (document.object().isEmpty()) {
                            nextUnreadable = nextUnreadable.plus(ref, document);
                            deletes.add(ref);
                        }
                    }
                }
                case RecordedChange.Removed _ -> {
                    nextStored = nextStored.minus(ref);
                    deletes.add(ref);
                    if (wasThere) {
                        nextCounts = nextCounts.plus(ref.namespace(), nextCounts.getOrDefault(ref.namespace(), 1) - 1);
                    }
                }
            }
        }
        return new ConfigState(
                revision.header(),
                image.with(revision.number(), upserts, deletes),
                nextStored,
                nextCounts,
                nextUnreadable,
                digestAfter(revision.changes()),
                recent.plus(revision.number(), revision.refs()));
    }
}
