package io.sallyport.accesslog.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sallyport.accesslog.queue.Spool;
import io.sallyport.accesslog.queue.SpoolSender;
import io.sallyport.accesslog.storage.DuckSettings;
import io.sallyport.accesslog.storage.LogStore;
import io.sallyport.accesslog.storage.Sql;
import io.sallyport.accesslog.storage.StoreSettings;
import io.sallyport.accesslog.testing.CollectorProgram;
import io.sallyport.accesslog.testing.TestBroker;
import io.sallyport.accesslog.testing.TestClickHouse;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Kills everything between the spool and the store, again and again, and counts.
@Tag("F11")
class RowsExactlyOnceTest {

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final int ROUNDS = Boolean.getBoolean("sallyport.nightly") ? 50 : 3;

    @TempDir
    Path folder;

    @Test
    void everyRowThatTheSpoolTookIsStoredOnce() throws Exception {
        killAndCount(DuckSettings.local(folder.resolve("rows")), Map.of());
    }

    @Test
    void everyRowThatTheSpoolTookIsStoredOnceInClickHouseToo() throws Exception {
        var shared = TestClickHouse.database();
        killAndCount(shared, TestClickHouse.environment(shared));
    }

    private void killAndCount(StoreSettings settings, Map<String, String> environment) throws Exception {
        var seed = new Random().nextInt(1_000_000);
        var random = new Random(seed);
        var taken = new TreeMap<Integer, Long>();
        try (var broker = TestBroker.start(folder.resolve("kafka"))) {
            for (var round = 0; round < ROUNDS; round++) {
                taken.put(round, oneRound(broker, round, random, environment));
            }
            try (var store = settings.open(InstantSource.system());
                    var spool = Spool.open(folder.resolve("spool"), 256 << 20, random);
                    var _ = SpoolSender.start(spool, broker.settings());
                    var _ = Ingester.start(broker.settings(), store, InstantSource.system(), _ -> {})) {
                await("all of " + taken + " with seed " + seed).atMost(PATIENCE).untilAsserted(() -> {
                    assertThat(spool.pending()).as("rows in the spool").isZero();
                    assertThat(missing(store, taken))
                            .as("rows missing by round")
                            .isEmpty();
                });

                assertThat(number(store, "count(*)", ""))
                        .as("rows, seed " + seed)
                        .isEqualTo(number(store, "count(DISTINCT request_id)", ""))
                        .isEqualTo(number(store, "count(DISTINCT (kafka_partition, kafka_offset))", ""))
                        .isGreaterThanOrEqualTo(
                                taken.values().stream().mapToLong(each -> each).sum());
            }
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

    // Runs a collector until it has stored something and a while longer, kills it, and every other time the broker
    // too.
    private long oneRound(TestBroker broker, int round, Random random, Map<String, String> environment)
            throws Exception {
        var builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx512m",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        CollectorProgram.class.getName(),
                        folder.toString(),
                        broker.settings().bootstrapServers(),
                        String.valueOf(round))
                .redirectError(folder.resolve("collector-" + round + ".log").toFile());
        builder.environment().putAll(environment);
        var process = builder.start();
        var taken = new AtomicLong();
        var stored = new AtomicLong();
        try (var out = process.inputReader(StandardCharsets.UTF_8)) {
            var reader = Thread.ofVirtual().start(() -> follow(out, taken, stored));
            await("a stored row of round " + round)
                    .atMost(PATIENCE)
                    .until(() -> stored.get() > 0 || !process.isAlive());
            assertThat(process.isAlive())
                    .as("collector of round " + round + " runs")
                    .isTrue();
            var enough = taken.get() + random.nextInt(10_000);
            await("more rows of round " + round).atMost(PATIENCE).until(() -> taken.get() >= enough);
            if (round % 2 == 0) {
                broker.kill();
            }
            process.destroyForcibly().waitFor();
            reader.join(PATIENCE);
            if (round % 2 == 0) {
                broker.again();
            }
        } finally {
            process.destroyForcibly();
        }
        return taken.get();
    }

    private static void follow(BufferedReader out, AtomicLong taken, AtomicLong stored) {
        try {
            for (var line = out.readLine(); line != null; line = out.readLine()) {
                var words = line.split(" ");
                if (words.length == 4 && words[0].equals("taken")) {
                    taken.set(Long.parseLong(words[1]));
                    stored.set(Long.parseLong(words[3]));
                }
            }
        } catch (IOException e) {
            // It was killed.
        }
    }

    static long number(LogStore store, String what, String where) throws Exception {
        var found = new ArrayList<Object>();
        var sql = new Sql("SELECT " + what + " FROM ", where, List.of(), Long.MIN_VALUE, Long.MAX_VALUE);
        store.read(sql, new LogStore.ReadBounds(1, 30), found::addAll);
        return found.isEmpty() ? 0 : (long) found.getFirst();
    }
}
