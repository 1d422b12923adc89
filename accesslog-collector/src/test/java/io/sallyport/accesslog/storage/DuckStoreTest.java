package io.sallyport.accesslog.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.Context;
import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.testing.Rows;
import io.sallyport.proto.accesslog.v1.Origin;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DuckStoreTest extends LogStoreContract {

    @TempDir
    Path folder;

    private Instant now = Rows.START;

    @Override
    LogStore open() throws Exception {
        return DuckStore.open(
                new DuckSettings(folder.resolve("rows"), 256, 2, Duration.ofDays(2), Long.MAX_VALUE),
                () -> now,
                KafkaSettings.TOPIC);
    }

    @Test
    @Tag("F11")
    void aFileOfBeforeTopicsWereToldApartGoesOn() throws Exception {
        var home = KafkaSettings.TOPIC;
        try (var store = open()) {
            store.append(home, List.of(sent(0, 1), sent(1, 2), sent(2, 3)), Map.of(0, 3L));
        }
        // As an older Sallyport has left it.
        try (var old = DriverManager.getConnection(
                        "jdbc:duckdb:" + folder.resolve("rows").resolve("rows-2026-11-21.duckdb"));
                var statement = old.createStatement()) {
            // Which does not open what a newer one has stored: it would store everything again.
            statement.execute("CREATE TABLE IF NOT EXISTS offsets (kafka_partition INTEGER PRIMARY KEY, next BIGINT)");
            assertThatThrownBy(() -> old.prepareStatement("SELECT kafka_partition, next FROM offsets")
                            .close())
                    .hasMessageContaining("\"kafka_partition\" not found");
            statement.execute("DROP VIEW offsets");
            statement.execute("ALTER TABLE rows DROP COLUMN kafka_topic");
            statement.execute("CREATE TABLE offsets (kafka_partition INTEGER PRIMARY KEY, next BIGINT)");
            statement.execute("INSERT INTO offsets SELECT kafka_partition, next FROM topic_offsets");
            statement.execute("CREATE TABLE origins (spool BIGINT, kafka_partition INTEGER, attempt INTEGER,"
                    + " sequence BIGINT, seen BIGINT, PRIMARY KEY (spool, kafka_partition))");
            statement.execute("INSERT INTO origins SELECT spool, kafka_partition, attempt, sequence, seen FROM"
                    + " topic_origins");
            statement.execute("CREATE TABLE summed (kafka_partition INTEGER PRIMARY KEY, next BIGINT)");
            statement.execute("INSERT INTO summed VALUES (0, 2)");
            for (var table : List.of("topic_offsets", "topic_origins", "sums_reach", "topics")) {
                statement.execute("DROP TABLE " + table);
            }
        }
        try (var store = open()) {
            assertThat(store.next(home)).containsExactly(Map.entry(0, 3L));
            assertThat(store.topics()).isEmpty();
            // What is there, what was sent again, and what is new; then another topic.
            store.append(home, List.of(sent(2, 3), sent(3, 3), sent(4, 4)), Map.of(0, 5L));
            store.append("other", List.of(sent(0, 1)), Map.of(0, 1L));

            assertThat(ids(store, Long.MIN_VALUE, Long.MAX_VALUE))
                    .containsExactlyInAnyOrder("s1", "s2", "s3", "s4", "s1");
            var topics = new ArrayList<Object>();
            var sql = new Sql(
                    "SELECT kafka_topic FROM ",
                    " GROUP BY kafka_topic ORDER BY kafka_topic",
                    List.of(),
                    Long.MIN_VALUE,
                    Long.MAX_VALUE);
            store.read(sql, new LogStore.ReadBounds(10, 10), topics::addAll);
            assertThat(topics).containsExactly("other", home);
        }
        try (var store = open()) {
            assertThat(store.next(home)).containsExactly(Map.entry(0, 5L));
            assertThat(store.next("other")).containsExactly(Map.entry(0, 1L));
        }
    }

    private static KafkaRow sent(long offset, long sequence) {
        var origin = Origin.newBuilder().setSpool(7).setSequence(sequence);
        return new KafkaRow(
                0,
                offset,
                Rows.row(Rows.START, "s" + sequence).setOrigin(origin).build());
    }

    @Test
    void eachDayHasItsFileAndOldOnesGo() throws Exception {
        try (var store = DuckStore.open(
                new DuckSettings(folder.resolve("days"), 256, 2, Duration.ofDays(2), Long.MAX_VALUE),
                () -> now,
                KafkaSettings.TOPIC)) {
            for (var day = 0; day < 5; day++) {
                now = Rows.START.plus(Duration.ofDays(day));
                store.append(
                        KafkaSettings.TOPIC,
                        List.of(new KafkaRow(0, day, Rows.row(now, "day-" + day).build())),
                        Map.of(0, day + 1L));
            }

            assertThat(ids(store, Long.MIN_VALUE, Long.MAX_VALUE)).containsExactly("day-2", "day-3", "day-4");
            assertThat(ids(store, micros(3), micros(4))).containsExactly("day-3");
            assertThat(store.next(KafkaSettings.TOPIC)).containsEntry(0, 5L);
            try (var files = Files.list(folder.resolve("days"))) {
                assertThat(files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".duckdb")))
                        .containsExactlyInAnyOrder(
                                "rows-2026-11-23.duckdb", "rows-2026-11-24.duckdb", "rows-2026-11-25.duckdb");
            }
        }
    }

    @Test
    @Tag("F11")
    void twoWritersMayBeginADayAtOnce() throws Exception {
        try (var store = DuckStore.open(
                        new DuckSettings(folder.resolve("two"), 256, 2, Duration.ofDays(100), Long.MAX_VALUE),
                        () -> now,
                        KafkaSettings.TOPIC);
                var writers = Executors.newFixedThreadPool(2)) {
            for (var day = 0; day < 10; day++) {
                now = Rows.START.plus(Duration.ofDays(day));
                long offset = day;
                var start = new CyclicBarrier(2);
                var done = new ArrayList<Future<?>>();
                for (var partition : List.of(0, 1)) {
                    var row = Rows.row(now, "row-%d-%d".formatted(day, partition));
                    done.add(writers.submit(() -> {
                        start.await(30, TimeUnit.SECONDS);
                        store.append(
                                KafkaSettings.TOPIC,
                                List.of(new KafkaRow(partition, offset, row.build())),
                                Map.of(partition, offset + 1));
                        return null;
                    }));
                }
                for (var each : done) {
                    each.get(30, TimeUnit.SECONDS);
                }
            }

            assertThat(ids(store, Long.MIN_VALUE, Long.MAX_VALUE)).hasSize(20);
        }
    }

    @Test
    void aClosedDayIsThereForOtherProcesses() throws Exception {
        var days = folder.resolve("closed");
        try (var store = DuckStore.open(
                new DuckSettings(days, 256, 2, Duration.ofDays(2), Long.MAX_VALUE), () -> now, KafkaSettings.TOPIC)) {
            store.append(
                    KafkaSettings.TOPIC,
                    List.of(new KafkaRow(0, 0, Rows.row(now, "first").build())),
                    Map.of(0, 1L));
            now = Rows.START.plus(Duration.ofDays(1));
            store.append(
                    KafkaSettings.TOPIC,
                    List.of(new KafkaRow(0, 1, Rows.row(now, "second").build())),
                    Map.of(0, 2L));
            var closed = days.resolve("parquet/rows-2026-11-21.parquet");
            await().atMost(Duration.ofSeconds(30)).until(() -> Files.exists(closed));

            assertThat(days.resolve("parquet/rows-2026-11-22.parquet")).doesNotExist();
            // While the store is open: its own files would not let another process in.
            try (var other = DriverManager.getConnection("jdbc:duckdb:");
                    var statement = other.createStatement();
                    var found = statement.executeQuery("SELECT request_id FROM '" + closed + "'")) {
                assertThat(found.next()).isTrue();
                assertThat(found.getString(1)).isEqualTo("first");
                assertThat(found.next()).isFalse();
            }
            now = Rows.START.plus(Duration.ofDays(9));
            store.append(
                    KafkaSettings.TOPIC,
                    List.of(new KafkaRow(0, 2, Rows.row(now, "last").build())),
                    Map.of(0, 3L));
            await().atMost(Duration.ofSeconds(30)).until(() -> !Files.exists(closed));
        }
    }

    private static long micros(int day) {
        return Rows.START.plus(Duration.ofDays(day)).minusSeconds(1).toEpochMilli() * 1_000;
    }

    private static List<String> ids(LogStore store, long from, long to) throws Exception {
        var ids = new ArrayList<String>();
        var sql = new Sql(
                "SELECT request_id FROM ",
                " WHERE start_time >= ? AND start_time < ? ORDER BY 1",
                List.of(from, to),
                from,
                to);
        store.read(sql, new LogStore.ReadBounds(100, 30), values -> ids.add((String) values.getFirst()));
        return ids;
    }

    @ParameterizedTest
    @Tag("V21")
    @Tag("H84")
    @ValueSource(
            strings = {
                "SELECT * FROM read_csv('/etc/passwd') x CROSS JOIN ",
                "SELECT * FROM read_text('/etc/hostname') x CROSS JOIN ",
                "SELECT * FROM glob('/etc/*') x CROSS JOIN ",
                "ATTACH '/tmp/sallyport-outside.duckdb' AS o; SELECT 1 FROM ",
                "COPY (SELECT 1) TO '/tmp/sallyport-outside.csv'; SELECT 1 FROM ",
                "SET enable_external_access = true; SELECT 1 FROM ",
                "INSTALL httpfs; SELECT 1 FROM ",
                "LOAD httpfs; SELECT 1 FROM "
            })
    void evenAStatementThatIsNotOursFindsNoDoor(String before) throws Exception {
        try (var store = DuckStore.open(DuckSettings.local(folder.resolve("doors")), () -> now, KafkaSettings.TOPIC)) {
            store.append(
                    KafkaSettings.TOPIC,
                    List.of(new KafkaRow(0, 0, Rows.row(now, "a").build())),
                    Map.of(0, 1L));
            var sql = new Sql(before, "", List.of(), Long.MIN_VALUE, Long.MAX_VALUE);

            assertThatThrownBy(() -> store.read(sql, new LogStore.ReadBounds(10, 10), _ -> true))
                    .isInstanceOf(StoreException.class)
                    .hasMessage("question cannot be answered by the store");
            assertThat(Path.of("/tmp/sallyport-outside.duckdb")).doesNotExist();
            assertThat(Path.of("/tmp/sallyport-outside.csv")).doesNotExist();
        }
    }

    @Test
    @Tag("V21")
    void aStatementStopsWhenItsCallerHangsUp() throws Exception {
        try (var store = open();
                var call = Context.current().withCancellation()) {
            store.append(
                    KafkaSettings.TOPIC,
                    List.of(new KafkaRow(0, 0, Rows.row(now, "a").build())),
                    Map.of(0, 1L));
            var months = ", range(1000000000) x, range(1000000000) y WHERE hash(x.range, y.range) = 1";
            var sql = new Sql("SELECT count(*) FROM ", months, List.of(), Long.MIN_VALUE, Long.MAX_VALUE);
            var asked = new FutureTask<>(call.wrap(() -> {
                store.read(sql, new LogStore.ReadBounds(10, 120), _ -> true);
                return "answered";
            }));
            var thread = Thread.ofPlatform().start(asked);
            await().atMost(Duration.ofMinutes(1))
                    .until(() -> Arrays.stream(thread.getStackTrace())
                            .anyMatch(frame -> frame.isNativeMethod()
                                    && frame.getClassName().endsWith("DuckDBNative")
                                    && frame.getMethodName().contains("execute")));

            call.cancel(null);

            assertThatThrownBy(() -> asked.get(1, TimeUnit.MINUTES))
                    .hasCauseInstanceOf(StoreException.class)
                    .hasMessageContaining("question was given up");
        }
    }
}
