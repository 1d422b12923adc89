package io.sallyport.follow;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.grpc.Channel;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.ObjectRef;
import io.sallyport.proto.config.v1.ConfigServiceGrpc;
import io.sallyport.proto.config.v1.WatchRequest;
import io.sallyport.proto.config.v1.WatchResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.NavigableMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Follows config-service's `Watch` on a thread of its own and hands on each image. After a break it resumes from the
/// revision that it has; while config-service is away, nothing changes here.
public final class ConfigFollower implements AutoCloseable {

    private static final Duration SHORTEST = Duration.ofMillis(50);
    private static final Duration LONGEST = Duration.ofSeconds(5);
    // Nothing came yet: not even the empty configuration.
    private static final ConfigImage NONE = ConfigImage.EMPTY.with(-1, List.of(), List.of());
    private static final Logger LOG = LoggerFactory.getLogger(ConfigFollower.class);

    private final Channel channel;
    private final BiConsumer<ConfigImage, Arrival> images;
    private final RandomGenerator random;
    private final ImageBuilder builder;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Context.CancellableContext calls = Context.ROOT.withCancellation();
    private final Thread thread;
    private volatile boolean connected;
    private volatile boolean complete;
    // Belongs to the thread.
    private boolean followed;
    private boolean fromStart = true;

    // The newest image that came ahead of the stream.
    @GuardedBy("this") private ConfigImage ahead = NONE;

    public ConfigFollower(Channel channel, ObjectReader reader, Consumer<ConfigImage> images, RandomGenerator random) {
        this(channel, reader, KnownObjects.NONE, (image, _) -> images.accept(image), random);
    }

    /// `beside` is asked before anything is read; `images` are told how each came.
    public ConfigFollower(
            Channel channel,
            ObjectReader reader,
            KnownObjects beside,
            BiConsumer<ConfigImage, Arrival> images,
            RandomGenerator random) {
        this.channel = channel;
        this.images = images;
        this.random = random;
        this.builder = new ImageBuilder(reader, beside);
        this.thread = Thread.ofVirtual().name("config-follower").unstarted(() -> calls.run(this::follow));
        thread.start();
    }

    /// Whether the stream to config-service is up.
    public boolean isConnected() {
        return connected;
    }

    /// Whether a whole configuration has been seen.
    public boolean isComplete() {
        return complete;
    }

    /// Objects that this process cannot read; their last good version, if any, stays.
    public NavigableMap<ObjectRef, String> unreadable() {
        return builder.unreadable();
    }

    /// Whether what was handed on last is all that config-service has, so that its next image is ours too: there was a
    /// whole configuration, and nothing in it that cannot be read here.
    public boolean isUpToDate() {
        return complete && builder.unreadable().isEmpty();
    }

    /// Hands on an image of config-service in the same process, before the stream brings it. Left to the stream where
    /// this side is not up to date.
    public void ahead(ConfigImage image, Arrival arrival) {
        if (isUpToDate()) {
            handAhead(image, arrival);
        }
    }

    private synchronized void handAhead(ConfigImage image, Arrival arrival) {
        if (image.revision() > ahead.revision()) {
            ahead = image;
            images.accept(image, arrival);
        }
    }

    // What came ahead of the stream is not handed on again, and nothing that is older.
    private synchronized void hand(ConfigImage image, Arrival arrival) {
        if (image != ahead && image.revision() >= ahead.revision()) {
            images.accept(image, arrival);
        }
    }

    @Override
    public void close() {
        closed.countDown();
        calls.cancel(null);
        thread.interrupt();
    }

    private void follow() {
        var pause = SHORTEST;
        while (closed.getCount() > 0) {
            followed = false;
            try {
                watch();
            } catch (StatusRuntimeException error) {
                lost(error);
            } catch (RuntimeException error) {
                LOG.atError()
                        .setCause(error)
                        .log("Following the configuration failed; it is read again from the start");
                fromStart = true;
            }
            connected = false;
            pause = followed ? SHORTEST : pause;
            try {
                // Jitter: a hundred followers must not come back in step.
                long millis = pause.toMillis() / 2 + random.nextLong(pause.toMillis());
                if (closed.await(millis, TimeUnit.MILLISECONDS)) {
                    return;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
            pause = pause.multipliedBy(2).compareTo(LONGEST) < 0 ? pause.multipliedBy(2) : LONGEST;
        }
    }

    private void watch() {
        builder.restart();
        var request = WatchRequest.newBuilder()
                .setFrom(fromStart ? 0 : builder.image().revision())
                .build();
        var messages =
                ConfigServiceGrpc.newBlockingStub(channel).withWaitForReady().watch(request);
        while (messages.hasNext()) {
            var message = messages.next();
            var next = builder.apply(message);
            connected = true;
            followed = true;
            if (next.isPresent()) {
                fromStart = false;
                complete = true;
                hand(next.get(), arrival(message));
            }
        }
    }

    private static Arrival arrival(WatchResponse message) {
        var time = message.getTime();
        return new Arrival(
                Instant.ofEpochSecond(time.getSeconds(), time.getNanos()),
                message.getTraceparent(),
                message.getSnapshot());
    }

    private void lost(StatusRuntimeException error) {
        if (closed.getCount() == 0) {
            return;
        }
        if (error.getStatus().getCode() == Status.Code.OUT_OF_RANGE) {
            // The store was put back to an older state: what it says now counts.
            LOG.atWarn()
                    .addKeyValue("revision", builder.image().revision())
                    .log("config-service does not know our revision; reading everything again");
            fromStart = true;
        } else {
            LOG.atInfo()
                    .addKeyValue("revision", builder.image().revision())
                    .addKeyValue("status", error.getStatus().getCode())
                    .log("Lost config-service; the last configuration stays");
        }
    }
}
