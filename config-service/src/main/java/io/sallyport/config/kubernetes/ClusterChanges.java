package io.sallyport.config.kubernetes;

import io.sallyport.analysis.Analyzer;
import io.sallyport.config.api.Refusals.Refusal;
import io.sallyport.config.source.SourceRule;
import io.sallyport.config.store.ChangeRequest;
import io.sallyport.config.store.ConfigState;
import io.sallyport.config.store.Document;
import io.sallyport.config.store.DocumentReader;
import io.sallyport.config.store.Outcome;
import io.sallyport.config.store.Owner;
import io.sallyport.config.store.RevisionLog;
import io.sallyport.config.store.StoreUnavailableException;
import io.sallyport.config.store.StoredObject;
import io.sallyport.kubernetes.ObjectKey;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.SourceDocument;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Brings the log in line with what a cluster has, object by object, and remembers what it does not take. One revision
/// for each field manager that wrote something. Belongs to the source's thread; [#refusals] and [#isBlocked] may be
/// asked by others.
final class ClusterChanges {

    private static final Logger log = LoggerFactory.getLogger(ClusterChanges.class);
    private static final int ATTEMPTS = 10;
    private static final int NAMED = 3;
    private static final int MOST_OBJECTS = 5_000;
    private static final long MOST_CHARACTERS = 32L << 20;

    /// What an object is by now.
    sealed interface Newest {

        record Here(SourceDocument source, String manager) implements Newest {}

        record Gone() implements Newest {}

        /// Its kind has not been listed.
        record Unknown() implements Newest {}
    }

    /// Tells what an object is by now.
    interface Cluster {
        Newest newest(ClusterObject object);
    }

    private final RevisionLog revisions;
    private final DocumentReader reader;
    private final Cluster cluster;
    private final SortedMap<ClusterObject, Refusal> refused = new TreeMap<>();
    // The text that was refused, which need not be read again while it stays.
    private final Map<ClusterObject, String> refusedDigests = new HashMap<>();
    private final Set<ClusterObject> foreign = new TreeSet<>();
    private final Set<ClusterObject> unsubmitted = new TreeSet<>();
    private volatile List<Refusal> refusals = List.of();
    private volatile boolean blocked;
    private volatile boolean waiting;

    ClusterChanges(RevisionLog revisions, DocumentReader reader, Cluster cluster) {
        this.revisions = revisions;
        this.reader = reader;
        this.cluster = cluster;
    }

    List<Refusal> refusals() {
        return refusals;
    }

    /// Whether an object of another source keeps one of ours out.
    boolean isBlocked() {
        return blocked;
    }

    /// Whether something is to be tried again.
    boolean isWaiting() {
        return waiting;
    }

    /// Everything of a kind that the log has from a cluster.
    List<ClusterObject> stored(Kind kind) {
        return revisions.published().state().objects().values().stream()
                .filter(object ->
                        object.owner() == Owner.KUBERNETES && object.ref().kind() == kind)
                .map(object -> new ClusterObject(
                        kind,
                        new ObjectKey(object.ref().namespace(), object.ref().name())))
                .toList();
    }

    private static final class Part {
        private final List<ConfigObject<?>> upserts = new ArrayList<>();
        private final List<ObjectRef> deletes = new ArrayList<>();
        private final List<ClusterObject> objects = new ArrayList<>();
        private long characters;
    }

    /// Makes revisions of what differs; what could not be stored is tried again with the next call.
    void submit(Set<ClusterObject> touched) throws InterruptedException {
        var objects = new TreeSet<>(touched);
        objects.addAll(unsubmitted);
        unsubmitted.clear();
        var state = revisions.published().state();
        foreign.stream().filter(object -> state.find(object.ref()).isEmpty()).forEach(objects::add);
        for (int attempt = 0; attempt < ATTEMPTS && !objects.isEmpty(); attempt++) {
            var again = new TreeSet<ClusterObject>();
            for (var entry : plan(revisions.published().state(), objects)) {
                again.addAll(send(entry.getKey(), entry.getValue()));
            }
            objects = again;
        }
        unsubmitted.addAll(objects);
        waiting = !unsubmitted.isEmpty();
        blocked = !foreign.isEmpty();
        refusals = List.copyOf(refused.values());
    }

    // By author, in the order of their first object.
    private List<Map.Entry<String, Part>> plan(ConfigState state, Set<ClusterObject> objects) {
        var parts = new ArrayList<Map.Entry<String, Part>>();
        var open = new LinkedHashMap<String, Part>();
        for (var object : objects) {
            var stored = state.find(object.ref());
            switch (cluster.newest(object)) {
                case Newest.Unknown() -> {}
                case Newest.Gone() -> {
                    accept(object);
                    if (stored.isPresent() && stored.get().owner() == Owner.KUBERNETES) {
                        var part = part(parts, open, FieldAuthor.UNKNOWN);
                        part.deletes.add(object.ref());
                        part.objects.add(object);
                    }
                }
                case Newest.Here(var source, var manager) ->
                    offer(object, source, stored).ifPresent(read -> {
                        var part = part(parts, open, manager);
                        part.upserts.add(read);
                        part.objects.add(object);
                        part.characters += source.text().length();
                    });
            }
        }
        return parts;
    }

    private static Part part(List<Map.Entry<String, Part>> parts, Map<String, Part> open, String manager) {
        var part = open.get(manager);
        if (part == null || part.objects.size() >= MOST_OBJECTS || part.characters >= MOST_CHARACTERS) {
            part = new Part();
            open.put(manager, part);
            parts.add(Map.entry(manager, part));
        }
        return part;
    }

    private void accept(ClusterObject object) {
        refused.remove(object);
        refusedDigests.remove(object);
        foreign.remove(object);
    }

    private Optional<ConfigObject<?>> offer(
            ClusterObject object, SourceDocument source, Optional<StoredObject> stored) {
        if (stored.isPresent() && stored.get().owner() != Owner.KUBERNETES) {
            accept(object);
            foreign.add(object);
            refuse(object, source, stored, List.of(otherSource(object, source, stored.get())));
            return Optional.empty();
        }
        if (stored.isPresent() && isSame(stored.get().source(), source)) {
            accept(object);
            return Optional.empty();
        }
        if (source.digest().equals(refusedDigests.get(object))) {
            return Optional.empty();
        }
        accept(object);
        var document = read(source);
        if (document.isForeign()) {
            return Optional.empty();
        }
        if (document.isRefused()) {
            refuse(object, source, stored, document.findings());
            refusedDigests.put(object, source.digest());
            return Optional.empty();
        }
        return document.object();
    }

    private Document read(SourceDocument source) {
        var document = reader.read(source);
        return document.object().isPresent()
                ? document.with(new Analyzer(reader.inspections())
                        .inspect(document.object().get()))
                : document;
    }

    private static boolean isSame(SourceDocument stored, SourceDocument now) {
        return stored.digest().equals(now.digest()) && stored.name().equals(now.name());
    }

    private void refuse(
            ClusterObject object, SourceDocument source, Optional<StoredObject> stored, List<Finding> findings) {
        long kept = stored.map(StoredObject::revision).orElse(0L);
        refused.put(object, new Refusal(Optional.of(object.ref()), source.name(), kept, findings));
    }

    private static Finding otherSource(ClusterObject object, SourceDocument source, StoredObject stored) {
        return SourceRule.object(
                SourceRule.OTHER_SOURCE,
                object.ref(),
                source.name(),
                1,
                "belongs to " + stored.owner() + " since r" + stored.age().revision()
                        + " (expected: delete it there, or leave it out here)",
                List.of());
    }

    // Returns what has to be looked at again.
    private Set<ClusterObject> send(String manager, Part part) throws InterruptedException {
        try {
            var outcome = revisions.submit(request(manager, part.upserts, part.deletes));
            if (outcome instanceof Outcome.Accepted) {
                return Set.of();
            }
            log.atDebug().addKeyValue("outcome", outcome).log("A change of the cluster is tried again");
        } catch (StoreUnavailableException e) {
            log.atWarn().addKeyValue("reason", e.getMessage()).log("A change of the cluster waits for the store");
        } catch (IllegalStateException e) {
            log.atError().setCause(e).log("A change of the cluster failed as a whole; its objects are taken apart");
            sendApart(manager, part);
            return Set.of();
        }
        return new TreeSet<>(part.objects);
    }

    // One object that we cannot handle must not keep the others out.
    private void sendApart(String manager, Part part) throws InterruptedException {
        for (var object : part.upserts) {
            try {
                revisions.submit(request(manager, List.of(object), List.of()));
            } catch (StoreUnavailableException e) {
                unsubmitted.add(named(object.ref()));
            } catch (IllegalStateException e) {
                log.atError().addKeyValue("object", object.ref()).setCause(e).log("An object cannot be handled");
                var finding = SourceRule.object(
                        SourceRule.NOT_HANDLED,
                        object.ref(),
                        object.source().name(),
                        1,
                        "Sallyport failed on it; this is Sallyport's fault (see its log)",
                        List.of());
                var name = named(object.ref());
                refuse(name, object.source(), revisions.published().state().find(object.ref()), List.of(finding));
                refusedDigests.put(name, object.source().digest());
            }
        }
        for (var ref : part.deletes) {
            try {
                revisions.submit(request(manager, List.of(), List.of(ref)));
            } catch (StoreUnavailableException e) {
                unsubmitted.add(named(ref));
            }
        }
    }

    private static ClusterObject named(ObjectRef ref) {
        return new ClusterObject(ref.kind(), new ObjectKey(ref.namespace(), ref.name()));
    }

    private static ChangeRequest request(String manager, List<ConfigObject<?>> upserts, List<ObjectRef> deletes) {
        var author = manager.equals(FieldAuthor.UNKNOWN) ? "kubernetes" : "kubernetes " + manager;
        return ChangeRequest.of(Owner.KUBERNETES, author, message(upserts, deletes), upserts, deletes);
    }

    private static String message(List<ConfigObject<?>> upserts, List<ObjectRef> deletes) {
        var words = new ArrayList<String>();
        upserts.stream().limit(NAMED).forEach(object -> words.add(object.ref().toString()));
        deletes.stream().limit(Math.max(0, NAMED - words.size())).forEach(ref -> words.add(ref + " deleted"));
        int more = upserts.size() + deletes.size() - words.size();
        return String.join(", ", words) + (more > 0 ? " and " + more + " more" : "");
    }
}
