package io.sallyport.config.source;

import io.sallyport.config.api.Refusals.Refusal;
import io.sallyport.config.store.Change;
import io.sallyport.config.store.ChangeRequest;
import io.sallyport.config.store.ConfigState;
import io.sallyport.config.store.Document;
import io.sallyport.config.store.Outcome;
import io.sallyport.config.store.Owner;
import io.sallyport.config.store.RevisionLog;
import io.sallyport.config.store.StoreUnavailableException;
import io.sallyport.config.store.StoredObject;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import io.sallyport.model.Location;
import io.sallyport.model.ObjectRef;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Brings the log in line with what a directory offers, object by object, and remembers what it does not take.
/// Belongs to the source's thread; only [#refusals] and [#isBlocked] may be asked by others.
final class Submission {

    private static final Logger log = LoggerFactory.getLogger(Submission.class);
    private static final int ATTEMPTS = 10;
    private static final int NAMED_FILES = 3;

    private final String name;
    private final RevisionLog revisions;
    private final Offers offers;
    private final DirectoryListener listener;
    private final SortedMap<ObjectRef, Refusal> refusedObjects = new TreeMap<>();
    private final SortedMap<String, Refusal> brokenFiles = new TreeMap<>();
    private final SortedMap<String, Refusal> problems = new TreeMap<>();
    private final Set<ObjectRef> foreign = new TreeSet<>();
    private volatile List<Refusal> refusals = List.of();
    private volatile boolean blocked;
    private String waitingFor = "";

    Submission(Path root, RevisionLog revisions, Offers offers, DirectoryListener listener) {
        this.name = root.toString();
        this.revisions = revisions;
        this.offers = offers;
        this.listener = listener;
    }

    List<Refusal> refusals() {
        return refusals;
    }

    /// Whether an object of another source keeps one of ours out.
    boolean isBlocked() {
        return blocked;
    }

    /// Those of ours whose place has become free.
    List<ObjectRef> unblocked() {
        var state = revisions.published().state();
        return foreign.stream().filter(ref -> state.find(ref).isEmpty()).toList();
    }

    /// Everything in the log that came from a directory.
    List<ObjectRef> owned() {
        return revisions.published().state().objects().values().stream()
                .filter(object -> object.owner() == Owner.DIRECTORY)
                .map(StoredObject::ref)
                .toList();
    }

    void broken(String file, List<Finding> findings) {
        brokenFiles.put(
                file,
                new Refusal(
                        Optional.empty(), file, revisions.published().state().revision(), findings));
    }

    /// The file can be read; `findings` are what there is to say about it all the same.
    void whole(String file, List<Finding> findings) {
        if (findings.isEmpty()) {
            brokenFiles.remove(file);
        } else {
            broken(file, findings);
        }
    }

    void forget(String file) {
        brokenFiles.remove(file);
    }

    void problems(Map<String, String> found) {
        problems.clear();
        found.forEach((file, message) ->
                problems.put(file, new Refusal(Optional.empty(), file, 0, List.of(SourceRule.file(file, message)))));
    }

    private record Plan(List<ConfigObject<?>> upserts, List<ObjectRef> deletes) {

        boolean isEmpty() {
            return upserts.isEmpty() && deletes.isEmpty();
        }
    }

    /// Makes a revision of what differs, tells the listener, and returns the objects to try again later.
    Set<ObjectRef> submit(Set<ObjectRef> touched, List<String> files, boolean first) throws InterruptedException {
        var refs = new TreeSet<>(touched);
        String reason;
        try {
            var outcome = submit(refs, files);
            refusals = collect();
            blocked = !foreign.isEmpty();
            if (outcome instanceof Outcome.Accepted accepted) {
                waitingFor = "";
                tell(accepted, refs, files, first);
                return Set.of();
            }
            reason = outcome.toString();
        } catch (StoreUnavailableException e) {
            refusals = collect();
            reason = String.valueOf(e.getMessage());
        }
        if (!reason.equals(waitingFor)) {
            waitingFor = reason;
            listener.waiting(reason);
        }
        return new HashSet<>(touched);
    }

    private Outcome submit(Set<ObjectRef> refs, List<String> files)
            throws StoreUnavailableException, InterruptedException {
        for (int attempt = 0; ; attempt++) {
            var state = revisions.published().state();
            var plan = plan(state, refs);
            if (plan.isEmpty()) {
                return new Outcome.Accepted(state.revision(), List.of(), List.of(), false);
            }
            var outcome = send(plan, files);
            // Another source took the place of one of ours in this moment: the next plan leaves it out.
            if (!(outcome instanceof Outcome.Foreign) || attempt == ATTEMPTS) {
                return outcome;
            }
        }
    }

    private Outcome send(Plan plan, List<String> files) throws StoreUnavailableException, InterruptedException {
        try {
            return send(plan.upserts(), plan.deletes(), files);
        } catch (IllegalStateException e) {
            log.atError().setCause(e).log("A change of the directory failed as a whole; its objects are taken apart");
            return sendApart(plan, files);
        }
    }

    // One object that we cannot handle must not keep the others out.
    private Outcome sendApart(Plan plan, List<String> files) throws StoreUnavailableException, InterruptedException {
        var changes = new ArrayList<Change>();
        var findings = new ArrayList<Finding>();
        if (!plan.deletes().isEmpty() && send(List.of(), plan.deletes(), files) instanceof Outcome.Accepted accepted) {
            changes.addAll(accepted.changes());
        }
        for (var object : plan.upserts()) {
            try {
                if (send(List.of(object), List.of(), files) instanceof Outcome.Accepted accepted) {
                    changes.addAll(accepted.changes());
                    findings.addAll(accepted.findings());
                }
            } catch (IllegalStateException e) {
                log.atError().addKeyValue("object", object.ref()).setCause(e).log("An object cannot be handled");
                var winner = offers.winner(object.ref()).orElseThrow();
                var finding = SourceRule.object(
                        SourceRule.NOT_HANDLED,
                        object.ref(),
                        winner.file(),
                        object.source().firstLine(),
                        "Sallyport failed on it; this is Sallyport's fault (see its log)",
                        List.of());
                refuse(winner, revisions.published().state().find(object.ref()), List.of(finding));
            }
        }
        return new Outcome.Accepted(revisions.published().state().revision(), changes, findings, false);
    }

    private Outcome send(List<ConfigObject<?>> upserts, List<ObjectRef> deletes, List<String> files)
            throws StoreUnavailableException, InterruptedException {
        return revisions.submit(
                ChangeRequest.of(Owner.DIRECTORY, "directory " + name, message(files), upserts, deletes));
    }

    private static String message(List<String> files) {
        if (files.isEmpty()) {
            return "";
        }
        var named = String.join(", ", files.subList(0, Math.min(NAMED_FILES, files.size())));
        return files.size() > NAMED_FILES ? named + " and " + (files.size() - NAMED_FILES) + " more" : named;
    }

    private Plan plan(ConfigState state, Collection<ObjectRef> refs) {
        var upserts = new ArrayList<ConfigObject<?>>();
        var deletes = new ArrayList<ObjectRef>();
        for (var ref : refs) {
            refusedObjects.remove(ref);
            foreign.remove(ref);
            var stored = state.find(ref);
            var offered = offers.all(ref);
            if (offered.isEmpty()) {
                if (stored.isPresent()
                        && stored.get().owner() == Owner.DIRECTORY
                        && !offers.spares(stored.get().source().name(), ref)) {
                    deletes.add(ref);
                }
            } else {
                offer(ref, offered, stored).ifPresent(upserts::add);
            }
        }
        return new Plan(upserts, deletes);
    }

    private Optional<ConfigObject<?>> offer(ObjectRef ref, List<Offers.Offer> offered, Optional<StoredObject> stored) {
        var winner = offered.getFirst();
        var document = winner.document();
        if (stored.isPresent() && stored.get().owner() != Owner.DIRECTORY) {
            foreign.add(ref);
            refuse(winner, stored, List.of(otherSource(ref, winner, stored.get())));
            return Optional.empty();
        }
        if (document.isRefused()) {
            refuse(winner, stored, document.findings());
            return Optional.empty();
        }
        if (offered.size() > 1) {
            refuse(offered.get(1), stored, List.of(twice(ref, offered)));
        }
        return isSame(stored, document) ? Optional.empty() : document.object();
    }

    private void refuse(Offers.Offer offer, Optional<StoredObject> stored, List<Finding> findings) {
        var ref = offer.document().ref().orElseThrow();
        long kept = stored.map(StoredObject::revision).orElse(0L);
        refusedObjects.put(ref, new Refusal(Optional.of(ref), offer.file(), kept, findings));
    }

    private static boolean isSame(Optional<StoredObject> stored, Document document) {
        return stored.map(StoredObject::source)
                .filter(source -> source.digest().equals(document.source().digest())
                        && source.name().equals(document.source().name())
                        && source.firstLine() == document.source().firstLine())
                .isPresent();
    }

    private static Finding otherSource(ObjectRef ref, Offers.Offer offer, StoredObject stored) {
        return SourceRule.object(
                SourceRule.OTHER_SOURCE,
                ref,
                offer.file(),
                offer.document().source().firstLine(),
                "belongs to " + stored.owner() + " since r" + stored.age().revision()
                        + " (expected: delete it there, or leave it out here)",
                List.of());
    }

    private static Finding twice(ObjectRef ref, List<Offers.Offer> offered) {
        var places = new ArrayList<Location>();
        offered.forEach(offer -> places.add(
                SourceRule.place(ref, offer.file(), offer.document().source().firstLine())));
        var winner = offered.getFirst();
        var second = offered.get(1);
        return SourceRule.object(
                SourceRule.TWO_FILES,
                ref,
                second.file(),
                second.document().source().firstLine(),
                "stands in \"" + winner.file() + "\", line "
                        + winner.document().source().firstLine() + ", too, and that one counts (expected: one place)",
                places.subList(0, 1));
    }

    private List<Refusal> collect() {
        var all = new ArrayList<Refusal>(problems.values());
        all.addAll(brokenFiles.values());
        all.addAll(refusedObjects.values());
        return List.copyOf(all);
    }

    private void tell(Outcome.Accepted outcome, Set<ObjectRef> refs, List<String> files, boolean first) {
        var changes = outcome.changes().stream()
                .filter(change -> change.verb() != Change.Verb.UNCHANGED)
                .toList();
        var concerned = refusals.stream()
                .filter(refusal -> first
                        || files.contains(refusal.sourceName())
                        || refusal.ref().map(refs::contains).orElse(false))
                .toList();
        if (first || !files.isEmpty() || !changes.isEmpty()) {
            listener.changed(
                    new DirectoryEvent(outcome.revision(), files, changes, concerned, outcome.findings(), first));
        }
    }
}
