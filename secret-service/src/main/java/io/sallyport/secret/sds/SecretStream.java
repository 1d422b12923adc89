package io.sallyport.secret.sds;

import com.google.protobuf.Message;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.sallyport.runtime.identity.Caller;
import io.sallyport.runtime.identity.Identity;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs one [Session] on one gRPC stream. Requests, changed secrets and room in the transport only set a flag;
/// whoever sets it first runs the session until the flag is down, so that the session never sees two threads.
/// Responses are made only while the transport has room: a slow reader holds no queue.
final class SecretStream<Q extends Message, R extends Message> implements StreamObserver<Q>, Audience.Listener {

    private static final Logger log = LoggerFactory.getLogger(SecretStream.class);

    /// What differs between the two protocols.
    record Protocol<Q, R>(
            Function<Q, Optional<io.envoyproxy.envoy.config.core.v3.Node>> node,
            Function<Q, String> type,
            Function<Subscription, Session<Q, R>> session) {}

    private final SecretDiscovery house;
    private final Protocol<Q, R> protocol;
    private final ServerCallStreamObserver<R> responses;
    private final Queue<Q> inbox = new ConcurrentLinkedQueue<>();
    private final AtomicInteger wakes = new AtomicInteger();
    private final Identity identity = Caller.current().identity();
    private final long opened;
    private volatile @Nullable Status end;
    private volatile boolean gone;
    // The rest belongs to whoever drains.
    private @Nullable Node node;
    private @Nullable Node said;
    private @Nullable Session<Q, R> session;
    private List<Wanted> joined = List.of();
    private Span push = Span.getInvalid();
    private boolean over;

    SecretStream(SecretDiscovery house, Protocol<Q, R> protocol, ServerCallStreamObserver<R> responses) {
        this.house = house;
        this.protocol = protocol;
        this.responses = responses;
        this.opened = house.rotations().count();
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

    // From the thread that owns the secrets: the work is done on another.
    @Override
    public void secretChanged() {
        if (wakes.getAndIncrement() == 0) {
            house.executor().execute(this::drain);
        }
    }

    /// Ends the stream when the server stops.
    void shutDown() {
        end = Status.UNAVAILABLE.withDescription("the server is stopping");
        secretChanged();
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
                } catch (Refusal refusal) {
                    log.atInfo()
                            .addKeyValue("node", node == null ? "" : node.id())
                            .addKeyValue("reason", refusal.getMessage())
                            .log("Closed a secret stream");
                    finish(refusal.status());
                } catch (RuntimeException error) {
                    log.atError()
                            .addKeyValue("node", node == null ? "" : node.id())
                            .setCause(error)
                            .log("A secret stream failed");
                    finish(Status.INTERNAL.withDescription("the stream failed; it may be opened again"));
                }
            }
        } while (wakes.addAndGet(-handled) != 0);
    }

    private void step() throws Refusal {
        var status = end;
        if (gone || status != null) {
            finish(status);
            return;
        }
        for (var request = inbox.poll(); request != null; request = inbox.poll()) {
            take(request);
            responses.request(1);
        }
        var running = session;
        if (running == null) {
            return;
        }
        while (responses.isReady()) {
            var response = running.poll(house.shelf());
            if (response == null) {
                return;
            }
            house.sent();
            begin(running);
            responses.onNext(response);
        }
    }

    private void take(Q request) throws Refusal {
        var type = protocol.type().apply(request);
        if (!type.isEmpty() && !type.equals(SecretDiscovery.TYPE)) {
            throw new Refusal(
                    Status.Code.INVALID_ARGUMENT,
                    "type \"%s\" (expected: %s)"
                            .formatted(type.substring(0, Math.min(200, type.length())), SecretDiscovery.TYPE));
        }
        var running = session(request);
        var rejected = running.request(request);
        join(running.subscription().wanted());
        rejected.ifPresent(this::report);
        if (!running.awaitsAnswer()) {
            end(rejected.isEmpty() ? "acknowledged" : "refused");
        }
    }

    private Session<Q, R> session(Q request) throws Refusal {
        var message = protocol.node().apply(request);
        var known = node;
        if (message.isPresent()) {
            var claimed = Node.of(message.get());
            if (said != null && !said.equals(claimed)) {
                throw new Refusal(
                        Status.Code.PERMISSION_DENIED,
                        "the node changed within a stream (expected: one node per stream)");
            }
            if (said == null) {
                known = claimed.provedBy(identity, house.labels());
                said = claimed;
            }
        }
        if (known == null) {
            throw new Refusal(Status.Code.INVALID_ARGUMENT, "no node in the first request (expected: one with an id)");
        }
        node = known;
        if (session == null) {
            session = protocol.session().apply(new Subscription(known));
        }
        return session;
    }

    // Two names may share a place, so what stays listens again after others left. A change in between is not
    // missed: the session is asked afterwards.
    private void join(List<Wanted> wanted) {
        if (wanted.equals(joined)) {
            return;
        }
        var added = new ArrayList<>(wanted);
        added.removeAll(joined);
        var dropped = new ArrayList<>(joined);
        dropped.removeAll(wanted);
        dropped.forEach(each -> house.audience().leave(each, this));
        wanted.forEach(each -> house.audience().listen(each, this));
        added.forEach(each -> house.audience().join(each, this));
        joined = wanted;
    }

    private void begin(Session<Q, R> running) {
        var who = node;
        end("unanswered");
        if (who != null && !running.resource().isEmpty()) {
            push = Wanted.of(running.resource(), who.namespace())
                    .map(wanted -> house.rotations().push(wanted.places(), opened, who.id()))
                    .orElseGet(Span::getInvalid);
        }
    }

    private void end(String result) {
        push.setAttribute("sallyport.result", result);
        push.end();
        push = Span.getInvalid();
    }

    private void report(Session.Rejected rejected) {
        var who = node;
        if (who == null || rejected.resource().isEmpty()) {
            return;
        }
        var reason = rejected.reason().replaceAll("\\p{Cntrl}", " ");
        push.setStatus(StatusCode.ERROR, reason);
        Wanted.of(rejected.resource(), who.namespace()).ifPresent(wanted -> {
            try (var _ = push.makeCurrent()) {
                log.atWarn()
                        .addKeyValue("secret", wanted.name())
                        .addKeyValue("proxy", who.id())
                        .addKeyValue("reason", reason)
                        .log("Proxy refused a secret");
            }
            house.refused();
            house.audience().refused(wanted.name(), who.id(), reason);
        });
    }

    private void finish(@Nullable Status status) {
        over = true;
        end("unanswered");
        inbox.clear();
        session = null;
        joined.forEach(each -> house.audience().leave(each, this));
        joined = List.of();
        house.audience().leave(this);
        house.closed(this);
        if (!gone && status != null) {
            if (status.isOk()) {
                responses.onCompleted();
            } else {
                responses.onError(status.asRuntimeException());
            }
        }
    }
}
