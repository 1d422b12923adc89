package io.sallyport.secret.store;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Timestamp;
import io.opentelemetry.api.trace.TracerProvider;
import io.opentelemetry.context.Context;
import io.sallyport.proto.secret.v1.KeptSecret;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.pcollections.PSortedMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The door to the secrets for all threads: what sources and people offer is put to the one [SecretKeeper], in order,
/// and whoever serves secrets hears which ones changed.
///
/// A secret has one owner. What the API put is not overwritten by a directory, nor the other way round.
public final class SecretRegistry implements AutoCloseable {

    /// The owner of what came by [#put].
    public static final String API = "api";

    private static final Logger log = LoggerFactory.getLogger(SecretRegistry.class);

    private final SecretKeeper keeper;
    private final SealedFiles puts;
    private final InstantSource clock;
    private final Consumer<Set<SecretName>> listener;
    private final Rotations rotations;
    private final ExecutorService owner = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("secret-keeper").daemon().factory());

    /// `puts` holds what came by the API; `listener` hears the names whose state changed, on the keeper's thread.
    public SecretRegistry(
            SecretKeeper keeper, SealedFiles puts, InstantSource clock, Consumer<Set<SecretName>> listener) {
        this(keeper, puts, clock, listener, new Rotations(TracerProvider.noop().get("none")));
    }

    /// The same; changes are traced as `rotations`.
    public SecretRegistry(
            SecretKeeper keeper,
            SealedFiles puts,
            InstantSource clock,
            Consumer<Set<SecretName>> listener,
            Rotations rotations) {
        this.keeper = keeper;
        this.puts = puts;
        this.clock = clock;
        this.listener = listener;
        this.rotations = rotations;
    }

    /// Another source has the secret.
    public static final class OwnedElsewhereException extends Exception {

        private static final long serialVersionUID = 1L;

        OwnedElsewhereException(SecretName name, String owner) {
            super("secret \"" + name + "\" belongs to source \"" + owner + "\" (expected: change it there)");
        }
    }

    /// The newest state of every secret.
    public PSortedMap<SecretName, SecretState> secrets() {
        return keeper.secrets();
    }

    /// The secrets that were taken away while this process looked.
    public Set<SecretName> withdrawn() {
        return keeper.withdrawn();
    }

    /// Looks again at what time alone changes: what is served may have expired, what was not valid yet may be. Called
    /// every few seconds.
    public void lookAgain() throws SecretStoreException {
        onOwner(() -> {
            var changed = new TreeSet<>(keeper.expire());
            keeper.secrets().forEach((name, state) -> {
                if (state.source().equals(API) && !SecretKeeper.isGood(state)) {
                    offerStored(name, changed);
                }
            });
            if (!changed.isEmpty()) {
                listener.accept(changed);
            }
            return changed;
        });
    }

    /// Offers what the API put before this process began. One that cannot be opened is passed over, and logged.
    public void restore() throws SecretStoreException {
        var names = puts.names();
        onOwner(() -> {
            var changed = new TreeSet<SecretName>();
            names.forEach(name -> offerStored(name, changed));
            listener.accept(changed);
            return changed;
        });
    }

    private void offerStored(SecretName name, Set<SecretName> changed) {
        try {
            var bytes = puts.get(name);
            if (bytes.isPresent()
                    && keeper.offer(API, name, entries(KeptSecret.parseFrom(bytes.get())))
                            .isChange()) {
                changed.add(name);
            }
        } catch (SecretStoreException | InvalidProtocolBufferException e) {
            log.atError()
                    .addKeyValue("secret", name)
                    .addKeyValue("reason", e.getMessage())
                    .log("Stored secret cannot be opened; put it again");
        }
    }

    /// Takes what a source has, and what it has no more. Returns when it is in force.
    public void take(String source, SortedMap<SecretName, Map<String, byte[]>> offered, Set<SecretName> gone)
            throws SecretStoreException {
        take(source, offered, gone, Set.of());
    }

    /// As above; whoever asks for one of `alsoTold` is woken too.
    public void take(
            String source,
            SortedMap<SecretName, Map<String, byte[]>> offered,
            Set<SecretName> gone,
            Set<SecretName> alsoTold)
            throws SecretStoreException {
        onOwner(() -> {
            var changed = new TreeSet<>(alsoTold);
            offered.forEach((name, entries) -> {
                var before = keeper.secrets().get(name);
                if (before != null && !before.source().equals(source)) {
                    log.atWarn()
                            .addKeyValue("secret", name)
                            .addKeyValue("source", source)
                            .addKeyValue("owner", before.source())
                            .log("Secret is not taken: another source owns it");
                } else if (rotations
                        .judged(name, source, () -> keeper.offer(source, name, entries))
                        .isChange()) {
                    changed.add(name);
                }
            });
            for (var name : gone) {
                var before = keeper.secrets().get(name);
                if (before != null && before.source().equals(source)) {
                    rotations.withdrawn(name, source, () -> keeper.withdraw(name));
                    changed.add(name);
                }
            }
            listener.accept(changed);
            return changed;
        });
    }

    /// Offers what was served before this process began, of a source that cannot be heard now. Nothing else is known of
    /// it, so the first real offer replaces it.
    public void restoreKept(String source) throws SecretStoreException {
        onOwner(() -> {
            var changed = keeper.restore(source);
            listener.accept(changed);
            return changed;
        });
    }

    /// Every source was heard: what is kept of other secrets is forgotten.
    public void heardAll() throws SecretStoreException {
        onOwner(() -> {
            keeper.forgetOthers();
            return true;
        });
    }

    /// Stores a secret, encrypted, and offers it. A bad one is stored too; its state says why it is not served.
    public SecretState put(SecretName name, Map<String, byte[]> entries)
            throws SecretStoreException, OwnedElsewhereException {
        var outcome = onOwner(() -> {
            var before = keeper.secrets().get(name);
            if (before != null && !before.source().equals(API)) {
                return new Outcome(Optional.empty(), Optional.of(new OwnedElsewhereException(name, before.source())));
            }
            puts.put(name, message(entries));
            var change = rotations.judged(name, API, () -> keeper.offer(API, name, entries));
            listener.accept(Set.of(name));
            return new Outcome(Optional.of(change.state()), Optional.empty());
        });
        return outcome.state(name);
    }

    /// Removes a secret that the API put. False if there is none.
    public boolean delete(SecretName name) throws SecretStoreException, OwnedElsewhereException {
        var outcome = onOwner(() -> {
            var before = keeper.secrets().get(name);
            if (before == null) {
                return new Outcome(Optional.empty(), Optional.empty());
            }
            if (!before.source().equals(API)) {
                return new Outcome(Optional.empty(), Optional.of(new OwnedElsewhereException(name, before.source())));
            }
            puts.delete(name);
            rotations.withdrawn(name, API, () -> keeper.withdraw(name));
            listener.accept(Set.of(name));
            return new Outcome(Optional.of(before), Optional.empty());
        });
        if (outcome.refused().isPresent()) {
            throw outcome.refused().get();
        }
        return outcome.state().isPresent();
    }

    private record Outcome(Optional<SecretState> state, Optional<OwnedElsewhereException> refused) {

        SecretState state(SecretName name) throws OwnedElsewhereException {
            if (refused.isPresent()) {
                throw refused.get();
            }
            return state.orElseThrow(() -> new IllegalStateException("no state of " + name));
        }
    }

    private <T> T onOwner(Callable<T> task) throws SecretStoreException {
        try {
            // The caller's trace goes with it.
            return owner.submit(Context.current().wrap(task)).get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof SecretStoreException failed) {
                throw failed;
            }
            throw new IllegalStateException("secret registry failed", e.getCause());
        } catch (RejectedExecutionException e) {
            throw new SecretStoreException("secret store: closed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SecretStoreException("secret store: interrupted", e);
        }
    }

    private byte[] message(Map<String, byte[]> entries) {
        var message = KeptSecret.newBuilder()
                .setAccepted(Timestamp.newBuilder().setSeconds(clock.instant().getEpochSecond()));
        new TreeMap<>(entries).forEach((entry, bytes) -> message.putData(entry, ByteString.copyFrom(bytes)));
        return message.build().toByteArray();
    }

    private static Map<String, byte[]> entries(KeptSecret message) {
        var entries = new HashMap<String, byte[]>();
        message.getDataMap().forEach((entry, value) -> entries.put(entry, value.toByteArray()));
        return entries;
    }

    @Override
    public void close() {
        owner.shutdown();
    }
}
