package io.sallyport.config.store;

import com.google.protobuf.ByteString;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.sallyport.analysis.Analyzer;
import io.sallyport.analysis.CheckedImage;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.analysis.gatewayapi.GatewayApi;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import io.sallyport.model.ObjectRef;
import io.sallyport.runtime.telemetry.Telemetry;
import io.sallyport.runtime.telemetry.TraceParent;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The numbered, immutable revisions of the configuration. One thread owns it: it decides requests in the order in
/// which they arrive, has the store write what they change, and only then applies and publishes it. Requests that
/// wait together are written together, with one flush.
public final class RevisionLog implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(RevisionLog.class);

    private static final int MAX_WAITING = 1_024;
    private static final long MAX_WAITING_CHARS = 256L << 20;
    private static final int MAX_TOGETHER = 256;
    private static final int MAX_READ_AT_ONCE = 100;
    private static final int DECIDE_ATTEMPTS = 20;
    private static final int ANSWER_WITHIN_SECONDS = 20;
    private static final int READ_WITHIN_SECONDS = 120;
    private static final int KEPT_REVISIONS = 10_000;
    private static final int PRUNE_EVERY = 1_000;
    private static final int FEW_CHANGES = 1_000;

    /// What everyone else sees: the state, and what the analyzer says about it.
    public record Published(ConfigState state, List<Finding> findings, GatewayApi gatewayApi) {

        public Published {
            findings = List.copyOf(findings);
        }
    }

    /// Spells an answer as it is sent and kept, so that a repeated request gets the same bytes again.
    public interface AnswerWriter {
        ByteString write(Outcome.Accepted accepted);
    }

    private sealed interface Task {
        record Decide(ChangeRequest request, CompletableFuture<Outcome> answer, long chars, Span span)
                implements Task {}

        record Follow(CompletableFuture<Void> done) implements Task {}

        record Stop() implements Task {}
    }

    private final RevisionStore store;
    private final Optional<SoundTexts> sound;
    private final DocumentReader reader;
    private final AnswerWriter writer;
    private final InstantSource clock;
    private final Tracer tracer;
    private final LogMeters meters;
    private final RevisionTraces traces = new RevisionTraces();
    private final BlockingQueue<Task> tasks = new ArrayBlockingQueue<>(MAX_WAITING);
    private final AtomicLong waitingChars = new AtomicLong();
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private final List<RevisionListener> beside = new CopyOnWriteArrayList<>();
    // Confined to the owner thread.
    private final Analyzer analyzer;
    private Optional<Instant> nextChange = Optional.empty();
    // Changes since it was last written down in which texts nothing was found.
    private long unwritten;
    private final Thread owner;
    private final Subscription replicas;
    private volatile Published published;
    private volatile boolean failing;
    private final CountDownLatch read = new CountDownLatch(1);
    private final CountDownLatch judged = new CountDownLatch(1);

    /// Opens the log over an SQLite file (`config.db`) or a PostgreSQL URL (`jdbc:postgresql:…`).
    public static RevisionLog open(
            StoreSettings settings, DocumentReader reader, AnswerWriter writer, InstantSource clock)
            throws StoreUnavailableException {
        return open(settings, reader, writer, clock, Telemetry.none());
    }

    /// The same, telling what it does.
    public static RevisionLog open(
            StoreSettings settings,
            DocumentReader reader,
            AnswerWriter writer,
            InstantSource clock,
            Telemetry telemetry)
            throws StoreUnavailableException {
        return switch (settings) {
            case StoreSettings.Sqlite(Path file) ->
                open(SqliteRevisionStore.open(file, clock), SoundTexts.beside(file), reader, writer, clock, telemetry);
            case StoreSettings.Postgres postgres ->
                open(
                        PostgresRevisionStore.open(postgres.verified(), postgres.user(), postgres.password()),
                        Optional.empty(),
                        reader,
                        writer,
                        clock,
                        telemetry);
        };
    }

    /// Takes over the store, which it closes if it cannot be read.
    static RevisionLog open(RevisionStore store, DocumentReader reader, AnswerWriter writer, InstantSource clock)
            throws StoreUnavailableException {
        return open(store, Optional.empty(), reader, writer, clock, Telemetry.none());
    }

    /// The same, remembering from start to start in which texts nothing was found.
    static RevisionLog open(
            RevisionStore store,
            Optional<SoundTexts> sound,
            DocumentReader reader,
            AnswerWriter writer,
            InstantSource clock,
            Telemetry telemetry)
            throws StoreUnavailableException {
        try {
            var loaded = store.load();
            var state = ConfigState.of(loaded);
            if (!loaded.damage().isEmpty()) {
                state = recover(store, state, loaded, reader, clock);
            }
            return new RevisionLog(store, sound, reader, writer, clock, telemetry, state);
        } catch (StoreUnavailableException e) {
            store.close();
            throw e;
        } catch (RevisionTakenException e) {
            store.close();
            throw new StoreUnavailableException("cannot recover: " + e.getMessage(), e);
        }
    }

    // Damage becomes history like everything else: a revision says what was lost and what is in force instead.
    private static ConfigState recover(
            RevisionStore store, ConfigState state, StoredState loaded, DocumentReader reader, InstantSource clock)
            throws StoreUnavailableException, RevisionTakenException {
        var message = "recovered from damage: " + String.join("; ", loaded.damage());
        log.atError().addKeyValue("damage", loaded.damage()).log("Found damage in the revision log");
        var header = RevisionHeader.of(
                loaded.nextNumber(),
                clock.instant(),
                "config-service",
                message,
                loaded.head(),
                state.digestAfter(loaded.repairs()),
                loaded.repairs());
        var revision = new Revision(header, loaded.repairs());
        store.append(loaded.head().number(), List.of(revision), List.of());
        // Who resumes from a lost number cannot be told what differs: forgetting what was recent gives them a snapshot.
        return state.apply(revision, reader, Map.of()).withoutRecent();
    }

    private RevisionLog(
            RevisionStore store,
            Optional<SoundTexts> sound,
            DocumentReader reader,
            AnswerWriter writer,
            InstantSource clock,
            Telemetry telemetry,
            ConfigState state) {
        this.store = store;
        this.sound = sound;
        this.tracer = telemetry.tracer();
        this.meters = new LogMeters(telemetry.meters());
        this.reader = reader;
        this.analyzer = new Analyzer(reader.inspections());
        this.writer = writer;
        this.clock = clock;
        // Reading and judging everything takes a while, and watchers need neither: the owner does it first of all.
        this.published = new Published(state, List.of(), GatewayApi.EMPTY);
        this.owner = Thread.ofPlatform().name("config-revision-log").start(this::run);
        this.replicas = store.listen(() -> tasks.offer(new Task.Follow(new CompletableFuture<>())));
    }

    /// The newest state. Never waits.
    public Published published() {
        return published;
    }

    /// How many requests wait for their turn.
    public int waiting() {
        return tasks.size();
    }

    /// Whether the last attempt to write failed.
    public boolean isFailing() {
        return failing;
    }

    /// Calls `listener` after each publication, on the owner's thread: it must only wake somebody up.
    public Subscription subscribe(Runnable listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    /// Tells `listener` of each revision before those who watch, even while it is being written.
    public Subscription listen(RevisionListener listener) {
        beside.add(listener);
        return () -> beside.remove(listener);
    }

    /// The trace of the change that made a revision, for those who go on with it; empty if it is not known.
    public String traceParent(long revision) {
        return traces.of(revision);
    }

    /// Decides, stores and applies a request; returns when it is on disk.
    public Outcome submit(ChangeRequest request) throws StoreUnavailableException, InterruptedException {
        var span = tracer.spanBuilder("config.change")
                .setAttribute("sallyport.source", request.owner().text())
                .setAttribute("sallyport.upserts", request.upserts().size())
                .setAttribute("sallyport.deletes", request.deletes().size())
                .startSpan();
        try (var _ = span.makeCurrent()) {
            var outcome = submit(request, span);
            span.setAttribute("sallyport.outcome", outcome.getClass().getSimpleName());
            return outcome;
        } catch (StoreUnavailableException e) {
            span.setStatus(StatusCode.ERROR, String.valueOf(e.getMessage()));
            throw e;
        } finally {
            span.end();
        }
    }

    private Outcome submit(ChangeRequest request, Span span) throws StoreUnavailableException, InterruptedException {
        if (!judged.await(READ_WITHIN_SECONDS, TimeUnit.SECONDS)) {
            throw unavailable("still reading what is stored", new TimeoutException());
        }
        long chars = request.upserts().stream()
                .mapToLong(object -> object.source().text().length())
                .sum();
        var task = new Task.Decide(request, new CompletableFuture<>(), chars, span);
        if (waitingChars.addAndGet(chars) > MAX_WAITING_CHARS || !tasks.offer(task)) {
            waitingChars.addAndGet(-chars);
            return new Outcome.Busy(published.state().revision());
        }
        try {
            return task.answer().get(ANSWER_WITHIN_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw unavailable(
                    "the store does not answer; whether the change was made is not known"
                            + request.id()
                                    .map(id -> ", ask again with request id \"" + id.id() + "\"")
                                    .orElse(""),
                    e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof StoreUnavailableException unavailable) {
                throw unavailable;
            }
            throw new IllegalStateException("The revision log failed", e.getCause());
        }
    }

    /// Looks whether another replica has appended, and returns the head after that.
    public long catchUp() {
        var look = new Task.Follow(new CompletableFuture<>());
        if (tasks.offer(look)) {
            look.done().completeOnTimeout(null, 1, TimeUnit.SECONDS).join();
        }
        return published.state().revision();
    }

    /// Revisions before `before`, newest first.
    public List<HistoryEntry> history(Optional<ObjectRef> ref, long before, int limit)
            throws StoreUnavailableException {
        return store.history(ref, before, limit);
    }

    /// An object as it was at a revision.
    public Optional<StoredObject> find(ObjectRef ref, long revision)
            throws StoreUnavailableException, StoreDamagedException {
        return store.find(ref, revision);
    }

    /// Reads the whole log and names what is not as it was written.
    public List<String> verify() throws StoreUnavailableException {
        return store.verify();
    }

    private void run() {
        judgeFirst();
        while (true) {
            var batch = new ArrayList<Task>();
            try {
                batch.add(next());
            } catch (InterruptedException e) {
                return;
            }
            tasks.drainTo(batch, MAX_TOGETHER);
            var requests = new ArrayList<Task.Decide>();
            var follows = new ArrayList<Task.Follow>();
            boolean stop = false;
            for (var task : batch) {
                switch (task) {
                    case Task.Decide decide -> requests.add(decide);
                    case Task.Follow follow -> follows.add(follow);
                    case Task.Stop _ -> stop = true;
                }
            }
            try {
                if (!follows.isEmpty()) {
                    follow();
                }
                decideAll(requests);
            } catch (StoreUnavailableException e) {
                failing = true;
                fail(requests, unavailable(String.valueOf(e.getMessage()), e));
            } catch (Exception e) {
                log.atError().setCause(e).log("A batch of changes failed; each is tried alone");
                requests.forEach(this::decideAlone);
            } finally {
                requests.forEach(request -> waitingChars.addAndGet(-request.chars()));
                follows.forEach(done -> done.done().complete(null));
            }
            if (stop) {
                writeSound();
                return;
            }
        }
    }

    // What is not written down is only inspected again at the next start, so a process may well end without it.
    private boolean isSoundOutdated() {
        return sound.isPresent()
                && unwritten > Math.max(FEW_CHANGES, published.state().size() / 2);
    }

    private void writeSound() {
        if (sound.isPresent() && unwritten > 0) {
            unwritten = 0;
            var inspections = reader.inspections();
            sound.get()
                    .write(published.state().image().objects().stream()
                            .filter(inspections::isSound)
                            .map(object -> object.source().digest())
                            .toList());
        }
    }

    // While policies are to end, the findings of one revision change with time: they are looked at every second.
    private Task next() throws InterruptedException {
        while (nextChange.isPresent() || isSoundOutdated()) {
            var task = tasks.poll(1, TimeUnit.SECONDS);
            if (task != null) {
                return task;
            }
            if (isSoundOutdated()) {
                writeSound();
            }
            if (nextChange.isPresent() && !clock.instant().isBefore(nextChange.get())) {
                var state = published.state();
                publish(state, judge(state));
            }
        }
        return tasks.take();
    }

    private void judgeFirst() {
        try {
            var trusted = sound.map(SoundTexts::read).orElse(Set.of());
            reader.inspections().trust(trusted);
            var state = published.state().read(reader);
            published = new Published(state, state.unreadableFindings(), GatewayApi.EMPTY);
            read.countDown();
            publish(state, judge(state));
            unwritten = state.image().objects().stream()
                    .filter(object -> !trusted.contains(object.source().digest()))
                    .count();
        } catch (Exception e) {
            log.atError().setCause(e).log("The stored configuration cannot be judged; it is served all the same");
        } finally {
            reader.inspections().trust(Set.of());
            read.countDown();
            judged.countDown();
        }
    }

    /// Returns when the configuration that was stored has been read, so that the image is complete.
    public void awaitRead() throws InterruptedException {
        read.await();
    }

    /// The image of one of the newest revisions, once what was stored has been judged.
    public Optional<ConfigImage> image(long revision) throws InterruptedException {
        judged.await();
        var newest = published.state().image();
        return newest.revision() == revision
                ? Optional.of(newest)
                : reader.inspections().image(revision);
    }

    /// Returns when the configuration that was stored has been read and judged, so that the image and the findings are
    /// complete.
    public void awaitJudged() throws InterruptedException {
        judged.await();
    }

    // One request that we cannot handle must not take those with it that came at the same moment.
    private void decideAlone(Task.Decide request) {
        if (request.answer().isDone()) {
            return;
        }
        try {
            decideAll(List.of(request));
        } catch (StoreUnavailableException e) {
            failing = true;
            fail(List.of(request), unavailable(String.valueOf(e.getMessage()), e));
        } catch (Exception e) {
            fail(List.of(request), e);
        }
    }

    private StoreUnavailableException unavailable(String reason, Exception cause) {
        return new StoreUnavailableException(
                "revision log: " + reason + "; current is r" + published.state().revision(), cause);
    }

    private static void fail(List<Task.Decide> requests, Exception cause) {
        requests.forEach(request -> request.answer().completeExceptionally(cause));
    }

    /// Takes over what other replicas have appended.
    private void follow() throws StoreUnavailableException, StoreDamagedException {
        while (store.head() > published.state().revision()) {
            var state = published.state();
            for (var revision : store.after(state.revision(), MAX_READ_AT_ONCE)) {
                state = state.apply(revision, reader, Map.of());
            }
            publish(state, judge(state));
        }
    }

    private void decideAll(List<Task.Decide> requests) throws StoreUnavailableException, StoreDamagedException {
        for (int attempt = 0; !requests.isEmpty(); attempt++) {
            try {
                decideOnce(requests);
                return;
            } catch (RevisionTakenException e) {
                if (attempt == DECIDE_ATTEMPTS) {
                    throw new StoreUnavailableException("other replicas write too much", e);
                }
                follow();
            }
        }
    }

    private record Answer(Task.Decide task, Outcome outcome) {}

    private void decideOnce(List<Task.Decide> requests) throws StoreUnavailableException, RevisionTakenException {
        var now = clock.instant();
        long head = published.state().revision();
        var state = published.state();
        var judgement = new Judgement(published.findings(), published.gatewayApi(), nextChange, Optional.empty());
        var revisions = new ArrayList<Revision>();
        var accepted = new ArrayList<AcceptedRequest>();
        var answers = new ArrayList<Answer>();
        // Who asked for each revision.
        var made = new ArrayList<Task.Decide>();
        var earlier = earlier(requests);
        for (var task : requests) {
            var request = task.request();
            var repeated = repeated(request, earlier);
            if (repeated.isPresent()) {
                answers.add(new Answer(task, repeated.get()));
                continue;
            }
            var decision = Decider.decide(state, request, now);
            meters.decided(decision.outcome(), decision.revision().isPresent());
            if (!(decision.outcome() instanceof Outcome.Accepted outcome)) {
                answers.add(new Answer(task, decision.outcome()));
                continue;
            }
            var nextJudgement = judgement;
            var next = state;
            if (decision.revision().isPresent()) {
                next = state.apply(decision.revision().get(), reader, read(request));
                nextJudgement = judge(next);
                task.span().addEvent("checked");
            }
            var answer = new Outcome.Accepted(
                    outcome.revision(),
                    outcome.changes(),
                    Relevant.findings(judgement.findings(), nextJudgement.findings(), outcome.changes()),
                    outcome.dryRun());
            answers.add(new Answer(task, answer));
            if (request.dryRun()) {
                continue;
            }
            decision.revision().ifPresent(revision -> {
                revisions.add(revision);
                made.add(task);
            });
            state = next;
            judgement = nextJudgement;
            request.id().ifPresent(id -> {
                var record = new AcceptedRequest(id.id(), id.digest(), answer.revision(), now, writer.write(answer));
                accepted.add(record);
                earlier.put(id.id(), record);
            });
        }
        if (!revisions.isEmpty() || !accepted.isEmpty()) {
            if (!revisions.isEmpty()) {
                announce(state, judgement);
            }
            append(head, revisions, accepted);
            failing = false;
        }
        revisions.forEach(revision -> unwritten += revision.changes().size());
        for (int index = 0; index < revisions.size(); index++) {
            tell(made.get(index).span(), revisions.get(index));
        }
        if (!revisions.isEmpty()) {
            publish(state, judgement);
        }
        answers.forEach(answer -> answer.task().answer().complete(answer.outcome()));
        prune(head);
    }

    // A flush takes milliseconds, in which others of this process can get ready for what comes after it.
    private void announce(ConfigState state, Judgement judgement) {
        if (!beside.isEmpty()) {
            judgement.checked().ifPresent(reader.inspections()::remember);
            beside.forEach(listener -> listener.storing(state.image()));
        }
    }

    private void append(long head, List<Revision> revisions, List<AcceptedRequest> accepted)
            throws StoreUnavailableException, RevisionTakenException {
        var started = clock.instant();
        store.append(head, revisions, accepted);
        meters.store().record(Duration.between(started, clock.instant()));
    }

    // Known before the revision is published: who watches asks for the trace at once.
    private void tell(Span span, Revision revision) {
        var header = revision.header();
        span.addEvent("stored");
        span.setAttribute("sallyport.revision", header.number());
        traces.put(header.number(), TraceParent.of(span));
        try (var _ = span.makeCurrent()) {
            log.atInfo()
                    .addKeyValue("revision", header.number())
                    .addKeyValue("changes", revision.changes().size())
                    .addKeyValue("author", header.author())
                    .log("Made a revision");
        }
    }

    private static Map<ObjectRef, ConfigObject<?>> read(ChangeRequest request) {
        var read = new HashMap<ObjectRef, ConfigObject<?>>();
        request.upserts().forEach(object -> read.put(object.ref(), object));
        return read;
    }

    private Map<String, AcceptedRequest> earlier(List<Task.Decide> requests) throws StoreUnavailableException {
        var earlier = new HashMap<String, AcceptedRequest>();
        for (var task : requests) {
            if (task.request().id().isPresent()) {
                var id = task.request().id().get().id();
                store.request(id).ifPresent(found -> earlier.put(id, found));
            }
        }
        return earlier;
    }

    private Optional<Outcome> repeated(ChangeRequest request, Map<String, AcceptedRequest> earlier) {
        if (request.id().isEmpty() || request.dryRun()) {
            return Optional.empty();
        }
        var id = request.id().get();
        var before = earlier.get(id.id());
        if (before == null) {
            return Optional.empty();
        }
        return Optional.of(
                before.digest().equals(id.digest())
                        ? new Outcome.Repeated(before.revision(), before.response())
                        : new Outcome.IdReused(id.id(), before.revision()));
    }

    // What is said of a state, and when something else will be although it stays.
    private record Judgement(
            List<Finding> findings,
            GatewayApi gatewayApi,
            Optional<Instant> nextChange,
            Optional<CheckedImage> checked) {}

    private Judgement judge(ConfigState state) {
        var started = clock.instant();
        var checked = analyzer.check(state.image(), started);
        meters.check().record(Duration.between(started, clock.instant()));
        var findings = new ArrayList<>(state.unreadableFindings());
        findings.addAll(checked.findings());
        return new Judgement(findings, checked.gatewayApi(), checked.nextChange(), Optional.of(checked));
    }

    private void publish(ConfigState state, Judgement judgement) {
        // Before anybody hears of the revision, so that whoever follows in this process need not judge it again.
        judgement.checked().ifPresent(reader.inspections()::remember);
        boolean isNew = published.state().image() != state.image();
        published = new Published(state, judgement.findings(), judgement.gatewayApi());
        nextChange = judgement.nextChange();
        if (isNew) {
            var head = state.head();
            beside.forEach(listener -> listener.stored(state.image(), head.time(), traces.of(head.number())));
        }
        listeners.forEach(Runnable::run);
    }

    private void prune(long headBefore) {
        long head = published.state().revision();
        if (head / PRUNE_EVERY == headBefore / PRUNE_EVERY || head <= KEPT_REVISIONS) {
            return;
        }
        try {
            store.prune(head - KEPT_REVISIONS);
        } catch (StoreUnavailableException e) {
            log.atWarn().setCause(e).log("Old revisions stay: they cannot be removed now");
        }
    }

    /// Answers what waits, then closes the store.
    @Override
    public void close() {
        try {
            replicas.close();
            tasks.put(new Task.Stop());
            owner.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        var waiting = new ArrayList<Task>();
        tasks.drainTo(waiting);
        for (var task : waiting) {
            if (task instanceof Task.Decide decide) {
                decide.answer()
                        .completeExceptionally(unavailable("shutting down", new IllegalStateException("closed")));
            }
        }
        store.close();
    }
}
