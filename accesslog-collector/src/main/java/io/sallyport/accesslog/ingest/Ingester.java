package io.sallyport.accesslog.ingest;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.google.protobuf.InvalidProtocolBufferException;
import io.opentelemetry.api.trace.Tracer;
import io.sallyport.accesslog.queue.Aside;
import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.storage.KafkaRow;
import io.sallyport.accesslog.storage.LogStore;
import io.sallyport.accesslog.storage.StoreException;
import io.sallyport.accesslog.storage.TopicIdentity;
import io.sallyport.runtime.telemetry.Telemetry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Moves rows from Kafka into the store: what the store's pace brings, or, as long as so many wait in Kafka, 122,880
/// or 64 MiB of them. Where to go on is what the store says; Kafka's own offsets are written for displays of lag only.
public final class Ingester implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Ingester.class);
    // A row group of DuckDB: that many at once go straight into its file, fewer through its log and then again into the
    // file, which costs twice as much.
    private static final int MAX_BATCH = 122_880;
    private static final long MAX_BYTES = 64L << 20;
    // How long rows wait at most for a whole batch of those that are behind them in Kafka.
    private static final Duration MAX_WAIT = Duration.ofSeconds(5);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final long PAUSE_MILLIS = 500;
    // What comes over the network wrongly comes rightly the next time; what lies wrongly on a disk stays so.
    private static final int TRIES = 3;
    // Between the name of a topic that was made anew and its id: no name of Kafka's has it.
    private static final String ANEW = "~";

    private final KafkaSettings settings;
    private final LogStore store;
    private final InstantSource clock;
    private final Consumer<List<KafkaRow>> stored;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final AtomicLong rows = new AtomicLong();
    private final AtomicLong aside = new AtomicLong();
    private final Consumer<Gap> lost;
    private final Map<Gap.Cause, AtomicLong> losses = Map.of(
            Gap.Cause.DELETED, new AtomicLong(),
            Gap.Cause.CORRUPT, new AtomicLong(),
            Gap.Cause.TOPIC_GONE, new AtomicLong());
    private final StoredTraces traces;
    private final Thread thread;

    // Of the thread alone: when the last record of each partition was sent, and what could not be read how often.
    private final Map<TopicPartition, Long> seconds = new HashMap<>();
    private final Map<TopicPartition, Failures> failures = new HashMap<>();
    // Likewise, where Kafka's partitions ended when they were seen last, and as what they are stored.
    private final Map<TopicPartition, Long> ends = new HashMap<>();
    private @Nullable String reading;

    /// How often a place could not be read.
    private record Failures(long offset, int count) {}

    /// The topic that is read.
    ///
    /// @param name under which the store has its rows
    private record Source(String name, TopicIdentity identity, TopicLookup kafka) {}

    @GuardedBy("this") private @Nullable KafkaConsumer<byte[], byte[]> consumer;

    @GuardedBy("this") private @Nullable String trouble;

    private Ingester(
            KafkaSettings settings,
            LogStore store,
            InstantSource clock,
            Consumer<List<KafkaRow>> stored,
            Consumer<Gap> lost,
            Tracer tracer) {
        this.lost = lost;
        this.traces = new StoredTraces(tracer, clock);
        this.settings = settings;
        this.store = store;
        this.clock = clock;
        this.stored = stored;
        this.thread = Thread.ofPlatform().name("ingester").daemon().unstarted(this::run);
    }

    /// Starts it.
    ///
    /// @param stored sees each batch after it was stored, for those who follow; must not block
    /// @param lost hears what will never be stored, once the store has gone on behind it
    /// @param tracer makes the spans of rows whose trace the receiver has begun
    public static Ingester start(
            KafkaSettings settings,
            LogStore store,
            InstantSource clock,
            Consumer<List<KafkaRow>> stored,
            Consumer<Gap> lost,
            Tracer tracer) {
        var ingester = new Ingester(settings, store, clock, stored, lost, tracer);
        ingester.thread.start();
        return ingester;
    }

    /// Starts it for somebody who keeps no count of what is lost.
    public static Ingester start(
            KafkaSettings settings, LogStore store, InstantSource clock, Consumer<List<KafkaRow>> stored) {
        return start(settings, store, clock, stored, _ -> {}, Telemetry.none().tracer());
    }

    /// How many rows were given to the store since the start.
    public long rows() {
        return rows.get();
    }

    /// How many records could not be read since the start.
    public long aside() {
        return aside.get();
    }

    /// How many records Kafka had taken and could not be stored since the start.
    public long lost(Gap.Cause cause) {
        return Objects.requireNonNull(losses.get(cause)).get();
    }

    /// Why nothing is being stored at the moment; null if it is.
    public synchronized @Nullable String trouble() {
        return trouble;
    }

    // An owner loop: whatever fails is tried again, from where the store is.
    private void run() {
        while (stop.getCount() > 0) {
            try {
                follow();
            } catch (WakeupException | InterruptedException e) {
                // Both mean that it is to end.
                return;
            } catch (KafkaException | StoreException e) {
                report(e);
                pause();
            } catch (IllegalStateException | IllegalArgumentException e) {
                // What Kafka's client and our own code throw for a fault of ours.
                log.atError().setCause(e).log("Ingester failed, starting again");
                pause();
            }
        }
    }

    private void follow() throws StoreException, InterruptedException {
        try (var open = new KafkaConsumer<byte[], byte[]>(settings.consumer());
                var kafka = new TopicLookup(settings);
                var poison = new Aside(settings)) {
            synchronized (this) {
                consumer = open;
            }
            var batch = new Batch(source(open, kafka));
            traces.clear();
            reading = batch.source.name();
            open.subscribe(List.of(settings.topic()), new Assignment(open, batch));
            while (stop.getCount() > 0) {
                var records = poll(open, batch, poison);
                for (var partition : records.partitions()) {
                    read(partition, records.records(partition), batch, poison);
                }
                if (batch.isFull() || (batch.isDue(clock, store.pace()) && !isMoreToCome(open, batch))) {
                    poison.flush();
                    flush(open, batch);
                }
            }
            flush(open, batch);
        } finally {
            synchronized (this) {
                consumer = null;
            }
        }
    }

    // Rows of another topic under the name of this one would be taken for those that are stored. One that was made anew
    // in the same cluster is begun from its start, under a name of its own; another cluster is never read.
    private Source source(KafkaConsumer<byte[], byte[]> open, TopicLookup kafka)
            throws StoreException, InterruptedException {
        var now = kafka.now();
        var name = settings.topic();
        var known = new TreeMap<>(store.topics());
        known.keySet().removeIf(each -> !each.equals(name) && !each.startsWith(name + ANEW));
        for (var each : known.entrySet()) {
            if (each.getValue().equals(now)) {
                return new Source(each.getKey(), now, kafka);
            }
        }
        if (known.isEmpty()) {
            begin(open, name, now);
            return new Source(name, now, kafka);
        }
        if (known.values().stream().noneMatch(each -> each.cluster().equals(now.cluster()))) {
            throw new KafkaException("cluster \"" + now.cluster() + "\" answers, and the stored rows of topic \"" + name
                    + "\" are of cluster \"" + known.firstEntry().getValue().cluster()
                    + "\" (expected: that one; to go on with this one, a topic of another name, or a store without"
                    + " rows)");
        }
        var anew = name + ANEW + now.id();
        log.atError()
                .addKeyValue("topic", name)
                .addKeyValue("id", now.id())
                .addKeyValue("stored", stored(known.keySet()))
                .log("Topic was made anew, what it had and was not stored is lost; the new one is read from its start");
        store.identify(anew, now);
        for (var gap : seen()) {
            count(gap);
        }
        ends.clear();
        return new Source(anew, now, kafka);
    }

    // A store of before topics were told apart does not know which it has: at least its rows have to be there.
    private void begin(KafkaConsumer<byte[], byte[]> open, String name, TopicIdentity now) throws StoreException {
        var stored = new HashMap<TopicPartition, Long>();
        store.next(name).forEach((partition, next) -> stored.put(new TopicPartition(name, partition), next));
        var last = stored.isEmpty() ? Map.<TopicPartition, Long>of() : open.endOffsets(stored.keySet());
        stored.forEach((partition, next) -> refuse(partition, next, last.getOrDefault(partition, 0L)));
        store.identify(name, now);
    }

    private Map<String, Map<Integer, Long>> stored(Collection<String> names) throws StoreException {
        var stored = new TreeMap<String, Map<Integer, Long>>();
        for (var name : names) {
            stored.put(name, store.next(name));
        }
        return stored;
    }

    // What is known of the topic that is gone: what Kafka had when it was read last, if that was by this process.
    private List<Gap> seen() throws StoreException {
        var gaps = new ArrayList<Gap>();
        var stored = reading == null ? Map.<Integer, Long>of() : store.next(reading);
        ends.forEach((partition, end) -> {
            var next = stored.getOrDefault(partition.partition(), 0L);
            if (end > next) {
                gaps.add(new Gap(partition, next, end, Gap.Cause.TOPIC_GONE, second(partition)));
            }
        });
        return gaps;
    }

    private long second(TopicPartition partition) {
        return seconds.getOrDefault(partition, clock.millis() / 1_000);
    }

    // Whether Kafka has enough for a whole batch, as its last answers have told.
    private boolean isMoreToCome(KafkaConsumer<byte[], byte[]> open, Batch batch) {
        if (batch.isDue(clock, MAX_WAIT)) {
            return false;
        }
        var lag = 0L;
        for (var partition : open.assignment()) {
            lag += open.currentLag(partition).orElse(0);
        }
        return batch.rows.size() + lag >= MAX_BATCH;
    }

    private ConsumerRecords<byte[], byte[]> poll(KafkaConsumer<byte[], byte[]> open, Batch batch, Aside poison)
            throws StoreException, InterruptedException {
        try {
            return open.poll(POLL);
        } catch (OffsetOutOfRangeException e) {
            var wanted = e.offsetOutOfRangePartitions();
            var begins = open.beginningOffsets(wanted.keySet());
            var ends = open.endOffsets(wanted.keySet());
            for (var one : wanted.entrySet()) {
                passOver(
                        open,
                        batch,
                        one.getKey(),
                        one.getValue(),
                        begins.getOrDefault(one.getKey(), 0L),
                        ends.getOrDefault(one.getKey(), 0L));
            }
            return ConsumerRecords.empty();
        } catch (KafkaException e) {
            var damage = Damage.of(e).orElseThrow(() -> e);
            if (isGivenUp(damage.partition(), open.position(damage.partition()))) {
                passOver(open, batch, poison, damage, e);
                return ConsumerRecords.empty();
            }
            // What came before it, a gap perhaps, is stored first: the next try begins where the store is.
            poison.flush();
            flush(open, batch);
            throw e;
        }
    }

    private boolean isGivenUp(TopicPartition partition, long offset) {
        var known = failures.get(partition);
        var count = known == null || known.offset() != offset ? 1 : known.count() + 1;
        failures.put(partition, new Failures(offset, count));
        return count >= TRIES;
    }

    // What is damaged on Kafka's disk is counted, said and noted aside by its offsets; then it goes on behind that.
    private void passOver(
            KafkaConsumer<byte[], byte[]> open, Batch batch, Aside poison, Damage damage, KafkaException failure) {
        var partition = damage.partition();
        var first = open.position(partition);
        long next;
        try (var probe = new Damage.Probe(settings)) {
            next = probe.behind(damage, first);
        }
        if (next > first) {
            log.atError()
                    .addKeyValue("partition", partition)
                    .addKeyValue("first", first)
                    .addKeyValue("last", next - 1)
                    .setCause(failure)
                    .log("Rows are damaged on Kafka's disk and are passed over");
            poison.put(partition.partition(), first, next - 1, String.valueOf(failure.getMessage()));
            gap(batch, partition, first, next, Gap.Cause.CORRUPT);
        }
        failures.remove(partition);
        open.seek(partition, next);
    }

    private void gap(Batch batch, TopicPartition partition, long first, long next, Gap.Cause cause) {
        batch.touched(clock);
        batch.next.put(partition.partition(), next);
        batch.gaps.add(new Gap(partition, first, next, cause, second(partition)));
    }

    // What Kafka has deleted before it was read is counted and said, then it goes on behind that. A partition that ends
    // before what is stored of it is another one: its rows would be taken for those that are there.
    private void passOver(
            KafkaConsumer<byte[], byte[]> open,
            Batch batch,
            TopicPartition partition,
            long wanted,
            long begin,
            long end) {
        refuse(partition, wanted, end);
        log.atError()
                .addKeyValue("partition", partition)
                .addKeyValue("first", wanted)
                .addKeyValue("last", begin - 1)
                .log("Rows were deleted in Kafka before they were stored");
        gap(batch, partition, wanted, begin, Gap.Cause.DELETED);
        open.seek(partition, begin);
    }

    private static void refuse(TopicPartition partition, long wanted, long end) {
        if (wanted > end) {
            throw new KafkaException(partition + " ends at offset " + end + ", and rows up to " + wanted
                    + " of it are stored: it was made anew, or is another cluster's, or Kafka has lost its end"
                    + " (expected: the topic that the stored rows came from; else a topic of another name, or a store"
                    + " without rows)");
        }
    }

    private void read(
            TopicPartition partition, List<ConsumerRecord<byte[], byte[]>> records, Batch batch, Aside poison) {
        batch.touched(clock);
        for (var record : records) {
            read(record, batch, poison);
        }
        var last = records.getLast();
        batch.next.put(partition.partition(), last.offset() + 1);
        seconds.put(partition, last.timestamp() / 1_000);
    }

    private void read(ConsumerRecord<byte[], byte[]> record, Batch batch, Aside poison) {
        try {
            var entry = Records.entry(record);
            batch.rows.add(new KafkaRow(batch.source.name(), record.partition(), record.offset(), entry));
            batch.bytes += record.value().length;
            traces.read(entry.getOrigin().getTrace(), record.partition(), record.offset(), record.timestamp());
        } catch (InvalidProtocolBufferException e) {
            aside.incrementAndGet();
            poison.put(record, String.valueOf(e.getMessage()));
        }
    }

    private void flush(KafkaConsumer<byte[], byte[]> open, Batch batch) throws StoreException, InterruptedException {
        if (batch.next.isEmpty()) {
            return;
        }
        if (!batch.source.kafka().isStill(batch.source.identity())) {
            throw new KafkaException("topic \"" + settings.topic() + "\" was made anew while it was read");
        }
        ends.putAll(ends(open, batch));
        traces.stored(batch.rows.size(), () -> store.append(batch.source.name(), batch.rows, batch.next));
        batch.gaps.forEach(this::count);
        rows.addAndGet(batch.rows.size());
        report(null);
        stored.accept(List.copyOf(batch.rows));
        var offsets = new TreeMap<Integer, Long>(batch.next);
        batch.clear();
        open.commitAsync(lag(offsets), (_, _) -> {});
    }

    private void count(Gap gap) {
        Objects.requireNonNull(losses.get(gap.cause())).addAndGet(gap.rows());
        lost.accept(gap);
    }

    // Where the partitions of a batch end, as Kafka's last answers have told.
    private Map<TopicPartition, Long> ends(KafkaConsumer<byte[], byte[]> open, Batch batch) {
        var found = new HashMap<TopicPartition, Long>();
        batch.next.forEach((number, next) -> {
            var partition = new TopicPartition(settings.topic(), number);
            var lag = open.assignment().contains(partition) ? open.currentLag(partition) : OptionalLong.empty();
            found.put(partition, next + lag.orElse(0));
        });
        return found;
    }

    private Map<TopicPartition, OffsetAndMetadata> lag(Map<Integer, Long> offsets) {
        var lag = new HashMap<TopicPartition, OffsetAndMetadata>();
        offsets.forEach((partition, offset) ->
                lag.put(new TopicPartition(settings.topic(), partition), new OffsetAndMetadata(offset)));
        return lag;
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
            trouble = failure instanceof KafkaException
                    ? settings.trouble(failure)
                    : String.valueOf(failure.getMessage());
        }
        log.atWarn().setCause(failure).log("Rows are not being stored, they wait in Kafka");
    }

    private void pause() {
        try {
            stop.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        stop.countDown();
        synchronized (this) {
            if (consumer != null) {
                consumer.wakeup();
            }
        }
        try {
            thread.join(Duration.ofSeconds(10));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// What is to be stored next.
    private static final class Batch {
        private final Source source;
        private final List<KafkaRow> rows = new ArrayList<>();
        private final TreeMap<Integer, Long> next = new TreeMap<>();
        private final List<Gap> gaps = new ArrayList<>();
        private long bytes;
        private long sinceMillis = -1;

        Batch(Source source) {
            this.source = source;
        }

        void touched(InstantSource clock) {
            if (sinceMillis < 0) {
                sinceMillis = clock.millis();
            }
        }

        boolean isFull() {
            return rows.size() >= MAX_BATCH || bytes >= MAX_BYTES;
        }

        boolean isDue(InstantSource clock, Duration wait) {
            return sinceMillis >= 0 && clock.millis() - sinceMillis >= wait.toMillis();
        }

        void clear() {
            rows.clear();
            next.clear();
            gaps.clear();
            bytes = 0;
            sinceMillis = -1;
        }
    }

    /// Goes on where the store is when partitions come, and forgets what was read of those that go.
    private final class Assignment implements ConsumerRebalanceListener {

        private final KafkaConsumer<byte[], byte[]> open;
        private final Batch batch;

        Assignment(KafkaConsumer<byte[], byte[]> open, Batch batch) {
            this.open = open;
            this.batch = batch;
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            try {
                var next = store.next(batch.source.name());
                for (var partition : partitions) {
                    var offset = next.get(partition.partition());
                    if (offset == null) {
                        open.seekToBeginning(List.of(partition));
                    } else {
                        open.seek(partition, offset);
                    }
                }
            } catch (StoreException e) {
                throw new KafkaException("the store does not say where to go on", e);
            }
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            // Whoever gets them starts where the store is, so what is not stored yet must not be stored by us.
            batch.clear();
            traces.clear();
            var kept = new ArrayList<>(open.assignment());
            kept.removeAll(partitions);
            if (!kept.isEmpty()) {
                onPartitionsAssigned(kept);
            }
        }
    }
}
