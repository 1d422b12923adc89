package io.sallyport.config.source;

import io.sallyport.config.api.Refusals;
import io.sallyport.config.store.DocumentReader;
import io.sallyport.config.store.RevisionLog;
import io.sallyport.config.store.Subscription;
import io.sallyport.model.Finding;
import io.sallyport.model.ObjectRef;
import io.sallyport.runtime.SteadyLoop;
import io.sallyport.runtime.file.FileEvent;
import io.sallyport.runtime.file.FileEvents;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Makes revisions of what stands in a directory, at once and whole.
///
/// A file is read when its writer has closed it or renamed it into place, never in between. A file that disappears is
/// given a moment to come back, since many editors save by removing and making anew. What cannot be read or is refused
/// keeps its last good version, and everything else goes on. So does the watching after a fault of ours.
public final class DirectorySource implements Refusals, AutoCloseable {

    private static final Duration WRITER_PATIENCE = Duration.ofSeconds(2);
    private static final Duration QUIET = Duration.ofMillis(50);
    private static final Duration RETURN_GRACE = Duration.ofMillis(100);
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(30);
    private static final Duration LOOK_AGAIN_WITHOUT_EVENTS = Duration.ofSeconds(2);
    private static final Duration RETRY = Duration.ofSeconds(1);
    private static final int PARALLEL_FILES = 64;
    private static final int MOST_OVERTAKEN = 5;

    private final Path root;
    private final RevisionLog revisions;
    private final DocumentReader reader;
    private final InstantSource clock;
    private final FileEvents events;
    private final Offers offers = new Offers();
    private final Submission submission;
    private final Map<String, FileContent.Known> known = new HashMap<>();
    private final NavigableSet<String> dirty = new TreeSet<>();
    // Files that somebody writes, and files that are gone: when they are looked at if nothing else happens.
    private final Map<String, Instant> writing = new HashMap<>();
    private final Map<String, Instant> vanishing = new HashMap<>();
    private final Set<ObjectRef> unsubmitted = new HashSet<>();
    // Files that somebody wrote to since they were read.
    private final Set<String> disturbed = new HashSet<>();
    private final CountDownLatch ready = new CountDownLatch(1);
    private final Subscription wake;
    private final SteadyLoop loop;
    private volatile @Nullable Thread owner;
    private FileContent.Memory memory = LogMemory.NOTHING;
    private boolean everythingWatched = true;
    private boolean lookAtTree;
    // How often in a row a turn was given up. The first look waits for nobody.
    private int overtaken = MOST_OVERTAKEN;
    private Instant nextLook;
    private volatile boolean closed;

    private DirectorySource(
            Path root,
            RevisionLog revisions,
            DocumentReader reader,
            DirectoryListener listener,
            InstantSource clock,
            FileEvents events) {
        this.root = root;
        this.revisions = revisions;
        this.reader = reader;
        this.clock = clock;
        this.events = events;
        this.submission = new Submission(root, revisions, offers, listener);
        this.nextLook = clock.instant();
        this.wake = revisions.subscribe(this::wakeIfBlocked);
        this.loop = SteadyLoop.start("config-directory", this::turn);
    }

    /// Starts to watch. The first look happens on the source's own thread: see [#awaitFirstLook].
    public static DirectorySource start(
            Path root, RevisionLog revisions, DocumentReader reader, DirectoryListener listener, InstantSource clock)
            throws IOException {
        if (!Files.isDirectory(root)) {
            throw new IOException(root + " is no directory (expected: a directory with YAML files)");
        }
        return new DirectorySource(root, revisions, reader, listener, clock, FileEvents.open());
    }

    /// Returns when everything that stood in the directory at the start is in the log, or is known to be refused.
    public void awaitFirstLook() throws InterruptedException {
        ready.await();
    }

    /// Whether the first look is done.
    public boolean isReady() {
        return ready.getCount() == 0;
    }

    /// What the directory offers and the log does not take.
    @Override
    public List<Refusal> current() {
        return submission.refusals();
    }

    /// How many turns failed for a fault of ours and were taken again.
    public long failures() {
        return loop.failures();
    }

    private void turn(boolean again) throws InterruptedException {
        if (owner == null) {
            owner = Thread.currentThread();
            try {
                firstLook();
            } finally {
                ready.countDown();
            }
            return;
        }
        if (again) {
            // What the failed turn had taken in hand is lost: everything is read and compared once more.
            known.replaceAll((_, _) -> new FileContent.Known(Optional.empty(), Optional.empty()));
            lookAtTree = true;
            unsubmitted.addAll(submission.owned());
            unsubmitted.addAll(offers.refs());
        }
        turn();
    }

    // An object of another source may have gone, and make room for ours.
    private void wakeIfBlocked() {
        if (submission.isBlocked() && Thread.currentThread() != owner) {
            events.wake();
        }
    }

    private void firstLook() throws InterruptedException {
        revisions.awaitRead();
        memory = LogMemory.of(revisions.published().state());
        look();
        var settled = clock.instant().plus(QUIET);
        while (!closed && !writing.isEmpty() && clock.instant().isBefore(settled)) {
            events.poll(QUIET.toMillis()).forEach(this::note);
        }
        dirty.addAll(due(writing, clock.instant()));
        var touched = new HashSet<>(submission.owned());
        var files = read(touched);
        memory = LogMemory.NOTHING;
        touched.addAll(offers.refs());
        submit(touched, files, true);
        while (!closed && !unsubmitted.isEmpty()) {
            events.poll(RETRY.toMillis()).forEach(this::note);
            unsubmitted.clear();
            submit(touched, files, true);
        }
    }

    private void turn() throws InterruptedException {
        // Before waiting: the wake-up of close() is heard once.
        if (closed) {
            return;
        }
        events.poll(untilNext().toMillis()).forEach(this::note);
        if (closed) {
            return;
        }
        var now = clock.instant();
        if (lookAtTree || !now.isBefore(nextLook)) {
            look();
            events.poll(0).forEach(this::note);
            if (isOvertaken()) {
                return;
            }
        }
        due(writing, now).forEach(dirty::add);
        var touched = new HashSet<>(submission.unblocked());
        var gone = new ArrayList<String>();
        for (var file : due(vanishing, now)) {
            touched.addAll(offers.remove(file));
            known.remove(file);
            submission.forget(file);
            gone.add(file);
        }
        var files = read(touched);
        files.addAll(gone);
        if (!unsubmitted.isEmpty()) {
            touched.addAll(unsubmitted);
            unsubmitted.clear();
        }
        if (!touched.isEmpty() || !files.isEmpty()) {
            submit(touched, files, false);
        }
        if (!lookAtTree) {
            overtaken = 0;
        }
    }

    // A directory was exchanged while we looked at it or read it, so that some files are of before and some of after:
    // the next turn sees all of them. Not for ever: who exchanges all the time gets what we have.
    private boolean isOvertaken() {
        if (!lookAtTree || overtaken >= MOST_OVERTAKEN) {
            return false;
        }
        overtaken++;
        return true;
    }

    private Duration untilNext() {
        var now = clock.instant();
        if (lookAtTree || !dirty.isEmpty()) {
            return Duration.ZERO;
        }
        var next = nextLook;
        for (var deadline : writing.values()) {
            next = deadline.isBefore(next) ? deadline : next;
        }
        for (var deadline : vanishing.values()) {
            next = deadline.isBefore(next) ? deadline : next;
        }
        if (!unsubmitted.isEmpty() && now.plus(RETRY).isBefore(next)) {
            next = now.plus(RETRY);
        }
        return next.isAfter(now) ? Duration.between(now, next).plusMillis(1) : Duration.ZERO;
    }

    private static List<String> due(Map<String, Instant> deadlines, Instant now) {
        var due = deadlines.entrySet().stream()
                .filter(entry -> !entry.getValue().isAfter(now))
                .map(Map.Entry::getKey)
                .sorted()
                .toList();
        due.forEach(deadlines::remove);
        return due;
    }

    private void note(FileEvent event) {
        var path = event.path();
        if (event.type() == FileEvent.Type.TREE) {
            lookAtTree = true;
            return;
        }
        var name = path.substring(path.lastIndexOf('/') + 1);
        if (!DirectoryScan.isWanted(name)) {
            noteOther(event);
            return;
        }
        switch (event.type()) {
            case WRITING -> {
                disturbed.add(path);
                dirty.remove(path);
                keep(path);
                writing.put(path, clock.instant().plus(WRITER_PATIENCE));
            }
            case WRITTEN, ARRIVED -> {
                writing.remove(path);
                keep(path);
                dirty.add(path);
            }
            case MADE -> {
                disturbed.add(path);
                keep(path);
                if (isLink(path)) {
                    dirty.add(path);
                } else {
                    writing.put(path, clock.instant().plus(isEmpty(path) ? WRITER_PATIENCE : QUIET));
                }
            }
            case GONE -> {
                writing.remove(path);
                dirty.remove(path);
                vanish(path);
            }
            case TREE -> lookAtTree = true;
        }
    }

    // A name that is no configuration matters if it is a link: whole directories are exchanged that way.
    private void noteOther(FileEvent event) {
        switch (event.type()) {
            case ARRIVED, MADE -> lookAtTree |= isLink(event.path());
            case GONE ->
                lookAtTree |= known.values().stream()
                        .anyMatch(file ->
                                file.stat().map(DirectoryScan.Stat::linked).orElse(false));
            case WRITING, WRITTEN, TREE -> {}
        }
    }

    private boolean isLink(String path) {
        return Files.isSymbolicLink(root.resolve(path));
    }

    private boolean isEmpty(String path) {
        try {
            return Files.size(root.resolve(path)) == 0;
        } catch (IOException e) {
            // Gone again: an event will say so.
            return true;
        }
    }

    private void keep(String path) {
        vanishing.remove(path);
    }

    private void vanish(String path) {
        if (offers.contains(path) || known.containsKey(path)) {
            vanishing.putIfAbsent(path, clock.instant().plus(RETURN_GRACE));
            unsubmitted.addAll(offers.vanish(path));
        }
    }

    /// Compares the whole tree with what is known. Costs a look at every file, but reads none.
    private void look() {
        lookAtTree = false;
        var now = clock.instant();
        try {
            everythingWatched = true;
            events.forgetNames();
            var scan =
                    DirectoryScan.of(root, (folder, relative) -> everythingWatched &= events.watch(folder, relative));
            scan.files().forEach((path, stat) -> {
                if (!stat.equals(
                                known.containsKey(path) ? known.get(path).stat().orElse(null) : null)
                        && !writing.containsKey(path)) {
                    found(path, stat, now);
                }
            });
            known.keySet().stream()
                    .filter(path -> !scan.files().containsKey(path))
                    .sorted()
                    .forEach(this::vanish);
            submission.problems(scan.problems());
        } catch (IOException e) {
            // The root itself is away for a moment, or may not be read: keep everything, and say so.
            submission.problems(Map.of("", "cannot be read: " + e.getMessage()));
        }
        nextLook = now.plus(everythingWatched ? LOOK_AGAIN : LOOK_AGAIN_WITHOUT_EVENTS);
    }

    // Nobody told whether its writer is done. A file that was left alone for a moment is taken as whole.
    private void found(String path, DirectoryScan.Stat stat, Instant now) {
        keep(path);
        var quietSince = stat.modified().toInstant().plus(QUIET);
        if (stat.linked()
                || !quietSince.isAfter(now)
                || stat.modified().toInstant().isAfter(now)) {
            dirty.add(path);
        } else {
            writing.put(path, quietSince);
        }
    }

    /// Reads the dirty files and takes over what they offer; adds the objects that it concerns to `touched` and returns
    /// the files whose content changed.
    private List<String> read(Set<ObjectRef> touched) {
        var paths = List.copyOf(dirty);
        dirty.clear();
        var stream = paths.size() > PARALLEL_FILES ? paths.parallelStream() : paths.stream();
        var contents = stream.map(this::content).toList();
        // A writer that came while we read: its event says that what was read may be half of it.
        disturbed.clear();
        events.poll(0).forEach(this::note);
        if (isOvertaken()) {
            dirty.addAll(paths);
            return new ArrayList<>();
        }
        var files = new ArrayList<String>();
        for (int i = 0; i < paths.size(); i++) {
            var path = paths.get(i);
            if (disturbed.contains(path) || vanishing.containsKey(path)) {
                continue;
            }
            if (take(path, contents.get(i), touched)) {
                files.add(path);
            }
        }
        return files;
    }

    private FileContent content(String path) {
        var before = known.get(path);
        return FileContent.of(
                root, path, before == null ? null : before.digest().orElse(null), memory, reader);
    }

    // Whether there is something new to say about the file.
    private boolean take(String path, FileContent content, Set<ObjectRef> touched) {
        return switch (content) {
            case FileContent.Missing _ -> {
                vanish(path);
                yield false;
            }
            case FileContent.Unstable _ -> {
                writing.put(path, clock.instant().plus(QUIET));
                yield false;
            }
            case FileContent.Same(var stat, var digest) -> {
                known.put(path, new FileContent.Known(Optional.of(stat), Optional.of(digest)));
                touched.addAll(offers.unvanish(path));
                yield false;
            }
            case FileContent.Read(var stat, var digest, var file) -> {
                known.put(path, new FileContent.Known(Optional.of(stat), Optional.of(digest)));
                if (file.isBroken()) {
                    offers.blur(path);
                    submission.broken(path, file.findings());
                } else {
                    submission.whole(path, nameless(file));
                    touched.addAll(offers.put(path, file.documents()));
                }
                yield true;
            }
            case FileContent.Unreadable(var stat, var findings) -> {
                known.put(path, new FileContent.Known(Optional.ofNullable(stat), Optional.empty()));
                offers.blur(path);
                submission.broken(path, findings);
                yield true;
            }
        };
    }

    // What there is to say of a file beside its objects: of documents, too, whose kind or name cannot be read.
    private static List<Finding> nameless(DocumentReader.File file) {
        var documents = file.documents().stream()
                .filter(document -> document.ref().isEmpty() && document.isRefused() && !document.isForeign())
                .flatMap(document -> document.findings().stream());
        return Stream.concat(file.findings().stream(), documents).toList();
    }

    private void submit(Set<ObjectRef> touched, List<String> files, boolean first) throws InterruptedException {
        unsubmitted.addAll(submission.submit(touched, files, first));
    }

    /// Ends the watching; what is in the log stays.
    @Override
    public void close() {
        closed = true;
        wake.close();
        events.wake();
        loop.close();
        events.close();
    }
}
