package io.sallyport.secret.source;

import io.sallyport.runtime.SteadyLoop;
import io.sallyport.runtime.file.FileEvent;
import io.sallyport.runtime.file.FileEvents;
import io.sallyport.secret.store.FilePlace;
import io.sallyport.secret.store.SecretName;
import io.sallyport.secret.store.SecretRegistry;
import io.sallyport.secret.store.SecretStoreException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Offers the secrets of a directory: those in its YAML and JSON files, and its certificate mounts in
/// `secrets/<namespace>/<name>/`. A secret that stands in two places is taken from the first by path.
///
/// A file is read when its writer has closed it or renamed it into place; one that cannot be parsed keeps what it had.
/// A secret that disappears has a moment to come back, since many editors save by removing and making anew.
public final class SecretDirectory implements AutoCloseable {

    /// The name of this source.
    public static final String NAME = "directory";

    private static final Logger log = LoggerFactory.getLogger(SecretDirectory.class);

    private static final String MOUNTS = "secrets";
    private static final int MAX_DEPTH = 32;
    private static final int MAX_FILES = 200_000;
    private static final int MAX_BYTES = 64 << 20;
    private static final Duration WRITER_PATIENCE = Duration.ofSeconds(2);
    private static final Duration QUIET = Duration.ofMillis(50);
    private static final Duration RETURN_GRACE = Duration.ofMillis(100);
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(30);
    private static final Duration LOOK_AGAIN_WITHOUT_EVENTS = Duration.ofSeconds(1);

    private record Stat(
            Path real,
            long size,
            FileTime modified,
            @Nullable Object key) {}

    private record Entry(String place, Map<String, byte[]> entries) {}

    private final Path root;
    private final SecretRegistry registry;
    private final InstantSource clock;
    private final FileEvents events;
    private final CountDownLatch ready = new CountDownLatch(1);
    private final SteadyLoop loop;
    // What each file offers, by its path; a mount counts as the file `secrets/<namespace>/<name>`.
    private final SortedMap<String, List<SecretDocuments.Found>> offers = new TreeMap<>();
    private final Map<String, Stat> known = new HashMap<>();
    private final NavigableSet<String> dirty = new TreeSet<>();
    private final NavigableSet<SecretName> dirtyMounts = new TreeSet<>();
    private final Map<String, Instant> writing = new HashMap<>();
    private final Map<SecretName, Instant> vanishing = new HashMap<>();
    private Map<SecretName, Entry> taken = Map.of();
    private boolean lookAtTree = true;
    private boolean everythingWatched = true;
    private Instant nextLook;
    private volatile boolean closed;

    private SecretDirectory(Path root, SecretRegistry registry, InstantSource clock, FileEvents events) {
        this.root = root;
        this.registry = registry;
        this.clock = clock;
        this.events = events;
        this.nextLook = clock.instant();
        this.loop = SteadyLoop.start("secret-directory", this::turn);
    }

    /// Starts to follow the directory; returns when everything that stands there at the start is in force.
    public static SecretDirectory follow(Path root, SecretRegistry registry, InstantSource clock) throws IOException {
        if (!Files.isDirectory(root)) {
            throw new IOException(root + " is no directory (expected: a directory with secrets)");
        }
        var source = new SecretDirectory(root, registry, clock, FileEvents.open());
        try {
            source.ready.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            source.close();
            throw new IOException("interrupted while reading " + root, e);
        }
        return source;
    }

    /// How many turns failed, for a fault of ours, and were taken again.
    public long failures() {
        return loop.failures();
    }

    private void turn(boolean again) throws SecretStoreException {
        if (ready.getCount() > 0) {
            try {
                turn();
            } finally {
                ready.countDown();
            }
            return;
        }
        if (again) {
            // What the failed turn had taken in hand is lost: everything is read and handed on once more.
            known.clear();
            offers.keySet().stream()
                    .filter(path -> !path.startsWith(MOUNTS + "/"))
                    .forEach(dirty::add);
            nextLook = clock.instant();
        } else if (!closed) {
            // Not after close(), whose wake-up is heard once.
            events.poll(untilNext().toMillis()).forEach(this::note);
        }
        if (!closed) {
            turn();
        }
    }

    private Duration untilNext() {
        var now = clock.instant();
        var next = nextLook;
        for (var deadline : writing.values()) {
            next = deadline.isBefore(next) ? deadline : next;
        }
        for (var deadline : vanishing.values()) {
            next = deadline.isBefore(next) ? deadline : next;
        }
        if (lookAtTree || !next.isAfter(now)) {
            return Duration.ZERO;
        }
        return Duration.between(now, next).plusMillis(1);
    }

    private void turn() throws SecretStoreException {
        var now = clock.instant();
        var again = !now.isBefore(nextLook);
        var changed = again;
        if (again || lookAtTree) {
            look(now);
            changed = true;
        }
        writing.entrySet().removeIf(entry -> {
            var isDue = !entry.getValue().isAfter(now);
            if (isDue) {
                dirty.add(entry.getKey());
            }
            return isDue;
        });
        changed |= !dirty.isEmpty() || !dirtyMounts.isEmpty() || !vanishing.isEmpty();
        readFiles();
        readMounts();
        if (changed) {
            publish(now, again);
        }
    }

    private void note(FileEvent event) {
        var path = event.path();
        if (event.type() == FileEvent.Type.TREE) {
            lookAtTree = true;
            return;
        }
        var parts = path.split("/", -1);
        if (parts[0].equals(MOUNTS)) {
            if (parts.length >= 4
                    && !parts[1].equals(FilePlace.NAMESPACE)
                    && SecretName.isNamespace(parts[1])
                    && SecretName.isName(parts[2])) {
                dirtyMounts.add(new SecretName(parts[1], parts[2]));
                // A link in place of a directory is exchanged without an event of a directory.
                lookAtTree |= isLink(path);
            } else {
                lookAtTree = true;
            }
            return;
        }
        if (!isWanted(parts[parts.length - 1])) {
            lookAtTree |= event.type() == FileEvent.Type.GONE || isLink(path);
            return;
        }
        switch (event.type()) {
            case WRITING -> {
                dirty.remove(path);
                writing.put(path, clock.instant().plus(WRITER_PATIENCE));
            }
            case WRITTEN, ARRIVED, GONE -> {
                writing.remove(path);
                dirty.add(path);
            }
            case MADE -> {
                if (isLink(path)) {
                    dirty.add(path);
                } else {
                    writing.putIfAbsent(path, clock.instant().plus(QUIET));
                }
            }
            case TREE -> lookAtTree = true;
        }
    }

    private boolean isLink(String path) {
        return Files.isSymbolicLink(root.resolve(path));
    }

    private static boolean isWanted(String name) {
        return !name.startsWith(".")
                && !name.endsWith("~")
                && (name.endsWith(".yaml") || name.endsWith(".yml") || name.endsWith(".json"));
    }

    /// Looks at the whole tree: watches its directories, and finds the files that changed.
    private void look(Instant now) {
        lookAtTree = false;
        try {
            everythingWatched = true;
            events.forgetNames();
            var seen = new TreeMap<String, Stat>();
            walk(root, "", root.toRealPath(), new HashSet<>(), seen);
            seen.forEach((path, stat) -> {
                if (!stat.equals(known.get(path)) && !writing.containsKey(path)) {
                    dirty.add(path);
                }
            });
            known.keySet().stream().filter(path -> !seen.containsKey(path)).forEach(dirty::add);
            lookAtMounts();
        } catch (IOException e) {
            // The root itself is away for a moment, or may not be read: everything stays.
            log.atWarn()
                    .addKeyValue("directory", root)
                    .addKeyValue("reason", e.getMessage())
                    .log("Directory of secrets cannot be read");
        }
        nextLook = now.plus(everythingWatched ? LOOK_AGAIN : LOOK_AGAIN_WITHOUT_EVENTS);
    }

    private void lookAtMounts() throws IOException {
        var mounts = SecretMounts.below(root.resolve(MOUNTS));
        offers.keySet().removeIf(path -> path.startsWith(MOUNTS + "/") && !mounts.containsKey(mount(path)));
        mounts.forEach(this::offer);
        dirtyMounts.clear();
    }

    private static SecretName mount(String path) {
        var parts = path.split("/", -1);
        return new SecretName(parts[1], parts[2]);
    }

    private void offer(SecretName name, Map<String, byte[]> entries) {
        offers.put(
                MOUNTS + "/" + name.namespace() + "/" + name.name(), List.of(new SecretDocuments.Found(name, entries)));
    }

    private void walk(Path folder, String relative, Path realRoot, Set<Path> above, Map<String, Stat> seen)
            throws IOException {
        var real = folder.toRealPath();
        if (above.size() > MAX_DEPTH || !real.startsWith(realRoot) || !above.add(real)) {
            return;
        }
        everythingWatched &= events.watch(real, relative);
        var isMount = relative.equals(MOUNTS) || relative.startsWith(MOUNTS + "/");
        try (var entries = Files.newDirectoryStream(folder)) {
            for (var entry : entries) {
                var name = String.valueOf(entry.getFileName());
                var path = relative.isEmpty() ? name : relative + "/" + name;
                if (Files.isDirectory(entry)) {
                    if (!name.startsWith(".")) {
                        walk(entry, path, realRoot, above, seen);
                    }
                } else if (!isMount && isWanted(name) && seen.size() < MAX_FILES) {
                    stat(path, realRoot).ifPresent(stat -> seen.put(path, stat));
                }
            }
        }
        above.remove(real);
    }

    private Optional<Stat> stat(String path, Path realRoot) {
        try {
            var real = root.resolve(path).toRealPath();
            var attributes = Files.readAttributes(real, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return real.startsWith(realRoot) && attributes.isRegularFile() && attributes.size() <= MAX_BYTES
                    ? Optional.of(
                            new Stat(real, attributes.size(), attributes.lastModifiedTime(), attributes.fileKey()))
                    : Optional.empty();
        } catch (IOException absent) {
            return Optional.empty();
        }
    }

    private void readFiles() {
        for (var path : dirty) {
            try {
                var stat = stat(path, root.toRealPath());
                if (stat.isEmpty()) {
                    known.remove(path);
                    offers.remove(path);
                    continue;
                }
                var text = new String(Files.readAllBytes(stat.get().real()), StandardCharsets.UTF_8);
                known.put(path, stat.get());
                SecretDocuments.in(text).ifPresent(found -> {
                    if (found.isEmpty()) {
                        offers.remove(path);
                    } else {
                        offers.put(path, found);
                    }
                });
            } catch (IOException e) {
                // It may not be read, or vanished just now: an event says so when that changes.
                log.atDebug().addKeyValue("file", path).log("File cannot be read now");
            }
        }
        dirty.clear();
    }

    private void readMounts() {
        for (var name : dirtyMounts) {
            try {
                var entries = SecretMounts.one(root.resolve(MOUNTS), name);
                if (entries.isPresent()) {
                    offer(name, entries.get());
                } else {
                    offers.remove(MOUNTS + "/" + name.namespace() + "/" + name.name());
                }
            } catch (IOException e) {
                log.atDebug().addKeyValue("secret", name).log("Secret cannot be read now");
            }
        }
        dirtyMounts.clear();
    }

    /// Hands on what differs from what was handed on last. `all`: everything, for the registry to judge again what was
    /// bad.
    private void publish(Instant now, boolean all) throws SecretStoreException {
        var wanted = new HashMap<SecretName, Entry>();
        offers.forEach((path, found) -> {
            for (var secret : found) {
                var twice = wanted.putIfAbsent(secret.name(), new Entry(path, secret.entries()));
                if (twice != null && !twice.place().equals(path)) {
                    log.atDebug()
                            .addKeyValue("secret", secret.name())
                            .addKeyValue("taken", twice.place())
                            .addKeyValue("passed", path)
                            .log("Secret stands in two places");
                }
            }
        });
        var offered = new TreeMap<SecretName, Map<String, byte[]>>();
        wanted.forEach((name, entry) -> {
            vanishing.remove(name);
            if (all || !entry.equals(taken.get(name))) {
                offered.put(name, entry.entries());
            }
        });
        var gone = new TreeSet<SecretName>();
        taken.forEach((name, entry) -> {
            if (!wanted.containsKey(name)) {
                var deadline = vanishing.computeIfAbsent(name, _ -> now.plus(RETURN_GRACE));
                if (deadline.isAfter(now)) {
                    wanted.put(name, entry);
                } else {
                    vanishing.remove(name);
                    gone.add(name);
                }
            }
        });
        taken = wanted;
        if (!offered.isEmpty() || !gone.isEmpty()) {
            registry.take(NAME, offered, gone);
        }
    }

    @Override
    public void close() {
        closed = true;
        events.wake();
        loop.close();
        events.close();
    }
}
