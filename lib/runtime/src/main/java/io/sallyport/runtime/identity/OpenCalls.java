package io.sallyport.runtime.identity;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.Status;
import io.sallyport.runtime.SteadyLoop;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Streams that are open, which may live for weeks, while their callers' certificates are revoked, tokens expire and
/// rights are taken away. Each is judged again every few seconds, as a new call would be, and ends when it would not
/// be let in. Nobody to ask is no reason: while an API server is away, open streams stay and new ones wait.
final class OpenCalls implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(OpenCalls.class);

    private final Set<OpenCall<?, ?>> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger started = new AtomicInteger();
    private volatile @Nullable SteadyLoop looks;

    /// What a stream was let in by.
    interface Standing {

        /// Why it may not go on; empty: it may, or nobody can say now.
        Optional<Status> objection();

        /// The same for certificates that count no more, which is known at once.
        Optional<Status> revocation();

        /// Every how many looks it is judged: questions to an API server cost more than those to memory.
        int pace();
    }

    OpenCalls(Revocations revocations) {
        revocations.whenChanged(
                () -> open.forEach(call -> call.standing.revocation().ifPresent(call::end)));
    }

    /// Looks at all of them from now on.
    OpenCalls every(Duration pause) {
        looks = SteadyLoop.every("open-streams", pause, _ -> look());
        return this;
    }

    // Each on its own, since a question may wait for seconds, and no two for one stream.
    private void look() {
        for (var call : open) {
            if (call.isItsTurn() && call.isLooked.compareAndSet(false, true)) {
                Thread.ofVirtual().name("open-stream").start(call::look);
            }
        }
    }

    /// Starts a call, which ends when its caller may not go on.
    <Q, R> ServerCall.Listener<Q> follow(
            Standing standing, ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        var followed = new OpenCall<>(call, standing, started.getAndIncrement());
        open.add(followed);
        followed.listener = new Listening<>(next.startCall(followed, headers), () -> open.remove(followed));
        // It may have been revoked while the call started.
        standing.revocation().ifPresent(followed::end);
        return followed.listener;
    }

    @Override
    public void close() {
        var started = looks;
        if (started != null) {
            started.close();
        }
    }

    private static final class OpenCall<Q, R> extends SimpleForwardingServerCall<Q, R> {

        private final Standing standing;
        // Those that are judged seldom are not all judged at once.
        private final AtomicInteger looks;
        private final AtomicBoolean isLooked = new AtomicBoolean();
        private volatile ServerCall.Listener<Q> listener = new ServerCall.Listener<>() {};
        // Calls are for one thread at a time, and the one that ends this one is another.
        private final Object turn = new Object();

        @GuardedBy("turn") private boolean isOver;

        private volatile boolean isEnded;

        OpenCall(ServerCall<Q, R> call, Standing standing, int number) {
            super(call);
            this.standing = standing;
            this.looks = new AtomicInteger(number);
        }

        boolean isItsTurn() {
            return Math.floorMod(looks.incrementAndGet(), standing.pace()) == 0;
        }

        void look() {
            try {
                standing.objection().ifPresent(this::end);
            } finally {
                isLooked.set(false);
            }
        }

        void end(Status reason) {
            synchronized (turn) {
                if (isOver) {
                    return;
                }
                isOver = true;
                isEnded = true;
                delegate().close(reason, new Metadata());
            }
            log.atInfo()
                    .addKeyValue("method", getMethodDescriptor().getFullMethodName())
                    .addKeyValue("reason", reason.getDescription())
                    .log("Ended a stream whose caller may not go on");
            listener.onCancel();
        }

        // Whoever writes in a loop looks here, and nothing else tells him: a call that we closed is not cancelled.
        @Override
        public boolean isCancelled() {
            return isEnded || super.isCancelled();
        }

        @Override
        public void sendHeaders(Metadata headers) {
            synchronized (turn) {
                if (!isOver) {
                    super.sendHeaders(headers);
                }
            }
        }

        @Override
        public void sendMessage(R message) {
            synchronized (turn) {
                if (!isOver) {
                    super.sendMessage(message);
                }
            }
        }

        @Override
        public void close(Status status, Metadata trailers) {
            synchronized (turn) {
                if (!isOver) {
                    isOver = true;
                    super.close(status, trailers);
                }
            }
        }
    }

    private static final class Listening<Q> extends SimpleForwardingServerCallListener<Q> {

        private final Runnable whenOver;

        Listening(ServerCall.Listener<Q> next, Runnable whenOver) {
            super(next);
            this.whenOver = whenOver;
        }

        @Override
        public void onCancel() {
            whenOver.run();
            super.onCancel();
        }

        @Override
        public void onComplete() {
            whenOver.run();
            super.onComplete();
        }
    }
}
