package io.sallyport.xds.discovery;

import com.google.protobuf.Message;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.sallyport.runtime.identity.Caller;
import io.sallyport.runtime.identity.Identity;
import io.sallyport.runtime.identity.ProxyLabels;
import io.sallyport.xds.publish.Board;
import io.sallyport.xds.publish.Publisher;
import io.sallyport.xds.publish.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs one [Session] on one gRPC stream. Requests, snapshots, room in the transport and the passing of time
/// only set a flag; whoever sets it first runs the session until the flag is down, so that the session never
/// sees two threads.
///
/// The next request is taken from the transport when the last one was dealt with, and responses are made only
/// while the transport has room: a slow reader holds one newest state and no queue.
final class StreamLoop<Q extends Message, R extends Message> implements StreamObserver<Q>, Fleet.Connection {

    private static final Duration SILENCE = Duration.ofSeconds(30);
    // A reader this slow is as good as gone.
    private static final Duration UNREAD = Duration.ofMinutes(2);
    // A place on the ferry is for this long: readers that do not read may hold all of them. Nobody goes without a
    // place: when many come at once, all of them have waited long.
    private static final Duration CROSSING = Duration.ofSeconds(1);
    private static final Logger LOG = LoggerFactory.getLogger(StreamLoop.class);

    /// What differs between the two protocols.
    record Protocol<Q, R>(
            String name,
            Function<Q, Optional<io.envoyproxy.envoy.config.core.v3.Node>> node,
            Function<R, Pushes.Sent> sent,
            Function<Q, Pushes.Answer> answer,
            Sessions<Q, R> sessions) {}

    /// Starts a session once the class of the proxy has a snapshot.
    interface Sessions<Q, R> {

        Session<Q, R> start(Snapshot snapshot, Refusals refusals, Board board);
    }

    /// What all streams share.
    record House(
            Publisher publisher,
            Fleet fleet,
            Counters counters,
            InstantSource clock,
            Executor executor,
            Ferry ferry,
            ProxyLabels labels,
            Pushes.Gauge gauge) {}

    private final House house;
    private final Protocol<Q, R> protocol;
    private final ServerCallStreamObserver<R> responses;
    private final Consumer<StreamLoop<?, ?>> whenOver;
    private final Queue<Q> inbox = new ConcurrentLinkedQueue<>();
    private final AtomicInteger wakes = new AtomicInteger();
    private final Runnable wake = this::wake;
    private final Instant opened;
    // Of the connection; what a node says of itself counts only where nobody is asked to prove anything.
    private final Identity identity;
    private volatile @Nullable Status end;
    private volatile boolean gone;
    private volatile @Nullable Instant due;
    // The rest belongs to whoever drains.
    private @Nullable Node node;
    private @Nullable Node said;
    private @Nullable Board board;
    private Fleet.@Nullable Proxy proxy;
    private @Nullable Session<Q, R> session;
    private boolean over;
    private final Pushes pushes;
    private @Nullable Instant aboard;
    private @Nullable Instant unreadSince;

    StreamLoop(
            House house,
            Protocol<Q, R> protocol,
            ServerCallStreamObserver<R> responses,
            Consumer<StreamLoop<?, ?>> whenOver) {
        this.house = house;
        this.protocol = protocol;
        this.responses = responses;
        this.whenOver = whenOver;
        this.identity = Caller.current().identity();
        this.opened = house.clock().instant();
        this.due = opened.plus(SILENCE);
        this.pushes = new Pushes(house.gauge(), opened);
        responses.disableAutoRequest();
        responses.setOnReadyHandler(this::wakeHere);
        responses.setOnCancelHandler(() -> {
            gone = true;
            wakeHere();
        });
        responses.request(1);
    }

    @Override
    public void onNext(Q request) {
        inbox.add(request);
        wakeHere();
    }

    @Override
    public void onError(Throwable error) {
        gone = true;
        wakeHere();
    }

    @Override
    public void onCompleted() {
        end = Status.OK;
        wakeHere();
    }

    @Override
    public void close(String reason) {
        house.counters().eviction();
        end = Status.ABORTED.withDescription(reason);
        wake();
    }

    /// Ends the stream when the server stops; the proxy reconnects elsewhere or later.
    void shutDown() {
        end = Status.UNAVAILABLE.withDescription("the server is stopping");
        wake();
    }

    /// Wakes the stream if something is due by now.
    void tick(Instant now) {
        var at = due;
        if (at != null && !at.isAfter(now)) {
            wake();
        }
    }

    private void wake() {
        if (wakes.getAndIncrement() == 0) {
            try {
                house.executor().execute(this::drain);
            } catch (RejectedExecutionException _) {
                // The server is stopping; its transport ends the stream.
            }
        }
    }

    private void wakeHere() {
        if (wakes.getAndIncrement() == 0) {
            drain();
        }
    }

    private void drain() {
        int handled;
        do {
            handled = wakes.get();
            if (!over) {
                try {
                    step();
                } catch (ProtocolViolation violation) {
                    house.counters().violation();
                    LOG.atInfo()
                            .addKeyValue("node", node == null ? "" : Bounds.printable(node.id()))
                            .addKeyValue("reason", violation.getMessage())
                            .log("Closed a discovery stream");
                    finish(violation.status());
                } catch (RuntimeException error) {
                    LOG.atError()
                            .addKeyValue("node", node == null ? "" : Bounds.printable(node.id()))
                            .setCause(error)
                            .log("A discovery stream failed");
                    finish(Status.INTERNAL.withDescription("the stream failed; it may be opened again"));
                }
            }
        } while (wakes.addAndGet(-handled) != 0);
    }

    private void step() throws ProtocolViolation {
        var status = end;
        if (gone || status != null) {
            finish(status);
            return;
        }
        var now = house.clock().instant();
        var running = sessionFor(now);
        if (running == null) {
            return;
        }
        var newest = snapshot();
        running.advance(newest);
        for (var request = inbox.poll(); request != null; request = inbox.poll()) {
            checkNode(request);
            pushes.answered(protocol.answer().apply(request), known(), now);
            running.request(request, now);
            responses.request(1);
        }
        while (responses.isReady() && mayLoad(running, now)) {
            var response = running.poll(now);
            if (response == null) {
                break;
            }
            var sent = protocol.sent().apply(response);
            house.counters().response(sent.resources());
            pushes.sent(sent, newest, known(), now);
            responses.onNext(response);
        }
        land(now);
        if (isUnread(now)) {
            house.counters().eviction();
            finish(Status.DEADLINE_EXCEEDED.withDescription(
                    "nothing was read for " + UNREAD.toSeconds() + " s (expected: a proxy that reads)"));
            return;
        }
        var next = DeltaSubscription.earlier(running.deadline(now), crossingEnds());
        due = DeltaSubscription.earlier(next, unreadSince == null ? null : unreadSince.plus(UNREAD));
        var view = running.view(now);
        pushes.reached(view.revision(), now);
        report(view);
    }

    // Whoever does not read holds memory for what was sent; when it comes back it is sent what is new then.
    private boolean isUnread(Instant now) {
        if (responses.isReady()) {
            unreadSince = null;
            return false;
        }
        unreadSince = unreadSince == null ? now : unreadSince;
        return !unreadSince.plus(UNREAD).isAfter(now);
    }

    private boolean mayLoad(Session<Q, R> running, Instant now) {
        if (aboard != null || !running.isHeavy()) {
            return true;
        }
        if (!house.ferry().board(wake)) {
            return false;
        }
        aboard = now;
        return true;
    }

    private @Nullable Instant crossingEnds() {
        return aboard == null ? null : aboard.plus(CROSSING);
    }

    // The place is free again when the transport has taken the bytes; a reader that does not read keeps it for a
    // moment.
    private void land(Instant now) {
        if (aboard != null && (responses.isReady() || !aboard.plus(CROSSING).isAfter(now))) {
            aboard = null;
            house.ferry().leave();
        }
    }

    private Node known() {
        var self = node;
        if (self == null) {
            throw new IllegalStateException("a session without a node");
        }
        return self;
    }

    private Snapshot snapshot() {
        var newest = board == null ? null : board.newest();
        if (newest == null) {
            throw new IllegalStateException("a session without a snapshot");
        }
        return newest;
    }

    // The first request says who the proxy is. It stays in the inbox, unanswered, until there is a snapshot for
    // it.
    private @Nullable Session<Q, R> sessionFor(Instant now) throws ProtocolViolation {
        if (session != null) {
            return session;
        }
        var first = inbox.peek();
        if (first == null) {
            if (!opened.plus(SILENCE).isAfter(now)) {
                finish(Status.DEADLINE_EXCEEDED.withDescription("no request within " + SILENCE.toSeconds() + " s"));
            }
            return null;
        }
        if (proxy == null) {
            join(first);
        }
        due = null;
        var joined = board;
        var self = proxy;
        if (joined == null || self == null) {
            return null;
        }
        var newest = joined.newest();
        if (newest == null) {
            return null;
        }
        var started = protocol.sessions().start(newest, self.refusals(), joined);
        session = started;
        return started;
    }

    private void join(Q first) throws ProtocolViolation {
        var message = protocol.node()
                .apply(first)
                .orElseThrow(() -> new ProtocolViolation(
                        Status.Code.INVALID_ARGUMENT, "no node in the first request (expected: one with an id)"));
        var claim = Node.of(message);
        var claimed = claim.provedBy(identity, house.labels());
        var found = house.publisher()
                .join(claimed.proxies(), wake)
                .orElseThrow(() -> new ProtocolViolation(
                        Status.Code.RESOURCE_EXHAUSTED,
                        "more kinds of proxy than are served (expected: at most %,d, with %d ways to listen in a namespace)"
                                .formatted(Publisher.MAX_CLASSES, Publisher.MAX_WAYS)));
        said = claim;
        node = claimed;
        board = found;
        proxy = house.fleet().join(claimed, found, this);
        LOG.atInfo()
                .addKeyValue("node", claimed.id())
                .addKeyValue("identity", identity)
                .addKeyValue("protocol", protocol.name())
                .log("Proxy connected");
    }

    private void checkNode(Q request) throws ProtocolViolation {
        var again = protocol.node().apply(request);
        if (again.isPresent() && !Node.of(again.get()).equals(said)) {
            throw new ProtocolViolation(
                    Status.Code.PERMISSION_DENIED, "the node changed within a stream (expected: one node per stream)");
        }
    }

    private void report(StreamView view) {
        if (proxy != null) {
            house.fleet().report(proxy, this, view);
        }
    }

    private void finish(@Nullable Status status) {
        if (over) {
            return;
        }
        over = true;
        due = null;
        if (aboard != null) {
            aboard = null;
            house.ferry().leave();
        }
        house.ferry().forget(wake);
        pushes.over(house.clock().instant());
        inbox.clear();
        session = null;
        if (board != null) {
            house.publisher().leave(board, wake);
        }
        if (proxy != null) {
            house.fleet().leave(proxy, this);
        }
        whenOver.accept(this);
        if (!gone && status != null) {
            if (status.isOk()) {
                responses.onCompleted();
            } else {
                responses.onError(status.asRuntimeException());
            }
        }
    }
}
