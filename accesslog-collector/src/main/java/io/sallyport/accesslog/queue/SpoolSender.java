package io.sallyport.accesslog.queue;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import io.sallyport.proto.accesslog.v1.Origin;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Sends what is in the spool to Kafka, in its order, and tells the spool what is acknowledged. It never
/// gives up: while Kafka is away, the spool fills.
///
/// After a kill, rows are sent again from the last mark on; the store knows them by their [Origin]. Only when Kafka
/// refuses for good what it was sent (it has never been seen to), the rest goes out under a new attempt.
public final class SpoolSender implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(SpoolSender.class);
    private static final int WINDOW = 1 << 17;
    private static final long IDLE_MILLIS = 200;
    private static final Duration PAUSE = Duration.ofMillis(500);

    private final Spool spool;
    private final KafkaSettings settings;
    private final AtomicLong acknowledged = new AtomicLong();
    private final CountDownLatch prepared = new CountDownLatch(1);
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Thread thread;

    @GuardedBy("this") private @Nullable String trouble;

    private SpoolSender(Spool spool, KafkaSettings settings) {
        this.spool = spool;
        this.settings = settings;
        this.thread = Thread.ofPlatform().name("spool-sender").daemon().unstarted(this::run);
    }

    public static SpoolSender start(Spool spool, KafkaSettings settings) {
        var sender = new SpoolSender(spool, settings);
        sender.thread.start();
        return sender;
    }

    /// Waits until the topics are there; false when they are not in time.
    public boolean awaitTopics(long millis) throws InterruptedException {
        return prepared.await(millis, TimeUnit.MILLISECONDS);
    }

    /// How many rows Kafka has acknowledged since the start.
    public long acknowledged() {
        return acknowledged.get();
    }

    /// Why nothing is being sent at the moment; null if it is.
    public synchronized @Nullable String trouble() {
        return trouble;
    }

    private void run() {
        while (stop.getCount() > 0) {
            try {
                prepare();
                prepared.countDown();
                send();
            } catch (InterruptedException e) {
                return;
            } catch (IOException | ExecutionException | KafkaException e) {
                report(e);
                pause();
            } catch (IllegalStateException | IllegalArgumentException e) {
                // What Kafka's client and our own code throw for a fault of ours.
                log.atError().setCause(e).log("Sender of the spool failed, starting again");
                pause();
            }
        }
    }

    // The topics have to be there: made on first use they would have the broker's defaults.
    private void prepare() throws InterruptedException, ExecutionException {
        try (var admin = Admin.create(settings.admin())) {
            for (var topic : List.of(settings.topic(), settings.asideTopic())) {
                try {
                    var partitions = topic.equals(settings.topic()) ? settings.partitions() : 1;
                    admin.createTopics(Set.of(new NewTopic(topic, partitions, settings.replicas())))
                            .all()
                            .get(20, TimeUnit.SECONDS);
                } catch (ExecutionException e) {
                    if (!(e.getCause() instanceof TopicExistsException)) {
                        throw e;
                    }
                } catch (java.util.concurrent.TimeoutException e) {
                    throw new ExecutionException("topic " + topic + " is not made in 20 s", e);
                }
            }
        }
    }

    private void send() throws IOException, InterruptedException {
        var window = new AckWindow(spool.mark().acknowledged(), WINDOW);
        try (var producer = new KafkaProducer<byte[], byte[]>(settings.producer());
                var cursor = spool.from(spool.mark().acknowledged() + 1)) {
            try {
                while (stop.getCount() > 0) {
                    var row = cursor.next(IDLE_MILLIS);
                    settle(window);
                    if (window.failure() != null) {
                        throw new KafkaException("Kafka refused rows", window.failure());
                    }
                    if (row != null) {
                        while (!window.reserve(row.sequence(), IDLE_MILLIS)) {
                            settle(window);
                            if (window.failure() != null || stop.getCount() == 0) {
                                return;
                            }
                        }
                        sendInOrder(producer, row, window);
                    }
                }
                producer.flush();
            } finally {
                if (stop.getCount() == 0 || window.failure() != null) {
                    producer.close(Duration.ofSeconds(1));
                }
                settle(window);
                if (window.failure() != null) {
                    spool.again();
                }
            }
        }
    }

    private void settle(AckWindow window) throws IOException {
        var upTo = window.contiguous();
        var before = spool.mark().acknowledged();
        if (upTo > before) {
            spool.acknowledged(upTo);
            acknowledged.addAndGet(upTo - before);
            report(null);
        }
    }

    // A row that the client could not even take (Kafka has not answered yet) must go before the next one.
    private void sendInOrder(KafkaProducer<byte[], byte[]> producer, Spool.Spooled row, AckWindow window)
            throws InterruptedException {
        var me = Thread.currentThread();
        var record = new ProducerRecord<>(settings.topic(), row.key(), value(row));
        while (stop.getCount() > 0) {
            var answer = producer.send(record, (_, failure) -> {
                if (failure == null) {
                    window.acknowledge(row.sequence());
                } else if (Thread.currentThread() != me) {
                    window.fail(failure);
                }
            });
            if (!answer.isDone()) {
                return;
            }
            try {
                answer.get();
                return;
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof RetriableException)) {
                    window.fail(e.getCause() instanceof Exception cause ? cause : e);
                    return;
                }
                report(e);
            }
        }
    }

    // Bytes of messages of one type that follow each other are one message.
    private byte[] value(Spool.Spooled row) {
        var mark = spool.mark();
        var origin = AccessLogEntry.newBuilder()
                .setOrigin(Origin.newBuilder()
                        .setSpool(mark.id())
                        .setAttempt(mark.attempt())
                        .setSequence(row.sequence()))
                .build()
                .toByteArray();
        var value = java.util.Arrays.copyOf(row.row(), row.row().length + origin.length);
        System.arraycopy(origin, 0, value, row.row().length, origin.length);
        return value;
    }

    private void report(@Nullable Exception failure) {
        synchronized (this) {
            if (failure == null) {
                trouble = null;
                return;
            }
            if (trouble != null) {
                return;
            }
            trouble = settings.trouble(failure);
        }
        log.atWarn().addKeyValue("reason", trouble()).log("Kafka does not take rows, they wait in the spool");
    }

    private void pause() {
        try {
            stop.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Sends what is there for at most two seconds more, then stops; the rest stays in the spool.
    @Override
    public void close() {
        stop.countDown();
        try {
            thread.join(Duration.ofSeconds(3));
            thread.interrupt();
            thread.join(Duration.ofSeconds(2));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
