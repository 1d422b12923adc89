package io.sallyport.secret.sds;

import io.sallyport.secret.store.SecretName;
import io.sallyport.translation.LentSecret;
import java.util.Collection;
import java.util.Comparator;
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

    /// What a proxy asks a secret for: its key pair, its authorities. `claim` is why it thinks that it may have another
    /// namespace's.
    public record Question(SecretName name, boolean isAuthority, Optional<LentSecret> claim)
            implements Comparable<Question> {

        private static final Comparator<Question> ORDER = Comparator.comparing(Question::name)
                .thenComparing(Question::isAuthority)
                .thenComparing(
                        question -> question.claim.map(LentSecret::toString).orElse(""));

        @Override
        public int compareTo(Question other) {
            return ORDER.compare(this, other);
        }
    }

    /// Who hears of a change.
    interface Listener {

        void secretChanged();
    }

    private final Map<SecretName, Set<Listener>> byPlace = new ConcurrentHashMap<>();
    private final Set<Listener> claimants = ConcurrentHashMap.newKeySet();
    private final Map<Question, Integer> questions = new ConcurrentHashMap<>();
    private final Map<SecretName, String> refusals = new ConcurrentHashMap<>();

    void join(Wanted wanted, Listener listener) {
        listen(wanted, listener);
        questions.merge(question(wanted), 1, Integer::sum);
    }

    private static Question question(Wanted wanted) {
        return new Question(wanted.name(), wanted.isAuthority(), wanted.claim());
    }

    /// Hears of changes, without a question of its own.
    void listen(Wanted wanted, Listener listener) {
        if (wanted.needsConfiguration()) {
            claimants.add(listener);
        }
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
        questions.computeIfPresent(question(wanted), (_, count) -> count == 1 ? null : count - 1);
    }

    /// Forgets a stream that has ended.
    void leave(Listener listener) {
        claimants.remove(listener);
    }

    /// Wakes whoever asks for what the configuration must allow.
    public void configurationChanged() {
        claimants.forEach(Listener::secretChanged);
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
