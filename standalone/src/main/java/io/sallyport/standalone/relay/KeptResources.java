package io.sallyport.standalone.relay;

import com.google.common.hash.Hashing;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.sallyport.secret.store.SealedFiles;
import io.sallyport.secret.store.SecretName;
import io.sallyport.secret.store.SecretStoreException;
import io.sallyport.translation.ResourceType;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What an Envoy has accepted last, of each type by name: in memory, and one sealed file each. Keys are among it, so
/// nothing of it is on disk in plain text. Writing is done behind the back of the streams; what a power cut takes is
/// what changed in the last moments.
final class KeptResources implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(KeptResources.class);
    private static final int MAX_RESOURCES = 500_000;
    private static final long CLOSING_MILLIS = 5_000;

    private final SealedFiles files;
    private final ConcurrentSkipListMap<Key, Resource> resources = new ConcurrentSkipListMap<>();
    private final Thread writer;

    @GuardedBy("this") private final SequencedSet<Key> unwritten = new LinkedHashSet<>();

    @GuardedBy("this") private boolean closed;

    private record Key(ResourceType type, String name) implements Comparable<Key> {

        private static final Comparator<Key> ORDER =
                Comparator.comparing(Key::type).thenComparing(Key::name);

        @Override
        public int compareTo(Key other) {
            return ORDER.compare(this, other);
        }

        // Names of resources are longer and freer than those of files.
        private SecretName file() {
            return new SecretName(
                    type.acronym().toLowerCase(Locale.ROOT),
                    Hashing.sha256().hashString(name, StandardCharsets.UTF_8).toString());
        }
    }

    /// Opens what `files` hold. What cannot be opened is passed over, and logged.
    KeptResources(SealedFiles files) throws SecretStoreException {
        this.files = files;
        for (var name : files.names()) {
            load(name);
        }
        this.writer = Thread.ofPlatform().name("relay-writer").daemon().start(this::write);
    }

    private void load(SecretName file) {
        try {
            var bytes = files.get(file);
            if (bytes.isPresent()) {
                var resource = Resource.parseFrom(bytes.get());
                ResourceType.of(resource.getResource().getTypeUrl())
                        .ifPresent(type -> resources.put(new Key(type, resource.getName()), resource));
            }
        } catch (SecretStoreException | InvalidProtocolBufferException e) {
            log.atWarn().addKeyValue("reason", e.getMessage()).log("A kept resource is not used");
        }
    }

    /// Whether there is anything to listen by.
    boolean hasListeners() {
        return !all(ResourceType.LISTENER).isEmpty();
    }

    int size() {
        return resources.size();
    }

    /// All of a type, in order of name.
    List<Resource> all(ResourceType type) {
        return List.copyOf(resources
                .subMap(new Key(type, ""), new Key(type, String.valueOf(Character.MAX_VALUE)))
                .values());
    }

    Optional<Resource> find(ResourceType type, String name) {
        return Optional.ofNullable(resources.get(new Key(type, name)));
    }

    /// Takes what Envoy has accepted.
    void put(ResourceType type, Resource resource) {
        var key = new Key(type, resource.getName());
        if (resources.size() >= MAX_RESOURCES && !resources.containsKey(key)) {
            log.atWarn()
                    .addKeyValue("resource", resource.getName())
                    .log("Not kept: there are too many (expected: at most 500000)");
            return;
        }
        if (!resource.equals(resources.put(key, resource))) {
            changed(key);
        }
    }

    /// Forgets what Envoy has no more.
    void remove(ResourceType type, String name) {
        var key = new Key(type, name);
        if (resources.remove(key) != null) {
            changed(key);
        }
    }

    /// Forgets all of a type but these.
    void retain(ResourceType type, Set<String> names) {
        all(type).stream()
                .map(Resource::getName)
                .filter(name -> !names.contains(name))
                .forEach(name -> remove(type, name));
    }

    private synchronized void changed(Key key) {
        unwritten.add(key);
        notifyAll();
    }

    private synchronized @Nullable Key next() throws InterruptedException {
        while (unwritten.isEmpty() && !closed) {
            wait();
        }
        return unwritten.isEmpty() ? null : unwritten.removeFirst();
    }

    private void write() {
        try {
            for (var key = next(); key != null; key = next()) {
                write(key);
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    private void write(Key key) {
        var resource = resources.get(key);
        try {
            if (resource == null) {
                files.delete(key.file());
            } else {
                files.put(key.file(), resource.toByteArray());
            }
        } catch (SecretStoreException e) {
            log.atWarn()
                    .addKeyValue("resource", key.name())
                    .addKeyValue("reason", e.getMessage())
                    .log("Cannot be kept on disk: a restart of the relay will not have it");
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        try {
            writer.join(CLOSING_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
