package io.sallyport.accesslog.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.queue.Spool;
import io.sallyport.accesslog.queue.SpoolSender;
import io.sallyport.accesslog.storage.DuckSettings;
import io.sallyport.accesslog.storage.LogStore;
import io.sallyport.accesslog.storage.Sql;
import io.sallyport.accesslog.storage.StoreSettings;
import io.sallyport.accesslog.testing.CollectorProcess;
import io.sallyport.accesslog.testing.TestBroker;
import io.sallyport.accesslog.testing.TestClickHouse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Kills everything between the spool and the store, again and again, and counts: a collector with DuckDB and one with
/// ClickHouse at the same time, each with a topic of its own on one broker.
@Tag("F11")
class RowsExactlyOnceTest {

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final int ROUNDS = Boolean.getBoolean("sallyport.nightly") ? 50 : 3;

    @TempDir
    Path folder;

    /// A collector over its rounds.
    ///
    /// @param taken by round, rows that its spool had
    private record Line(
            String name,
            Path folder,
            StoreSettings store,
            Map<String, String> environment,
            TreeMap<Integer, Long> taken) {

        KafkaSettings kafka(TestBroker broker) {
            return new KafkaSettings(
                    broker.settings().bootstrapServers(), name, 2, (short) 1, Optional.of(name), Map.of());
        }

        CollectorProcess start(TestBroker broker, int round) throws Exception {
            return CollectorProcess.start(folder, kafka(broker), round, environment);
        }
    }

    @Test
    void everyRowThatTheSpoolTookIsStoredOnceInBothStores() throws Exception {
        var shared = TestClickHouse.database();
        var ofDuck = folder.resolve("duck");
        var duck = new Line("duck", ofDuck, DuckSettings.local(ofDuck.resolve("rows")), Map.of(), new TreeMap<>());
        var clickHouse = new Line(
                "clickhouse",
                folder.resolve("clickhouse"),
                shared,
                TestClickHouse.environment(shared),
                new TreeMap<>());
        var seed = new Random().nextInt(1_000_000);
        var random = new Random(seed);
        try (var broker = TestBroker.start(folder.resolve("kafka"))) {
            for (var round = 0; round < ROUNDS; round++) {
                oneRound(broker, round, random, duck, clickHouse);
            }
            for (var line : List.of(duck, clickHouse)) {
                count(broker, line, random, seed);
            }
        }
    }

    // Runs the collectors until both have stored something and a while longer, kills them, and every other time the
    // broker too.
    private static void oneRound(TestBroker broker, int round, Random random, Line one, Line two) throws Exception {
        try (var first = one.start(broker, round);
                var second = two.start(broker, round)) {
            await("stored rows of round " + round).atMost(PATIENCE).until(() -> {
                first.mustRun();
                second.mustRun();
                return first.stored() > 0 && second.stored() > 0;
            });
            var enoughOfFirst = first.taken() + random.nextInt(10_000);
            var enoughOfSecond = second.taken() + random.nextInt(10_000);
            await("more rows of round " + round)
                    .atMost(PATIENCE)
                    .until(() -> first.taken() >= enoughOfFirst && second.taken() >= enoughOfSecond);
            if (round % 2 == 0) {
                broker.kill();
            }
            first.kill();
            second.kill();
            one.taken().put(round, first.taken());
            two.taken().put(round, second.taken());
        }
        if (round % 2 == 0) {
            broker.again();
        }
    }

    private static void count(TestBroker broker, Line line, Random random, int seed) throws Exception {
        try (var store = line.store().open(InstantSource.system(), KafkaSettings.TOPIC);
                var spool = Spool.open(line.folder().resolve("spool"), 256 << 20, random);
                var _ = SpoolSender.start(spool, line.kafka(broker));
                var _ = Ingester.start(line.kafka(broker), store, InstantSource.system(), _ -> {})) {
            await("all of " + line.taken() + " with seed " + seed)
                    .atMost(PATIENCE)
                    .untilAsserted(() -> {
                        assertThat(spool.pending()).as("rows in the spool").isZero();
                        assertThat(missing(store, line.taken()))
                                .as("rows missing by round")
                                .isEmpty();
                    });

            assertThat(number(store, "count(*)", ""))
                    .as("rows of " + line.name() + ", seed " + seed)
                    .isEqualTo(number(store, "count(DISTINCT request_id)", ""))
                    .isEqualTo(number(store, "count(DISTINCT (kafka_partition, kafka_offset))", ""))
                    .isGreaterThanOrEqualTo(line.taken().values().stream()
                            .mapToLong(each -> each)
                            .sum());
        }
    }

    // Rounds of which a row that the spool took is not there.
    private static Map<Integer, Long> missing(LogStore store, Map<Integer, Long> taken) throws Exception {
        var missing = new TreeMap<Integer, Long>();
        for (var round : taken.entrySet()) {
            var found = number(
                    store,
                    "count(*)",
                    " WHERE revision = " + round.getKey() + " AND request_bytes < " + round.getValue());
            if (found < round.getValue()) {
                missing.put(round.getKey(), round.getValue() - found);
            }
        }
        return missing;
    }

    static long number(LogStore store, String what, String where) throws Exception {
        var found = new ArrayList<Object>();
        var sql = new Sql("SELECT " + what + " FROM ", where, List.of(), Long.MIN_VALUE, Long.MAX_VALUE);
        store.read(sql, new LogStore.ReadBounds(1, 30), found::addAll);
        return found.isEmpty() ? 0 : (long) found.getFirst();
    }
}
