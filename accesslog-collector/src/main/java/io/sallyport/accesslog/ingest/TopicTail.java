package io.sallyport.accesslog.ingest;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.google.protobuf.InvalidProtocolBufferException;
import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.storage.KafkaRow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Shows those who follow every row of the topic, whichever collector stores it: while somebody follows, it
/// reads what comes into all partitions, in no group of Kafka's. For collectors that share a topic; one that is
/// alone shows what it has stored.
public final class TopicTail implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(TopicTail.class);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final long PATIENCE_SECONDS = 5;
    private static final long PAUSE_MILLIS = 500;

    private final KafkaSettings settings;
    private final BooleanSupplier isFollowed;
    private final Consumer<List<KafkaRow>> seen;
    private final CountDownLatch stop = new CountDownLatch(1);

    @GuardedBy("this") private @Nullable Reading reading;

    /// @param isFollowed whether anybody wants to see rows: whoever does says so, and then calls [#begin]
    /// @param seen sees rows as they come; must not block
    public TopicTail(KafkaSettings settings, BooleanSupplier isFollowed, Consumer<List<KafkaRow>> seen) {
        this.settings = settings;
        this.isFollowed = isFollowed;
        this.seen = seen;
    }

    /// Begins to read, if nobody has followed until now. Returns when each row is seen that Kafka takes from then
    /// on, or after five seconds, when Kafka is away: then it is read from where Kafka is when it answers.
    public void begin() throws InterruptedException {
        Reading open;
        synchronized (this) {
            if (stop.getCount() == 0) {
                return;
            }
            if (reading == null) {
                reading = new Reading();
                Thread.ofVirtual().name("topic-tail").start(reading);
            }
            open = reading;
        }
        if (!open.placed.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            log.atWarn().log("Kafka does not answer, rows are shown from when it does");
        }
    }

    private synchronized boolean isOver(Reading which) {
        if (!which.equals(reading)) {
            return true;
        }
        if (stop.getCount() > 0 && isFollowed.getAsBoolean()) {
            return false;
        }
        reading = null;
        return true;
    }

    /// Whether it reads at the moment.
    synchronized boolean isReading() {
        return reading != null;
    }

    @Override
    public synchronized void close() {
        stop.countDown();
        if (reading != null) {
            reading.stop();
        }
    }

    /// From the first follower to the last.
    private final class Reading implements Runnable {

        private final CountDownLatch placed = new CountDownLatch(1);

        @GuardedBy("this") private @Nullable KafkaConsumer<byte[], byte[]> consumer;

        // An owner loop: what fails is tried again, as long as somebody follows.
        @Override
        public void run() {
            while (!isOver(this)) {
                try (var open = new KafkaConsumer<byte[], byte[]>(settings.alone())) {
                    synchronized (this) {
                        consumer = open;
                    }
                    read(open);
                } catch (WakeupException e) {
                    // It was closed, as the loop sees.
                    log.atDebug().setCause(e).log("Tail of the topic ends");
                } catch (KafkaException e) {
                    log.atWarn().setCause(e).log("Rows cannot be shown as they come, going on behind what comes now");
                    pause();
                } finally {
                    synchronized (this) {
                        consumer = null;
                    }
                }
            }
        }

        private void read(KafkaConsumer<byte[], byte[]> open) {
            var places = places(open);
            open.assign(places);
            open.seekToEnd(places);
            for (var place : places) {
                open.position(place);
            }
            placed.countDown();
            while (!isOver(this)) {
                var rows = new ArrayList<KafkaRow>();
                for (var record : open.poll(POLL)) {
                    try {
                        rows.add(new KafkaRow(record.partition(), record.offset(), Records.entry(record)));
                    } catch (InvalidProtocolBufferException e) {
                        // Who stores rows puts it aside and says so.
                        log.atDebug().setCause(e).log("A record that is no row is not shown");
                    }
                }
                if (!rows.isEmpty()) {
                    seen.accept(rows);
                }
                grow(open);
            }
        }

        private List<TopicPartition> places(KafkaConsumer<byte[], byte[]> open) {
            var places = open.partitionsFor(settings.topic()).stream()
                    .map(each -> new TopicPartition(each.topic(), each.partition()))
                    .toList();
            if (places.isEmpty()) {
                throw new KafkaException("topic \"" + settings.topic() + "\" has no partitions (expected: it exists)");
            }
            return places;
        }

        private void pause() {
            try {
                stop.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        // Partitions that are added are read from their start.
        private void grow(KafkaConsumer<byte[], byte[]> open) {
            var places = new ArrayList<>(places(open));
            if (places.size() > open.assignment().size()) {
                var known = open.assignment();
                open.assign(places);
                places.removeAll(known);
                open.seekToBeginning(places);
            }
        }

        private synchronized void stop() {
            if (consumer != null) {
                consumer.wakeup();
            }
        }
    }
}
