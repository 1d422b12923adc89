package io.sallyport.accesslog.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.sallyport.accesslog.query.CelReader;
import io.sallyport.accesslog.query.Questions;
import io.sallyport.accesslog.query.Selection;
import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.queue.Spool;
import io.sallyport.accesslog.queue.SpoolSender;
import io.sallyport.accesslog.storage.ClickHouseSettings;
import io.sallyport.accesslog.storage.ClickHouseStore;
import io.sallyport.accesslog.storage.LogStore;
import io.sallyport.accesslog.storage.StoreException;
import io.sallyport.accesslog.testing.CollectorProcess;
import io.sallyport.accesslog.testing.Rows;
import io.sallyport.accesslog.testing.TestBroker;
import io.sallyport.accesslog.testing.TestClickHouse;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Collectors that share one ClickHouse, with a real Kafka in front: one dies with rows in its hands, one is
/// killed as a process, then the engine.
class SharedClickHouseTest {

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final int PARTITIONS = 4;
    private static final String OURS = " WHERE revision = 0";
    private static final String KILLED = " WHERE revision = 1";

    @TempDir
    Path folder;

    private final AtomicInteger made = new AtomicInteger();

    @Test
    @Tag("F11")
    @Tag("F14")
    void whoeverDiesEveryRowIsStoredOnce() throws Exception {
        try (var engine = TestClickHouse.start(folder);
                var broker = TestBroker.start(folder.resolve("kafka"));
                var spool = Spool.open(folder.resolve("spool"), 32 << 20, new Random(1))) {
            var kafka = new KafkaSettings(
                    broker.settings().bootstrapServers(), "shared", PARTITIONS, (short) 1, Optional.empty(), Map.of());
            var database = engine.settings();
            try (var sender = SpoolSender.start(spool, kafka);
                    var store = ClickHouseStore.open(database, InstantSource.system(), KafkaSettings.TOPIC)) {
                assertThat(sender.awaitTopics(PATIENCE.toMillis())).isTrue();
                oneOfTwoDies(
                        spool,
                        kafka,
                        store,
                        () -> ClickHouseStore.open(database, InstantSource.system(), KafkaSettings.TOPIC));
                oneOfTwoIsKilledAndTheEngineDies(engine, database, spool, kafka, store);
            }
        }
    }

    private interface Opening {
        LogStore open() throws Exception;
    }

    private void oneOfTwoDies(Spool spool, KafkaSettings kafka, LogStore store, Opening other) throws Exception {
        var isDead = new AtomicBoolean();
        try (var stays = Ingester.start(kafka, store, InstantSource.system(), _ -> {});
                var dying = new Dying(other.open(), isDead)) {
            // It goes on to hold its partitions, and stores nothing any more: as a process that hangs.
            var dies = Ingester.start(kafka, dying, InstantSource.system(), _ -> {});
            try {
                await("both have rows").atMost(PATIENCE).until(() -> {
                    offer(spool);
                    return stays.rows() > 0 && dies.rows() > 0;
                });
                isDead.set(true);
                offer(spool);
                await("rows in dead hands").atMost(PATIENCE).until(() -> {
                    offer(spool);
                    return dies.trouble() != null;
                });
            } finally {
                dies.close();
            }
            await("all rows").atMost(PATIENCE).until(() -> count(store, "count(*)") >= made.get());
        }
        assertEachOnce(store);
    }

    // The other one is a program of its own, killed while both are at work. Before Kafka has missed it the engine goes
    // as well, so that its partitions come to the one that is left while nobody can store anything.
    private void oneOfTwoIsKilledAndTheEngineDies(
            TestClickHouse engine, ClickHouseSettings database, Spool spool, KafkaSettings kafka, LogStore store)
            throws Exception {
        var other = folder.resolve("other");
        long taken;
        var followed = ConcurrentHashMap.<String>newKeySet();
        try (var stays = Ingester.start(
                kafka,
                store,
                InstantSource.system(),
                rows -> rows.forEach(row -> followed.add(row.entry().getRequestId())))) {
            try (var killed = CollectorProcess.start(other, kafka, 1, TestClickHouse.environment(database))) {
                await("both have rows").atMost(PATIENCE).until(() -> {
                    killed.mustRun();
                    offer(spool);
                    return stays.rows() > 0 && killed.stored() > 0;
                });
                killed.kill();
                taken = killed.taken();
            }
            engine.kill();
            offer(spool);
            await("why nothing is stored").atMost(PATIENCE).until(() -> stays.trouble() != null);

            assertThat(stays.trouble())
                    .contains("ClickHouse at http://127.0.0.1:", "does not answer")
                    .doesNotContain(TestClickHouse.PASSWORD);
            assertThatThrownBy(() -> new Questions(store).total(everything()))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("does not answer");

            engine.again();
            // What its spool had not sent yet.
            try (var left = Spool.open(other.resolve("spool"), 256 << 20, new Random(2));
                    var _ = SpoolSender.start(left, kafka)) {
                await("rows that the killed one had taken: " + taken)
                        .atMost(PATIENCE)
                        .until(() -> stored(store, KILLED + " AND request_bytes < " + taken) == taken);
                await("all other rows").atMost(PATIENCE).until(() -> stored(store, OURS) >= made.get());
                await("an end of the trouble").atMost(PATIENCE).until(() -> stays.trouble() == null);
                // Who follows sees what is stored from now on, of every partition.
                var first = made.get();
                offer(spool);
                await("rows of a live tail")
                        .atMost(PATIENCE)
                        .until(() -> IntStream.range(first, made.get()).allMatch(i -> followed.contains("s" + i)));
            }
        }
        assertEachOnce(store);
    }

    private static Selection everything() throws Exception {
        var from = Rows.START.getEpochSecond() * 1_000_000;
        return new Selection(new CelReader().read(""), from, from + 1_000_000, Optional.empty());
    }

    // -1: it does not say.
    private static long stored(LogStore store, String where) {
        try {
            return RowsExactlyOnceTest.number(store, "count(*)", where);
        } catch (Exception e) {
            return -1;
        }
    }

    private void assertEachOnce(LogStore store) throws Exception {
        assertThat(stored(store, OURS)).isEqualTo(made.get());
        assertThat(count(store, "count(*)"))
                .isEqualTo(count(store, "count(DISTINCT (kafka_partition, kafka_offset))"))
                .isEqualTo(count(store, "count(DISTINCT request_id)"));
    }

    private static long count(LogStore store, String what) throws Exception {
        return RowsExactlyOnceTest.number(store, what, "");
    }

    // Over all partitions.
    private void offer(Spool spool) {
        for (var key = 0; key < 16; key++) {
            var batch = new ArrayList<AccessLogEntry>();
            for (var i = 0; i < 10; i++) {
                batch.add(Rows.row(Rows.START, "s" + made.getAndIncrement()).build());
            }
            assertThat(spool.offer("ns/proxy-" + key, batch)).isEqualTo(10);
        }
    }

    /// The store of a collector that dies between what it reads and what it says: its last batch is stored, and it
    /// never learns that.
    private static final class Dying extends ForwardingStore {

        private final AtomicBoolean isDead;

        Dying(LogStore real, AtomicBoolean isDead) {
            super(real);
            this.isDead = isDead;
        }

        @Override
        public void append(
                String topic, java.util.List<io.sallyport.accesslog.storage.KafkaRow> rows, Map<Integer, Long> next)
                throws StoreException {
            super.append(topic, rows, next);
            if (isDead.get()) {
                throw new StoreException("gone", new IllegalStateException("gone"));
            }
        }
    }
}
