package io.sallyport.standalone;

import io.grpc.StatusRuntimeException;
import io.sallyport.model.Platform;
import io.sallyport.model.read.YamlReader;
import io.sallyport.proto.config.v1.Resource;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Follows `sallyport.yaml` as config-service has accepted it, and tells which proxies it names.
/// A file that is refused keeps the last good one in force, so a typo in it stops no Envoy.
final class PlatformFollower implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(PlatformFollower.class);
    private static final long START_NANOS = 5_000_000L;
    private static final long RETRY_NANOS = 500_000_000L;

    private final ServiceClients services;
    private final Supplier<Optional<String>> missing;
    private final Consumer<Platform> listener;
    private final YamlReader reader = new YamlReader();
    private final Thread thread;
    private volatile long told;
    private volatile boolean closed;

    private PlatformFollower(ServiceClients services, Supplier<Optional<String>> missing, Consumer<Platform> listener) {
        this.services = services;
        this.missing = missing;
        this.listener = listener;
        this.thread = Thread.ofVirtual().name("platform").unstarted(this::follow);
    }

    /// Waits until nothing is `missing` any more, then calls the listener with the platform of the first snapshot, and
    /// after each change.
    static PlatformFollower start(
            ServiceClients services, Supplier<Optional<String>> missing, Consumer<Platform> listener) {
        var follower = new PlatformFollower(services, missing, listener);
        follower.thread.start();
        return follower;
    }

    /// The newest revision whose platform the listener has been told.
    long told() {
        return told;
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
    }

    private void follow() {
        // An empty store before the first look into the directory would read as the default gateway.
        while (!closed && missing.get().isPresent()) {
            LockSupport.parkNanos(START_NANOS);
        }
        while (!closed) {
            try {
                read();
            } catch (StatusRuntimeException e) {
                log.atDebug().setCause(e).log("Watch has ended and is opened again");
            }
            // After an interruption this returns at once, and the loop ends by the flag.
            LockSupport.parkNanos(RETRY_NANOS);
        }
    }

    private void read() {
        var known = Platform.DEFAULT;
        var isNamed = false;
        for (var watch = services.watch(0); watch.hasNext() && !closed; ) {
            var change = watch.next();
            var before = known;
            for (var deleted : change.getDeletesList()) {
                if (deleted.getKind().equals(Platform.REF.kind().text())) {
                    known = Platform.DEFAULT;
                }
            }
            for (var upsert : change.getUpsertsList()) {
                if (upsert.getRef().getKind().equals(Platform.REF.kind().text())) {
                    known = parse(upsert, known);
                }
            }
            var isWhole = !change.getSnapshot() || change.getLast();
            if (isWhole && (!isNamed || !known.equals(before))) {
                isNamed = true;
                listener.accept(known);
            }
            if (isWhole) {
                told = change.getRevision();
            }
        }
    }

    private Platform parse(Resource resource, Platform known) {
        var source = YamlReader.source(resource.getSourceName(), resource.getFirstLine(), 0, resource.getSourceText());
        var object = reader.readDocument(source).object();
        return object != null && object.spec() instanceof Platform platform ? platform : known;
    }
}
