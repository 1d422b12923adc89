package io.sallyport.secret.sds;

import io.grpc.Status;
import io.sallyport.secret.store.SecretState.Half;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What one stream asks for, and what it was told of each name. Knows neither of the two protocols, no thread and no
/// network.
final class Subscription {

    static final int MAX_NAMES = 1_000;
    static final int MAX_NAME_LENGTH = 1_024;

    /// What the client was told of a name last.
    private sealed interface Told {

        record Nothing() implements Told {}

        record ThereIsNone() implements Told {}

        record Version(String version) implements Told {}
    }

    private static final class Asked {

        private final String resource;
        private final Optional<Wanted> wanted;
        private Told told = new Told.Nothing();
        private @Nullable Half<?> seen;
        private Optional<Answer> answer = Optional.empty();

        Asked(String resource, Optional<Wanted> wanted) {
            this.resource = resource;
            this.wanted = wanted;
        }

        Found find(Shelf shelf, Node node) {
            return wanted.map(each -> shelf.find(each, node)).orElseGet(Found.Nothing::new);
        }

        // The answer is made once a half: a stream is looked at far more often than a secret changes. A half that is
        // not the same object has changed, or costs one hash.
        @SuppressWarnings("ReferenceEquality")
        Optional<Answer> answer(Half<?> half) {
            if (half != seen) {
                seen = half;
                answer = Answer.of(resource, half);
            }
            return answer;
        }

        boolean isAuthority() {
            return wanted.map(Wanted::isAuthority).orElse(false);
        }
    }

    private final Node node;
    private final SortedMap<String, Asked> names = new TreeMap<>();

    Subscription(Node node) {
        this.node = node;
    }

    /// One secret to send, under the name that was asked for.
    record Next(String resource, Answer answer) {}

    /// Also asks for a name. Who asks again wants to be told again.
    void add(String resource) throws Refusal {
        if (resource.length() > MAX_NAME_LENGTH) {
            throw new Refusal(
                    Status.Code.RESOURCE_EXHAUSTED,
                    "a resource name of %d characters (expected: at most %d)"
                            .formatted(resource.length(), MAX_NAME_LENGTH));
        }
        if (names.size() >= MAX_NAMES && !names.containsKey(resource)) {
            throw new Refusal(
                    Status.Code.RESOURCE_EXHAUSTED, "more resource names than served (expected: at most 1000)");
        }
        names.put(resource, new Asked(resource, Wanted.of(resource, node.namespace())));
    }

    void remove(String resource) {
        names.remove(resource);
    }

    boolean contains(String resource) {
        return names.containsKey(resource);
    }

    List<String> names() {
        return List.copyOf(names.keySet());
    }

    /// The client has this version already.
    void has(String resource, String version) {
        var asked = names.get(resource);
        if (asked != null) {
            asked.told = new Told.Version(version);
        }
    }

    /// The names of which there is nothing, and whose client does not know that yet. They count as told.
    List<String> takeMissing(Shelf shelf) {
        var missing = new ArrayList<String>();
        for (var asked : names.values()) {
            if (!(asked.told instanceof Told.ThereIsNone) && isMissing(asked, shelf)) {
                asked.told = new Told.ThereIsNone();
                missing.add(asked.resource);
            }
        }
        return missing;
    }

    private boolean isMissing(Asked asked, Shelf shelf) {
        return switch (asked.find(shelf, node)) {
            case Found.NotYet() -> false;
            case Found.Nothing() -> true;
            // Who holds a version gets a tombstone instead.
            case Found.Withdrawn() -> !(asked.told instanceof Told.Version);
            case Found.Here(var half) -> asked.answer(half).isEmpty();
        };
    }

    /// The first secret whose newest version the client was not told. It counts as told, accepted or not: a version
    /// that was refused is not sent again.
    Optional<Next> takeNext(Shelf shelf) {
        for (var asked : names.values()) {
            var answer = answer(asked, shelf);
            if (answer.isPresent()) {
                var told = new Told.Version(answer.get().version());
                if (!told.equals(asked.told)) {
                    asked.told = told;
                    return Optional.of(new Next(asked.resource, answer.get()));
                }
            }
        }
        return Optional.empty();
    }

    /// What a client gets for a name that counts as missing, where no word says so. Empty for a name that it no longer
    /// asks for or was told more of, and for one that is no secret of this namespace.
    Optional<Next> standIn(String resource) {
        var asked = names.get(resource);
        return asked != null && asked.told instanceof Told.ThereIsNone && asked.wanted.isPresent()
                ? Optional.of(new Next(resource, Tombstone.of(resource, asked.isAuthority())))
                : Optional.empty();
    }

    private Optional<Answer> answer(Asked asked, Shelf shelf) {
        return switch (asked.find(shelf, node)) {
            case Found.NotYet(), Found.Nothing() -> Optional.empty();
            case Found.Withdrawn() ->
                asked.told instanceof Told.Version
                        ? Optional.of(Tombstone.of(asked.resource, asked.isAuthority()))
                        : Optional.empty();
            case Found.Here(var half) -> asked.answer(half);
        };
    }

    /// What is asked for, as far as it names a secret that this namespace may have.
    List<Wanted> wanted() {
        return names.values().stream().flatMap(asked -> asked.wanted.stream()).toList();
    }
}
