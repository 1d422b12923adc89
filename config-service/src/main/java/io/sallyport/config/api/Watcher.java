package io.sallyport.config.api;

import com.google.rpc.Code;
import io.grpc.stub.ServerCallStreamObserver;
import io.sallyport.config.store.ConfigState;
import io.sallyport.config.store.RevisionLog;
import io.sallyport.proto.config.v1.WatchResponse;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// Brings one client up to date, again and again, at the speed at which it reads. Nothing is queued for it: it is
/// always sent the difference between what it has and the newest state, so a slow one gets fewer, larger messages.
final class Watcher implements Runnable {

    private static final int PART_BYTES = 1 << 20;
    private static final int MAX_DELTA_BYTES = 3 << 20;

    private final RevisionLog log;
    private final ServerCallStreamObserver<WatchResponse> client;
    private final long slowSeconds;
    private final Semaphore wake = new Semaphore(0);
    private volatile boolean ended;
    private long sent;

    /// `from` is what the client has; `slowSeconds` how long it may take to read one message.
    Watcher(RevisionLog log, ServerCallStreamObserver<WatchResponse> client, long from, long slowSeconds) {
        this.log = log;
        this.client = client;
        this.sent = from;
        this.slowSeconds = slowSeconds;
    }

    /// Something may have changed: a revision, the client's window, or its mind.
    void wake() {
        if (wake.availablePermits() == 0) {
            wake.release();
        }
    }

    void end() {
        ended = true;
        wake();
    }

    @Override
    public void run() {
        boolean fresh = sent == 0;
        try {
            while (!ended) {
                var state = log.published().state();
                if (!fresh && state.revision() <= sent) {
                    wake.acquire();
                } else if (!awaitReady()) {
                    return;
                } else {
                    // What is newest is looked up only now that the client can take it.
                    bring(log.published().state(), fresh);
                    fresh = false;
                }
            }
        } catch (InterruptedException e) {
            client.onError(Failures.status(Code.UNAVAILABLE, "shutting down"));
        }
    }

    private void bring(ConfigState state, boolean fresh) throws InterruptedException {
        var changes = fresh ? java.util.Optional.<WatchResponse>empty() : delta(state);
        if (changes.isPresent()) {
            client.onNext(changes.get());
            sent = state.revision();
        } else {
            sendSnapshot(state);
        }
    }

    /// Empty if the client is too far behind, or if the whole is the shorter message.
    private java.util.Optional<WatchResponse> delta(ConfigState state) {
        var since = state.since(sent);
        if (since.isEmpty()) {
            return java.util.Optional.empty();
        }
        var delta = header(state).setLast(true);
        long bytes = 0;
        for (var change : since.get().entrySet()) {
            if (change.getValue().isPresent()) {
                var resource = Wire.resource(change.getValue().get());
                bytes += resource.getSerializedSize();
                delta.addUpserts(resource);
            } else {
                delta.addDeletes(Wire.ref(change.getKey()));
            }
        }
        boolean tooLarge = bytes > MAX_DELTA_BYTES && delta.getUpsertsCount() > 1;
        return tooLarge ? java.util.Optional.empty() : java.util.Optional.of(delta.build());
    }

    private void sendSnapshot(ConfigState state) throws InterruptedException {
        var part = header(state).setSnapshot(true);
        long bytes = 0;
        for (var object : state.objects().values()) {
            if (!state.isReadable(object.ref())) {
                continue;
            }
            var resource = Wire.resource(object);
            if (bytes + resource.getSerializedSize() > PART_BYTES && part.getUpsertsCount() > 0) {
                if (!awaitReady()) {
                    return;
                }
                client.onNext(part.build());
                part.clearUpserts();
                bytes = 0;
            }
            bytes += resource.getSerializedSize();
            part.addUpserts(resource);
        }
        if (awaitReady()) {
            client.onNext(part.setLast(true).build());
            sent = state.revision();
        }
    }

    private WatchResponse.Builder header(ConfigState state) {
        return WatchResponse.newBuilder()
                .setRevision(state.revision())
                .setTime(Wire.time(state.head().time()))
                .setAuthor(state.head().author())
                .setTraceparent(log.traceParent(state.revision()));
    }

    // False: the client is gone, or was sent away because it does not read.
    private boolean awaitReady() throws InterruptedException {
        while (!ended && !client.isReady()) {
            if (!wake.tryAcquire(slowSeconds, TimeUnit.SECONDS) && !client.isReady() && !ended) {
                ended = true;
                client.onError(Failures.status(
                        Code.RESOURCE_EXHAUSTED,
                        "nothing was read for " + slowSeconds + " s at r" + sent + ": watch again from there"));
            }
        }
        return !ended;
    }
}
