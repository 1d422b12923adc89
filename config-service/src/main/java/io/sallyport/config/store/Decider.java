package io.sallyport.config.store;

import io.sallyport.model.Age;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.ObjectRef;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/// Decides what a request would change. Pure: the same state, request and time give the same decision.
final class Decider {

    static final int MAX_OBJECTS_PER_NAMESPACE = 200_000;

    private Decider() {}

    static Decision decide(ConfigState state, ChangeRequest request, Instant now) {
        var objection = objection(state, request);
        if (objection.isPresent()) {
            return Decision.answer(objection.get());
        }
        long number = state.revision() + 1;
        var records = new ArrayList<RecordedChange>();
        var changes = new ArrayList<Change>();
        for (var ref : request.deletes()) {
            boolean isThere = state.find(ref).isPresent();
            changes.add(new Change(isThere ? Change.Verb.DELETED : Change.Verb.UNCHANGED, ref));
            if (isThere) {
                records.add(new RecordedChange.Removed(ref));
            }
        }
        for (var object : request.upserts()) {
            var next = next(state, object, request.owner(), number, now);
            changes.add(new Change(next.verb(), object.ref()));
            if (next.verb() != Change.Verb.UNCHANGED) {
                records.add(next);
            }
        }
        if (records.isEmpty()) {
            return Decision.answer(new Outcome.Accepted(state.revision(), changes, List.of(), request.dryRun()));
        }
        var header = RevisionHeader.of(
                number, now, request.author(), request.message(), state.head(), state.digestAfter(records), records);
        long answered = request.dryRun() ? state.revision() : number;
        return new Decision(
                Optional.of(new Revision(header, records)),
                new Outcome.Accepted(answered, changes, List.of(), request.dryRun()));
    }

    private static Optional<Outcome> objection(ConfigState state, ChangeRequest request) {
        if (request.expected().isPresent() && request.expected().getAsLong() != state.revision()) {
            return Optional.of(new Outcome.OtherHead(request.expected().getAsLong(), state.revision()));
        }
        var seen = new TreeSet<ObjectRef>();
        var added = new LinkedHashMap<String, Integer>();
        for (var ref : request.deletes()) {
            if (!seen.add(ref)) {
                return Optional.of(new Outcome.Twice(ref));
            }
            var before = state.find(ref);
            if (before.isPresent()) {
                if (before.get().owner() != request.owner()) {
                    return Optional.of(new Outcome.Foreign(ref, before.get().owner()));
                }
                added.merge(ref.namespace(), -1, Integer::sum);
            }
        }
        for (var object : request.upserts()) {
            var ref = object.ref();
            if (!seen.add(ref)) {
                return Optional.of(new Outcome.Twice(ref));
            }
            var before = state.find(ref);
            if (before.isPresent() && before.get().owner() != request.owner()) {
                return Optional.of(new Outcome.Foreign(ref, before.get().owner()));
            }
            if (before.isEmpty()) {
                added.merge(ref.namespace(), 1, Integer::sum);
            }
        }
        for (var entry : added.entrySet()) {
            if (entry.getValue() > 0 && state.count(entry.getKey()) + entry.getValue() > MAX_OBJECTS_PER_NAMESPACE) {
                return Optional.of(new Outcome.TooMany(entry.getKey(), MAX_OBJECTS_PER_NAMESPACE));
            }
        }
        return Optional.empty();
    }

    private static RecordedChange.Stored next(
            ConfigState state, ConfigObject<?> object, Owner owner, long number, Instant now) {
        var before = state.find(object.ref());
        if (before.isEmpty()) {
            var age = age(
                    object,
                    new Age(
                            seconds(now),
                            number,
                            object.source().name(),
                            object.source().index()),
                    now);
            return stored(Change.Verb.CREATED, object, owner, age, number);
        }
        var old = before.get();
        if (!old.source().digest().equals(object.source().digest())) {
            return stored(Change.Verb.CHANGED, object, owner, age(object, old.age(), now), number);
        }
        boolean sameLine = old.source().name().equals(object.source().name())
                && old.source().firstLine() == object.source().firstLine();
        return stored(sameLine ? Change.Verb.UNCHANGED : Change.Verb.MOVED, object, owner, old.age(), old.revision());
    }

    private static RecordedChange.Stored stored(
            Change.Verb verb, ConfigObject<?> object, Owner owner, Age age, long revision) {
        return new RecordedChange.Stored(verb, new StoredObject(object.ref(), object.source(), owner, age, revision));
    }

    // What the object itself says counts, but nobody is born in the future.
    private static Age age(ConfigObject<?> object, Age fixed, Instant now) {
        var said = object.metadata().creationTimestamp();
        if (said == null || said.isAfter(now)) {
            return fixed;
        }
        return new Age(seconds(said), fixed.revision(), fixed.path(), fixed.index());
    }

    private static Instant seconds(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS);
    }
}
