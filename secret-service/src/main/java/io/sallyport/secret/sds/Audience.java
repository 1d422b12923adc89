package io.sallyport.secret.sds;

import io.sallyport.secret.store.SecretName;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/// Knows which streams ask for which secret: a change wakes those alone, and a secret that is asked for and missing can
/// be named. Also remembers what proxies could not use.
public final class Audience {

    private static final int MAX_REFUSALS = 10_000;
    private static final int MAX_REASON = 1_000;

    /// What a proxy asks a secret for: its key pair, its authorities.
    public record Question(SecretName name, boolean isAuthority) implements Comparable<Question> {

        @Override
        public int compareTo(Question other) {
            var byName = name.compareTo(other.name);
            return byName != 0 ? byName : Boolean.compare(isAuthority, other.isAuthority);
        }
    }

    /// Who hears of a change.
    interface Listener {

        void secretChanged();
    }

    private final Map<SecretName, Set<Listener>> byPlace = new ConcurrentHashMap<>();
    private final Map<Question, Integer> questions = new ConcurrentHashMap<>();
    private final Map<SecretName, String> refusals = new ConcurrentHashMap<>();

    void join(Wanted wanted, Listener listener) {
        listen(wanted, listener);
        questions.merge(new Question(wanted.name(), wanted.isAuthority()), 1, Integer::sum);
    }

    /// Hears of changes, without a question of its own.
    void listen(Wanted wanted, Listener listener) {
        for (var place : wanted.places()) {
            byPlace.compute(place, (_, listeners) -> {
                var all = listeners == null ? ConcurrentHashMap.<Listener>newKeySet() : listeners;
                all.add(listener);
                return all;
            });
        }
    }

    void leave(Wanted wanted, Listener listener) {
        for (var place : wanted.places()) {
            byPlace.computeIfPresent(place, (_, listeners) -> {
                listeners.remove(listener);
                return listeners.isEmpty() ? null : listeners;
            });
        }
        questions.computeIfPresent(
                new Question(wanted.name(), wanted.isAuthority()), (_, count) -> count == 1 ? null : count - 1);
    }

    /// Wakes whoever asks for one of these.
    public void changed(Collection<SecretName> names) {
        for (var name : names) {
            refusals.remove(name);
            byPlace.getOrDefault(name, Set.of()).forEach(Listener::secretChanged);
        }
    }

    void refused(SecretName name, String proxy, String reason) {
        if (refusals.size() < MAX_REFUSALS || refusals.containsKey(name)) {
            var cut = reason.length() > MAX_REASON ? reason.substring(0, MAX_REASON) + "…" : reason;
            refusals.put(name, "refused by " + proxy + ": " + cut);
        }
    }

    /// What proxies ask for now, with the number of streams that do.
    public SortedMap<Question, Integer> questions() {
        return new TreeMap<>(questions);
    }

    /// What the last proxy that could not use a secret said, since the secret changed.
    public Optional<String> refusal(SecretName name) {
        return Optional.ofNullable(refusals.get(name));
    }
}
