package io.sallyport.config.api;

import com.google.rpc.Code;
import io.grpc.stub.ServerCallStreamObserver;
import io.sallyport.config.store.RevisionLog;
import io.sallyport.config.store.Subscription;
import io.sallyport.proto.config.v1.WatchResponse;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/// The open watches, one virtual thread each, bounded for each caller and in all.
final class Watchers implements AutoCloseable {

    private final RevisionLog log;
    private final WatchBounds bounds;
    private final List<Watcher> open = new CopyOnWriteArrayList<>();
    private final ConcurrentHashMap<String, Integer> perCaller = new ConcurrentHashMap<>();
    private final Subscription subscription;

    Watchers(RevisionLog log, WatchBounds bounds) {
        this.log = log;
        this.bounds = bounds;
        this.subscription = log.subscribe(() -> open.forEach(Watcher::wake));
    }

    void start(Caller caller, long from, ServerCallStreamObserver<WatchResponse> client) {
        int mine = perCaller.merge(caller.address(), 1, Integer::sum);
        if (mine > bounds.perCaller() || open.size() >= bounds.total()) {
            leave(caller);
            int bound = mine > bounds.perCaller() ? bounds.perCaller() : bounds.total();
            client.onError(Failures.status(
                    Code.RESOURCE_EXHAUSTED,
                    "too many watches by " + caller.address() + " (expected: at most " + bound + ")"));
            return;
        }
        var watcher = new Watcher(log, client, from, bounds.slow().toSeconds());
        client.setOnReadyHandler(watcher::wake);
        client.setOnCancelHandler(watcher::end);
        client.setOnCloseHandler(watcher::end);
        open.add(watcher);
        Thread.ofVirtual().name("config-watch").start(() -> {
            try {
                watcher.run();
            } finally {
                open.remove(watcher);
                leave(caller);
            }
        });
    }

    private void leave(Caller caller) {
        perCaller.computeIfPresent(caller.address(), (address, count) -> count > 1 ? count - 1 : null);
    }

    int count() {
        return open.size();
    }

    @Override
    public void close() {
        subscription.close();
        open.forEach(Watcher::end);
    }
}
