package io.sallyport.secret.source;

import io.sallyport.runtime.SteadyLoop;
import io.sallyport.secret.store.FilePlace;
import io.sallyport.secret.store.SecretName;
import io.sallyport.secret.store.SecretRegistry;
import io.sallyport.secret.store.SecretStoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Offers the certificates that gateways name by path (S28), each from the moment when a proxy asks for it. Only files
/// below the configured roots are read, through links as well: whoever writes a Gateway must not be able to have any
/// file of this machine read.
///
/// Files are looked at twice a second, because a mount may be swapped in ways that no event tells (another file
/// system, a bind mount). One that is gone counts as gone when it is gone twice in a row: it may be on its way.
public final class MountedFiles implements AutoCloseable {

    /// The name of this source.
    public static final String NAME = "file";

    private static final Logger log = LoggerFactory.getLogger(MountedFiles.class);
    private static final int MAX_PLACES = 10_000;
    private static final int MAX_BYTES = 1024 * 1024;
    private static final int LOOK_MILLIS = 500;
    private static final int GONE_LOOKS = 2;

    // What a file was when it was read last; equal: it need not be read again.
    private record Stamp(Path real, long size, long modifiedNanos, String key) {}

    private static final class Watched {

        private List<Optional<Stamp>> stamps = List.of();
        private int missing;
        private boolean offered;
        private volatile boolean looked;

        private void forget() {
            stamps = List.of();
            missing = 0;
            offered = true;
        }
    }

    private final List<Path> roots;
    private final SecretRegistry registry;
    private final Map<FilePlace, Watched> places = new ConcurrentHashMap<>();
    private final Semaphore wanted = new Semaphore(0);
    private final SteadyLoop loop;

    private MountedFiles(List<Path> roots, SecretRegistry registry) {
        this.roots = List.copyOf(roots);
        this.registry = registry;
        this.loop = SteadyLoop.start("mounted-files", this::turn);
    }

    /// Starts to look. `roots` are the folders that may hold such files; without one, none is read.
    public static MountedFiles below(List<Path> roots, SecretRegistry registry) {
        return new MountedFiles(roots, registry);
    }

    /// A proxy asks for it: it is read now, and looked at from now on. False if it may not be read.
    public boolean want(FilePlace place) {
        if (!isAllowed(place)) {
            return false;
        }
        if (!places.containsKey(place) && places.size() < MAX_PLACES) {
            places.putIfAbsent(place, new Watched());
            wanted.release();
        }
        return places.containsKey(place);
    }

    /// Whether it was looked at, so that its absence means something.
    public boolean hasLooked(FilePlace place) {
        var watched = places.get(place);
        return watched != null && watched.looked;
    }

    /// What is wanted, by the name under which the registry has it.
    public SortedMap<SecretName, FilePlace> places() {
        var named = new TreeMap<SecretName, FilePlace>();
        places.keySet().forEach(place -> named.put(place.secret(), place));
        return named;
    }

    /// Whether both files stand below a root, as they are written.
    public boolean isAllowed(FilePlace place) {
        return isBelow(place.certificate()) && place.second().map(this::isBelow).orElse(true);
    }

    private boolean isBelow(Path path) {
        return roots.stream().anyMatch(path::startsWith);
    }

    /// How many looks failed, for a fault of ours, and were taken again.
    public long failures() {
        return loop.failures();
    }

    private void turn(boolean again) throws SecretStoreException, InterruptedException {
        if (again) {
            // What the failed look had found may not have been handed on.
            places.values().forEach(Watched::forget);
        }
        look();
        if (wanted.tryAcquire(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
            wanted.drainPermits();
        }
    }

    private void look() throws SecretStoreException {
        var offered = new TreeMap<SecretName, Map<String, byte[]>>();
        var gone = new TreeSet<SecretName>();
        var first = new ArrayList<Watched>();
        places.forEach((place, watched) -> {
            look(place, watched, offered, gone);
            if (!watched.looked) {
                first.add(watched);
            }
        });
        first.forEach(watched -> watched.looked = true);
        if (!offered.isEmpty() || !gone.isEmpty() || !first.isEmpty()) {
            registry.take(NAME, offered, gone, names(first));
        }
    }

    // Those that were looked at for the first time: who waits for them is answered, also if there is nothing.
    private Set<SecretName> names(List<Watched> first) {
        var names = new TreeSet<SecretName>();
        places.forEach((place, watched) -> {
            if (first.contains(watched)) {
                names.add(place.secret());
            }
        });
        return names;
    }

    private void look(
            FilePlace place, Watched watched, Map<SecretName, Map<String, byte[]>> offered, Set<SecretName> gone) {
        var stamps = new ArrayList<Optional<Stamp>>();
        stamps.add(stamp(place.certificate()));
        place.second().ifPresent(path -> stamps.add(stamp(path)));
        if (stamps.stream().allMatch(Optional::isEmpty)) {
            watched.missing++;
            watched.stamps = List.of();
            if (watched.offered && watched.missing >= GONE_LOOKS) {
                watched.offered = false;
                gone.add(place.secret());
            }
            return;
        }
        watched.missing = 0;
        if (stamps.equals(watched.stamps)) {
            return;
        }
        watched.stamps = List.copyOf(stamps);
        watched.offered = true;
        offered.put(place.secret(), entries(place));
    }

    private Map<String, byte[]> entries(FilePlace place) {
        var entries = new HashMap<String, byte[]>();
        var revocations = place.revocations().flatMap(this::read);
        if (place.revocations().isPresent() && revocations.isEmpty()) {
            // Without the list, certificates that were taken back would count again.
            return entries;
        }
        revocations.ifPresent(bytes -> entries.put("ca.crl", bytes));
        read(place.certificate()).ifPresent(bytes -> entries.put(place.isAuthority() ? "ca.crt" : "tls.crt", bytes));
        place.key().flatMap(this::read).ifPresent(bytes -> entries.put("tls.key", bytes));
        return entries;
    }

    private Optional<Stamp> stamp(Path path) {
        try {
            var real = path.toRealPath();
            var attributes = Files.readAttributes(real, BasicFileAttributes.class);
            return attributes.isRegularFile()
                    ? Optional.of(new Stamp(
                            real,
                            attributes.size(),
                            attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS),
                            String.valueOf(attributes.fileKey())))
                    : Optional.empty();
        } catch (IOException absent) {
            return Optional.empty();
        }
    }

    private Optional<byte[]> read(Path path) {
        try {
            var real = path.toRealPath();
            if (!isBelowForReal(real) || Files.size(real) > MAX_BYTES) {
                log.atWarn()
                        .addKeyValue("file", path)
                        .log("Mounted certificate is not read: it leads out of the roots, or is too large");
                return Optional.empty();
            }
            return Optional.of(Files.readAllBytes(real));
        } catch (NoSuchFileException vanished) {
            return Optional.empty();
        } catch (IOException e) {
            log.atWarn()
                    .addKeyValue("file", path)
                    .addKeyValue("reason", e.getMessage())
                    .log("Mounted certificate cannot be read");
            return Optional.empty();
        }
    }

    private boolean isBelowForReal(Path real) {
        return roots.stream().anyMatch(root -> {
            try {
                return real.startsWith(root.toRealPath());
            } catch (IOException absent) {
                return false;
            }
        });
    }

    @Override
    public void close() {
        loop.close();
    }
}
