package io.sallyport.secret.grant;

import io.grpc.Channel;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Kind;
import io.sallyport.model.SourceDocument;
import io.sallyport.model.read.YamlReader;
import io.sallyport.proto.config.v1.ConfigServiceGrpc;
import io.sallyport.proto.config.v1.Resource;
import io.sallyport.proto.config.v1.ResourceRef;
import io.sallyport.proto.config.v1.WatchRequest;
import io.sallyport.proto.config.v1.WatchResponse;
import io.sallyport.secret.sds.Lendings;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Follows config-service's `Watch` for what is lent. While config-service is away, the last picture holds; before
/// there was one, nobody is told anything about lent secrets, neither yes nor no.
public final class GrantFollower implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(GrantFollower.class);
    private static final int SHORTEST_MILLIS = 50;
    private static final int LONGEST_MILLIS = 5_000;
    // With what the Gateways of the Gateway API and the Ingresses depend on: they borrow what they show.
    private static final Set<String> KINDS = Stream.of(
                    Kind.GATEWAY,
                    Kind.SECRET_GRANT,
                    Kind.DESTINATION_RULE,
                    Kind.GATEWAY_CLASS,
                    Kind.KUBERNETES_GATEWAY,
                    Kind.REFERENCE_GRANT,
                    Kind.INGRESS,
                    Kind.INGRESS_CLASS,
                    Kind.SERVICE,
                    Kind.PLATFORM,
                    Kind.CONFIG_MAP)
            .map(Kind::text)
            .collect(Collectors.toUnmodifiableSet());

    private record Known(String digest, ConfigObject<?> object) {}

    private final Channel channel;
    private final Runnable listener;
    private final RandomGenerator random;
    private final YamlReader reader = new YamlReader();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Context.CancellableContext calls = Context.ROOT.withCancellation();
    private final Thread thread;
    private volatile Lendings lendings = Lendings.UNKNOWN;
    // The rest belongs to the thread.
    private final Map<ResourceRef, Known> objects = new HashMap<>();
    private final Set<ResourceRef> present = new HashSet<>();
    private long revision;
    private boolean followed;

    /// `listener` is told of each new picture.
    public GrantFollower(Channel channel, RandomGenerator random, Runnable listener) {
        this.channel = channel;
        this.listener = listener;
        this.random = random;
        this.thread = Thread.ofVirtual().name("grant-follower").unstarted(() -> calls.run(this::follow));
        thread.start();
    }

    /// The newest picture.
    public Lendings lendings() {
        return lendings;
    }

    private void follow() {
        var pause = SHORTEST_MILLIS;
        while (closed.getCount() > 0) {
            followed = false;
            try {
                watch();
            } catch (StatusRuntimeException error) {
                if (error.getStatus().getCode() == Status.Code.OUT_OF_RANGE) {
                    revision = 0;
                }
                log.atDebug()
                        .addKeyValue("status", error.getStatus().getCode())
                        .log("Lost config-service; the last grants stay");
            } catch (RuntimeException error) {
                log.atError().setCause(error).log("Following the grants failed; they are read again from the start");
                revision = 0;
            }
            pause = followed ? SHORTEST_MILLIS : Math.min(2 * pause, LONGEST_MILLIS);
            try {
                if (closed.await(pause / 2 + random.nextInt(pause), TimeUnit.MILLISECONDS)) {
                    return;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private void watch() {
        present.clear();
        var messages = ConfigServiceGrpc.newBlockingStub(channel)
                .withWaitForReady()
                .watch(WatchRequest.newBuilder().setFrom(revision).build());
        while (messages.hasNext()) {
            take(messages.next());
            followed = true;
        }
    }

    private void take(WatchResponse message) {
        var changed = false;
        for (var resource : message.getUpsertsList()) {
            changed |= take(resource);
        }
        if (message.getSnapshot() && !message.getLast()) {
            return;
        }
        if (message.getSnapshot()) {
            changed |= objects.keySet().retainAll(present);
        }
        for (var ref : message.getDeletesList()) {
            changed |= objects.remove(ref) != null;
        }
        present.clear();
        revision = message.getRevision();
        if (changed || lendings == Lendings.UNKNOWN) {
            lendings = LendingTable.of(objects.values().stream()
                    .<ConfigObject<?>>map(Known::object)
                    .toList());
            listener.run();
        }
    }

    private boolean take(Resource resource) {
        var ref = resource.getRef();
        if (!KINDS.contains(ref.getKind())) {
            return false;
        }
        present.add(ref);
        var known = objects.get(ref);
        if (known != null && known.digest().equals(resource.getDigest())) {
            return false;
        }
        var read = reader.readDocument(new SourceDocument(
                        resource.getSourceName(),
                        resource.getFirstLine(),
                        resource.getAge().getIndex(),
                        resource.getSourceText(),
                        resource.getDigest()))
                .object();
        if (read == null) {
            // It was accepted by a newer version: its last good one holds.
            return false;
        }
        objects.put(ref, new Known(resource.getDigest(), read));
        return true;
    }

    @Override
    public void close() {
        closed.countDown();
        calls.cancel(null);
        thread.interrupt();
    }
}
