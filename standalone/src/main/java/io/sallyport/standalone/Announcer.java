package io.sallyport.standalone;

import io.grpc.StatusRuntimeException;
import io.sallyport.cli.Terminal;
import io.sallyport.proto.config.v1.Change;
import io.sallyport.proto.config.v1.Finding;
import io.sallyport.proto.config.v1.Refusal;
import io.sallyport.proto.config.v1.ResourceRef;
import io.sallyport.proto.config.v1.RevisionEntry;
import io.sallyport.proto.config.v1.StatusResponse;
import io.sallyport.proto.config.v1.WatchResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/// Tells on the terminal what happens to the configuration after the start: each revision with when it became live,
/// and each refusal with its place and what stays in force.
///
/// ```
/// r2  shop.yaml changed: VirtualService shop/shop · live on 1 of 1 in 14 ms
/// ```
final class Announcer implements AutoCloseable {

    private static final long POLL_NANOS = 250_000_000L;
    private static final long LOOK_MILLIS = 5_000;
    private static final long LIVE_POLL_NANOS = 5_000_000L;
    private static final Duration LIVE_LIMIT = Duration.ofSeconds(30);
    private static final int MAX_NAMED = 3;
    private static final int MAX_ERRORS = 20;

    private final ServiceClients services;
    private final Liveness liveness;
    private final DirectoryLooks looks;
    private final Terminal terminal;
    private final InstantSource clock;
    private final List<Thread> threads = new CopyOnWriteArrayList<>();
    private Set<Refusal> told = Set.of();
    private Set<String> toldErrors = Set.of();
    private volatile boolean closed;

    Announcer(
            ServiceClients services, Liveness liveness, DirectoryLooks looks, Terminal terminal, InstantSource clock) {
        this.services = services;
        this.liveness = liveness;
        this.looks = looks;
        this.terminal = terminal;
        this.clock = clock;
    }

    /// Tells what is refused and what is wrong in what was taken, and remembers it, so that it is not told again.
    void tellMistakes(StatusResponse status) {
        var fresh = new HashSet<>(status.getRefusalsList());
        status.getRefusalsList().stream()
                .filter(refusal -> !told.contains(refusal))
                .collect(Collectors.groupingBy(Refusal::getSourceName, TreeMap::new, Collectors.toList()))
                .forEach(this::tell);
        told = fresh;
        tellErrors(status.getFindingsList());
    }

    // What was taken and is not served as it says: a gateway that is not there, a subset that nobody defines.
    private void tellErrors(List<Finding> findings) {
        var errors = findings.stream()
                .filter(finding -> finding.getSeverity() == Finding.Severity.ERROR)
                .collect(Collectors.toMap(Announcer::key, one -> one, (one, again) -> one, LinkedHashMap::new));
        var fresh = errors.entrySet().stream()
                .filter(error -> !toldErrors.contains(error.getKey()))
                .map(Map.Entry::getValue)
                .toList();
        toldErrors = Set.copyOf(errors.keySet());
        if (!fresh.isEmpty()) {
            terminal.print(
                    fresh.size() == 1 ? "1 error in what is in force" : fresh.size() + " errors in what is in force");
            fresh.stream().limit(MAX_ERRORS).forEach(this::tell);
            if (fresh.size() > MAX_ERRORS) {
                terminal.print("    and " + (fresh.size() - MAX_ERRORS) + " more (all of them: ./sallyport check)");
            }
        }
    }

    // The same mistake, wherever its line has moved to.
    private static String key(Finding finding) {
        var location = finding.getLocation();
        return String.join(" ", finding.getCode(), spell(location.getRef()), location.getPath(), finding.getMessage());
    }

    /// Goes on telling what is refused and wrong, whether all is ready or not: it may be why not.
    void goOnTellingMistakes() {
        threads.add(Thread.ofVirtual().name("refusals").start(this::followRefusals));
    }

    /// Goes on telling what changes, from the revision after `revision`.
    void tellChanges(long revision) {
        threads.add(Thread.ofVirtual().name("changes").start(() -> followChanges(revision)));
    }

    @Override
    public void close() {
        closed = true;
        threads.forEach(Thread::interrupt);
    }

    private void followChanges(long from) {
        var at = from;
        while (!closed) {
            try {
                for (var watch = services.watch(at); watch.hasNext() && !closed; ) {
                    var change = watch.next();
                    if (change.getRevision() > at && !change.getSnapshot()) {
                        tell(change);
                    }
                    at = Math.max(at, change.getRevision());
                }
            } catch (StatusRuntimeException e) {
                LockSupport.parkNanos(POLL_NANOS);
            }
        }
    }

    private void followRefusals() {
        while (!closed) {
            try {
                looks.await(LOOK_MILLIS);
                tellMistakes(services.status());
            } catch (StatusRuntimeException e) {
                // The service does not answer now; its refusals are told when it does.
                LockSupport.parkNanos(POLL_NANOS);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void tell(WatchResponse change) {
        var seen = clock.instant();
        // First of all, so that what is asked for below takes no time from the change itself.
        var missing = awaitLive(change.getRevision(), seen);
        var text = new StringBuilder("r" + change.getRevision() + "  ");
        var entry = services.revision(change.getRevision()).orElse(RevisionEntry.getDefaultInstance());
        text.append(sources(change, entry)).append(objects(entry.getChangesList()));
        var total = liveness.total();
        if (total > 0) {
            var count = Math.max(0, total - missing.size());
            text.append(" · live on ").append(count).append(" of ").append(total);
            if (missing.isEmpty()) {
                text.append(" in ")
                        .append(Duration.between(seen, clock.instant()).toMillis())
                        .append(" ms");
            } else {
                text.append(" after 30 s: ").append(String.join("; ", missing));
            }
        }
        terminal.print(text.toString());
    }

    // What is still missing when all is live, or after the limit.
    private List<String> awaitLive(long revision, Instant seen) {
        var missing = liveness.missing(revision);
        while (!missing.isEmpty()
                && !closed
                && Duration.between(seen, clock.instant()).compareTo(LIVE_LIMIT) <= 0) {
            LockSupport.parkNanos(LIVE_POLL_NANOS);
            missing = liveness.missing(revision);
        }
        return missing;
    }

    // Where the change came from: the files, also those that have lost an object, or who applied it.
    private static String sources(WatchResponse change, RevisionEntry entry) {
        if (change.getAuthor().startsWith("directory ") && !entry.getMessage().isEmpty()) {
            return entry.getMessage() + " changed: ";
        }
        return change.getAuthor().isEmpty() ? "" : change.getAuthor() + ": ";
    }

    private static String objects(List<Change> changes) {
        var named = changes.stream()
                .filter(one -> one.getVerb() != Change.Verb.UNCHANGED)
                .map(one -> spell(one.getRef()) + verb(one.getVerb()))
                .toList();
        if (named.size() <= MAX_NAMED) {
            return String.join(", ", named);
        }
        return String.join(", ", named.subList(0, MAX_NAMED - 1)) + " and " + (named.size() - MAX_NAMED + 1) + " more";
    }

    private static String verb(Change.Verb verb) {
        return switch (verb) {
            case CREATED -> " created";
            case DELETED -> " deleted";
            case MOVED -> " moved";
            case CHANGED, UNCHANGED, VERB_UNSPECIFIED, UNRECOGNIZED -> "";
        };
    }

    private void tell(String source, List<Refusal> refusals) {
        var findings = refusals.stream()
                .flatMap(refusal -> refusal.getFindingsList().stream())
                .filter(finding -> finding.getSeverity() == Finding.Severity.ERROR)
                .count();
        terminal.print(source + " changed: " + findings + (findings == 1 ? " error" : " errors"));
        for (var refusal : refusals) {
            for (var finding : refusal.getFindingsList()) {
                tell(finding);
            }
            terminal.print("    " + consequence(refusal));
        }
    }

    private void tell(Finding finding) {
        var location = finding.getLocation();
        var severity = finding.getSeverity().name().toLowerCase(Locale.ROOT);
        var place = location.getFile()
                + (location.getLine() > 0 ? ":" + location.getLine() : "")
                + (location.getColumn() > 0 ? ":" + location.getColumn() : "");
        var object = location.hasRef() ? " " + spell(location.getRef()) : "";
        var path = location.getPath().isEmpty() ? "" : " " + location.getPath();
        terminal.print("    " + severity + " " + finding.getCode() + object + path + ", " + place);
        terminal.print("        " + finding.getMessage());
    }

    private static String consequence(Refusal refusal) {
        if (!refusal.hasRef()) {
            return "What " + refusal.getSourceName() + " held before stays in force.";
        }
        var object = spell(refusal.getRef());
        return refusal.getKeptRevision() > 0
                ? object + " keeps its version of r" + refusal.getKeptRevision() + "."
                : object + " is not served: it has no earlier version.";
    }

    private static String spell(ResourceRef ref) {
        return ref.getKind() + " " + ref.getNamespace() + "/" + ref.getName();
    }
}
