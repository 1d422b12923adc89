package io.sallyport.secret.store;

import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Timestamp;
import io.sallyport.proto.secret.v1.KeptSecret;
import io.sallyport.secret.material.Outcome;
import io.sallyport.secret.material.SecretReader;
import io.sallyport.secret.material.ServerCertificate;
import io.sallyport.secret.material.TrustBundle;
import io.sallyport.secret.store.SecretState.Half;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.pcollections.HashTreePSet;
import org.pcollections.PSet;
import org.pcollections.PSortedMap;
import org.pcollections.TreePMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Owns the state of all secrets: takes offers of sources one at a time, and publishes what is served of each. One bad
/// offer touches its own secret alone. Belongs to one thread; [#secrets] may be read by all.
public final class SecretKeeper {

    private static final Logger log = LoggerFactory.getLogger(SecretKeeper.class);
    private static final int MAX_WITHDRAWN = 10_000;

    private final SealedFiles kept;
    private final InstantSource clock;
    private volatile PSortedMap<SecretName, SecretState> secrets = TreePMap.empty();
    private volatile PSet<SecretName> withdrawn = HashTreePSet.empty();

    public SecretKeeper(SealedFiles kept, InstantSource clock) {
        this.kept = kept;
        this.clock = clock;
    }

    /// The newest state of every secret that a source offers.
    public PSortedMap<SecretName, SecretState> secrets() {
        return secrets;
    }

    /// The secrets that were taken away while this process looked, and have not come back: at most 10,000.
    public PSet<SecretName> withdrawn() {
        return withdrawn;
    }

    /// Takes what a source has under a name. Answers the state, and whether what is served changed.
    public Change offer(String source, SecretName name, Map<String, byte[]> entries) {
        var digest = digest(entries);
        var before = Optional.ofNullable(secrets.get(name));
        var now = clock.instant();
        if (before.isPresent() && before.get().digest().equals(digest)) {
            return judgedAgain(before.get(), entries, now);
        }
        var known = before.isPresent() ? Optional.<Kept>empty() : kept(name);
        var state = new SecretState(
                name,
                source,
                digest,
                now,
                Half.after(
                        SecretReader.certificate(entries, now),
                        () -> before.map(SecretState::certificate)
                                .orElseGet(() -> lastGood(SecretReader::certificate, known))),
                Half.after(
                        SecretReader.trust(entries, now),
                        () -> before.map(SecretState::trust).orElseGet(() -> lastGood(SecretReader::trust, known))));
        // A start finds nearly all as they were kept: each write waits for the disk, and doors are closed meanwhile.
        if (known.filter(kept -> digest(kept.entries()).equals(digest)).isEmpty()) {
            keep(state, entries, now);
        }
        secrets = secrets.plus(name, state);
        // Not before: who looks in between would take it for a secret that never was.
        withdrawn = withdrawn.minus(name);
        report(state);
        return new Change(state, true);
    }

    // What was refused may have become good by the passing of time alone: `not valid before` comes true.
    private Change judgedAgain(SecretState before, Map<String, byte[]> entries, Instant now) {
        if (isGood(before.certificate()) && isGood(before.trust())) {
            return new Change(before, false);
        }
        var certificate = Half.after(SecretReader.certificate(entries, now), before::certificate);
        var trust = Half.after(SecretReader.trust(entries, now), before::trust);
        if (certificate.equals(before.certificate()) && trust.equals(before.trust())) {
            return new Change(before, false);
        }
        var state = new SecretState(before.name(), before.source(), before.digest(), now, certificate, trust);
        keep(state, entries, now);
        secrets = secrets.plus(before.name(), state);
        report(state);
        return new Change(state, true);
    }

    /// What is served and has expired goes on being served, since nothing better is there, and counts as bad from now
    /// on: its status says so, and the log. Answers the secrets whose state changed.
    public Set<SecretName> expire() {
        var now = clock.instant();
        var changed = new TreeSet<SecretName>();
        secrets.forEach((name, state) -> {
            var certificate = expired(state.certificate(), ServerCertificate::notAfter, "certificate", now);
            var trust = expired(state.trust(), TrustBundle::until, "authorities or revocation list", now);
            if (!certificate.equals(state.certificate()) || !trust.equals(state.trust())) {
                secrets = secrets.plus(
                        name, new SecretState(name, state.source(), state.digest(), now, certificate, trust));
                changed.add(name);
                log.atError()
                        .addKeyValue("secret", name)
                        .log("A secret has expired while it is served: clients refuse it");
            }
        });
        return changed;
    }

    private static <T> Half<T> expired(Half<T> half, Function<T, Instant> until, String what, Instant now) {
        return half instanceof Half.Served<T>(T value, var _)
                        && until.apply(value).isBefore(now)
                ? new Half.LastGood<>(value, what + " expired on " + until.apply(value))
                : half;
    }

    /// Offers what was kept, in the name of a source that cannot be heard; answers the names.
    public Set<SecretName> restore(String source) throws SecretStoreException {
        var restored = new TreeSet<SecretName>();
        for (var name : kept.names()) {
            if (!secrets.containsKey(name) && !name.namespace().equals(FilePlace.NAMESPACE)) {
                try {
                    var bytes = kept.get(name);
                    if (bytes.isPresent()) {
                        offer(source, name, entries(KeptSecret.parseFrom(bytes.get())));
                        restored.add(name);
                    }
                } catch (SecretStoreException | InvalidProtocolBufferException e) {
                    log.atWarn()
                            .addKeyValue("secret", name)
                            .addKeyValue("reason", e.getMessage())
                            .log("Kept version is not used");
                }
            }
        }
        return restored;
    }

    private static Map<String, byte[]> entries(KeptSecret message) {
        var entries = new HashMap<String, byte[]>();
        message.getDataMap().forEach((entry, value) -> entries.put(entry, value.toByteArray()));
        return entries;
    }

    /// Forgets what was kept of secrets that no source offers any more. Called when all sources were heard.
    public void forgetOthers() {
        try {
            for (var name : kept.names()) {
                // What files hold is offered when a proxy asks for it.
                if (!secrets.containsKey(name) && !name.namespace().equals(FilePlace.NAMESPACE)) {
                    kept.delete(name);
                }
            }
        } catch (SecretStoreException e) {
            log.atWarn().addKeyValue("reason", e.getMessage()).log("Old kept versions stay on disk");
        }
    }

    /// Takes note that a source has it no more: it is served no more, and its last good version is forgotten.
    public void withdraw(SecretName name) {
        if (secrets.containsKey(name) && withdrawn.size() < MAX_WITHDRAWN) {
            withdrawn = withdrawn.plus(name);
        }
        secrets = secrets.minus(name);
        try {
            kept.delete(name);
        } catch (SecretStoreException e) {
            log.atWarn()
                    .addKeyValue("secret", name)
                    .addKeyValue("reason", e.getMessage())
                    .log("Kept version stays on disk");
        }
        log.atInfo().addKeyValue("secret", name).log("Secret withdrawn");
    }

    /// A state, and whether it differs from the one before.
    public record Change(SecretState state, boolean isChange) {}

    /// Whether everything of it is served as its source has it.
    static boolean isGood(SecretState state) {
        return isGood(state.certificate()) && isGood(state.trust());
    }

    // Only a secret whose every half is good is worth keeping: the halves are restored together.
    private void keep(SecretState state, Map<String, byte[]> entries, Instant now) {
        if (!isGood(state)) {
            return;
        }
        var message = KeptSecret.newBuilder().setAccepted(Timestamp.newBuilder().setSeconds(now.getEpochSecond()));
        new TreeMap<>(entries).forEach((entry, bytes) -> message.putData(entry, ByteString.copyFrom(bytes)));
        try {
            kept.put(state.name(), message.build().toByteArray());
        } catch (SecretStoreException e) {
            log.atWarn()
                    .addKeyValue("secret", state.name())
                    .addKeyValue("reason", e.getMessage())
                    .log("Last good version cannot be kept: a restart will not have it");
        }
    }

    private static boolean isGood(Half<?> half) {
        return half instanceof Half.Served<?> || half instanceof Half.Absent<?>;
    }

    // What a process before this one found good, and when.
    private record Kept(Map<String, byte[]> entries, Instant accepted) {}

    private Optional<Kept> kept(SecretName name) {
        try {
            var bytes = kept.get(name);
            if (bytes.isEmpty()) {
                return Optional.empty();
            }
            var message = KeptSecret.parseFrom(bytes.get());
            return Optional.of(new Kept(
                    entries(message),
                    Instant.ofEpochSecond(message.getAccepted().getSeconds())));
        } catch (SecretStoreException | InvalidProtocolBufferException e) {
            log.atWarn()
                    .addKeyValue("secret", name)
                    .addKeyValue("reason", e.getMessage())
                    .log("Kept version is not used");
            return Optional.empty();
        }
    }

    /// What was kept before this process began, judged as of then: what has expired meanwhile goes on being served,
    /// as it would without the restart.
    private static <T> Half<T> lastGood(
            BiFunction<Map<String, byte[]>, Instant, Outcome<T>> judge, Optional<Kept> known) {
        return known.map(kept -> Half.after(judge.apply(kept.entries(), kept.accepted()), Half.Absent<T>::new))
                .orElseGet(Half.Absent::new);
    }

    private static void report(SecretState state) {
        switch (state.certificate()) {
            case Half.LastGood<?>(var _, var reason) ->
                log.atWarn()
                        .addKeyValue("secret", state.name())
                        .addKeyValue("reason", reason)
                        .log("Last good version of a secret stays in force");
            case Half.Closed<?>(var reason) ->
                log.atWarn()
                        .addKeyValue("secret", state.name())
                        .addKeyValue("reason", reason)
                        .log("Secret cannot be served");
            case Half.Served<?> _, Half.Absent<?> _ ->
                log.atInfo().addKeyValue("secret", state.name()).log("Secret is served");
        }
    }

    private static String digest(Map<String, byte[]> entries) {
        Hasher hasher = Hashing.sha256().newHasher();
        new TreeMap<>(entries)
                .forEach((entry, bytes) -> hasher.putInt(entry.length())
                        .putString(entry, StandardCharsets.UTF_8)
                        .putInt(bytes.length)
                        .putBytes(bytes));
        return hasher.hash().toString();
    }
}
