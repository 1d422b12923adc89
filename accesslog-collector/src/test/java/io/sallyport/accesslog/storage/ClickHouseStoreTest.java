package io.sallyport.accesslog.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.rollup.RollupQuestion;
import io.sallyport.accesslog.testing.Rows;
import io.sallyport.accesslog.testing.TestClickHouse;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClickHouseStoreTest extends LogStoreContract {

    private static final LogStore.ReadBounds BOUNDS = new LogStore.ReadBounds(1_000_000, 30);

    @TempDir
    Path folder;

    private Instant now = Rows.START;
    private final ClickHouseSettings settings;

    ClickHouseStoreTest() throws Exception {
        settings = TestClickHouse.database();
    }

    @Override
    LogStore open() throws Exception {
        return ClickHouseStore.open(settings, () -> now, KafkaSettings.TOPIC);
    }

    private static List<KafkaRow> rows(int from, int to) {
        var rows = new ArrayList<KafkaRow>();
        for (var i = from; i < to; i++) {
            rows.add(new KafkaRow(0, i, Rows.row(Rows.START, "r" + i).build()));
        }
        return rows;
    }

    private static List<Long> offsets(LogStore store) throws Exception {
        var found = new ArrayList<Long>();
        var sql = new Sql(
                "SELECT kafka_offset FROM ", " ORDER BY kafka_offset", List.of(), Long.MIN_VALUE, Long.MAX_VALUE);
        store.read(sql, BOUNDS, values -> found.add((long) values.getFirst()));
        return found;
    }

    private static List<Long> upTo(long end) {
        return java.util.stream.LongStream.range(0, end).boxed().toList();
    }

    @Test
    @Tag("F11")
    void aCollectorThatWasTakenForDeadStoresNothingTwice() throws Exception {
        try (var late = open();
                var other = open()) {
            late.append(KafkaSettings.TOPIC, rows(0, 10), Map.of(0, 10L));
            assertThat(other.next(KafkaSettings.TOPIC)).containsEntry(0, 10L);
            other.append(KafkaSettings.TOPIC, rows(10, 25), Map.of(0, 25L));

            // It had read as far as this, in other portions, when its partition was given away.
            late.append(KafkaSettings.TOPIC, rows(10, 18), Map.of(0, 18L));
            late.append(KafkaSettings.TOPIC, rows(18, 40), Map.of(0, 40L));
            other.append(KafkaSettings.TOPIC, rows(25, 30), Map.of(0, 30L));
            other.append(KafkaSettings.TOPIC, rows(30, 50), Map.of(0, 50L));

            assertThat(offsets(other)).isEqualTo(upTo(50));
            assertThat(late.next(KafkaSettings.TOPIC))
                    .isEqualTo(other.next(KafkaSettings.TOPIC))
                    .containsEntry(0, 50L);
        }
    }

    @Test
    @Tag("F11")
    void aBatchThatArrivesAfterItsSuccessorWasReadIsOneOfTwo() throws Exception {
        try (var store = open();
                var server = new ClickHouseServer(settings)) {
            store.append(KafkaSettings.TOPIC, rows(0, 10), Map.of(0, 10L));
            var sentBeforeTheKill = batch(10, 30);
            var sentAfterIt = batch(10, 22);
            var token = "sallyport-" + KafkaSettings.TOPIC + "-0-10";
            insert(server, sentAfterIt, token);
            insert(server, sentBeforeTheKill, token);

            assertThat(store.next(KafkaSettings.TOPIC)).containsEntry(0, 22L);
            assertThat(offsets(store)).isEqualTo(upTo(22));
        }
    }

    @Test
    @Tag("F11")
    void aTokenWithoutRowsIsNoReasonToLoseThem() throws Exception {
        try (var store = open();
                var server = new ClickHouseServer(settings)) {
            store.append(KafkaSettings.TOPIC, rows(0, 10), Map.of(0, 10L));
            // As an engine leaves it that dies between the two.
            var other = new KafkaRow(7, 3, Rows.row(Rows.START, "other").build());
            insert(
                    server,
                    new ClickHouseBatch(
                            new Place(KafkaSettings.TOPIC, 7), 0, 4, ClickHouseBatch.day(other), List.of(other)),
                    "sallyport-" + KafkaSettings.TOPIC + "-0-10");

            store.append(KafkaSettings.TOPIC, rows(10, 20), Map.of(0, 20L));

            assertThat(store.next(KafkaSettings.TOPIC)).containsEntry(0, 20L);
            assertThat(offsets(store)).hasSize(21);
        }
    }

    private static ClickHouseBatch batch(int from, int to) {
        var rows = rows(from, to);
        return new ClickHouseBatch(
                new Place(KafkaSettings.TOPIC, 0), from, to, ClickHouseBatch.day(rows.getFirst()), rows);
    }

    private void insert(ClickHouseServer server, ClickHouseBatch batch, String token) throws Exception {
        server.insert(ClickHouseSchema.ROWS, ClickHouseSchema.columns(), batch.bytes(now), token);
    }

    @Test
    @Tag("F11")
    void anEngineThatIsKilledInTheMiddleOfBatchesHasEveryRowOnce() throws Exception {
        var random = new Random();
        var seed = random.nextInt(1_000_000);
        random.setSeed(seed);
        var rounds = Boolean.getBoolean("sallyport.nightly") ? 50 : 3;
        try (var engine = TestClickHouse.start(folder)) {
            var own = engine.settings();
            var target = 0;
            for (var round = 0; round < rounds; round++) {
                target += 8_000;
                killWhileItStores(engine, own, target, random);
                engine.again();
            }
            try (var store = ClickHouseStore.open(own, () -> now, KafkaSettings.TOPIC)) {
                store(store, target);

                assertThat(offsets(store)).as("offsets, seed " + seed).isEqualTo(upTo(target));
            }
        }
    }

    // One writer goes on until its engine is gone.
    private void killWhileItStores(TestClickHouse engine, ClickHouseSettings own, int target, Random random)
            throws Exception {
        var killed = new AtomicInteger();
        try (var store = ClickHouseStore.open(own, () -> now, KafkaSettings.TOPIC)) {
            var begun =
                    random.nextInt(6) * 1_000L + store.next(KafkaSettings.TOPIC).getOrDefault(0, 0L);
            var killer = Thread.ofVirtual().unstarted(() -> {
                try {
                    engine.kill();
                    killed.incrementAndGet();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            assertThatThrownBy(() -> {
                        for (var from = store.next(KafkaSettings.TOPIC)
                                        .getOrDefault(0, 0L)
                                        .intValue();
                                from < target;
                                from += 1_000) {
                            if (from >= begun && killer.getState() == Thread.State.NEW) {
                                killer.start();
                            }
                            store.append(KafkaSettings.TOPIC, rows(from, from + 1_000), Map.of(0, from + 1_000L));
                        }
                        killer.join();
                        store.next(KafkaSettings.TOPIC);
                    })
                    .isInstanceOf(StoreException.class);
            killer.join(Duration.ofSeconds(60));
            assertThat(killed).hasValue(1);
        }
    }

    // From where the store is, in other portions than before.
    private static void store(LogStore store, int end) throws Exception {
        for (var from = store.next(KafkaSettings.TOPIC).getOrDefault(0, 0L).intValue(); from < end; ) {
            var to = Math.min(end, from + 1_700);
            store.append(KafkaSettings.TOPIC, rows(from, to), Map.of(0, (long) to));
            from = to;
        }
    }

    @Test
    void oldRowsGoAndWhereToGoOnStays() throws Exception {
        now = Instant.parse("2001-01-01T00:00:00Z");
        var known = TestClickHouse.database();
        var brief = new ClickHouseSettings(
                known.url(),
                known.user(),
                known.password(),
                known.database(),
                Optional.empty(),
                Duration.ofDays(3),
                1_024);
        try (var store = ClickHouseStore.open(known, () -> now, KafkaSettings.TOPIC)) {
            store.append(KafkaSettings.TOPIC, rows(0, 10), Map.of(0, 10L));
            now = now.plusSeconds(120);
            store.append(KafkaSettings.TOPIC, rows(10, 12), Map.of(0, 12L));
        }
        try (var store = ClickHouseStore.open(brief, () -> now, KafkaSettings.TOPIC);
                var server = new ClickHouseServer(brief)) {
            await("rows that are too old").atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
                server.execute("OPTIMIZE TABLE " + ClickHouseSchema.ROWS + " FINAL");
                assertThat(offsets(store)).isEmpty();
            });
            assertThat(store.next(KafkaSettings.TOPIC)).containsEntry(0, 12L);
            now = InstantSource.system().instant();
            store.append(KafkaSettings.TOPIC, rows(12, 14), Map.of(0, 14L));
            assertThat(store.next(KafkaSettings.TOPIC)).containsEntry(0, 14L);
            assertThat(offsets(store)).containsExactly(12L, 13L);
        }
    }

    @Test
    void whatIsNoRowIsNotReadAgain() throws Exception {
        try (var store = open()) {
            store.append(KafkaSettings.TOPIC, rows(0, 3), Map.of(0, 3L));
            store.append(KafkaSettings.TOPIC, List.of(), Map.of(0, 9L));
        }
        try (var store = open()) {
            assertThat(store.next(KafkaSettings.TOPIC)).containsEntry(0, 9L);
            store.append(KafkaSettings.TOPIC, rows(9, 12), Map.of(0, 12L));
            assertThat(offsets(store)).containsExactly(0L, 1L, 2L, 9L, 10L, 11L);
        }
    }

    @Test
    void dashboardsReadTheSumsAndNotTheRows() throws Exception {
        var day = 24 * 3_600_000_000L;
        var from = Math.floorDiv(Rows.START.getEpochSecond() * 1_000_000, day) * day;
        try (var store = open();
                var server = new ClickHouseServer(settings)) {
            // Of fewer rows than three of its blocks ClickHouse reads them all as cheaply.
            store.append(KafkaSettings.TOPIC, rows(0, 25_000), Map.of(0, 25_000L));
            for (var named : Map.of(
                            "response.class", "sums_of_classes",
                            "request.host", "sums_of_hosts",
                            "xds.route_name", "sums_of_routes",
                            "config.object", "sums_of_objects")
                    .entrySet()) {
                for (var namespaces : List.of(
                        Optional.<SortedSet<String>>empty(),
                        Optional.<SortedSet<String>>of(new TreeSet<>(List.of("shop"))))) {
                    for (var bar : List.of(0L, day)) {
                        var question = new RollupQuestion(named.getKey(), from, from + day, bar, namespaces, 10);

                        assertThat(plan(server, ClickHouseSums.statement(question)))
                                .as("plan of " + question)
                                .contains(named.getValue());
                    }
                }
            }
            var byCode = "SELECT response_code, count() FROM " + ClickHouseSchema.ROWS + " GROUP BY response_code";
            assertThat(plan(server, new ClickHouseSums.Statement(byCode, List.of())))
                    .doesNotContain("sums_of_");
        }
    }

    private static String plan(ClickHouseServer server, ClickHouseSums.Statement statement) throws Exception {
        var lines = new ArrayList<String>();
        server.read(
                "EXPLAIN indexes = 1, projections = 1 " + statement.sql(),
                statement.parameters(),
                BOUNDS,
                values -> lines.add((String) values.getFirst()));
        return String.join("\n", lines);
    }

    @Test
    @Tag("V20")
    void aServerThatIsAwayIsNamedWithoutThePassword() throws Exception {
        int port;
        try (var socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        var away = new ClickHouseSettings(
                URI.create("http://127.0.0.1:" + port), "sallyport", TestClickHouse.PASSWORD, "logs");

        assertThatThrownBy(() -> ClickHouseStore.open(away, () -> now, KafkaSettings.TOPIC))
                .isInstanceOf(StoreException.class)
                .hasMessage("ClickHouse at http://127.0.0.1:" + port + ", database \"logs\", does not answer");
        assertThat(away.toString()).doesNotContain(TestClickHouse.PASSWORD).contains("[redacted]");
    }

    @Test
    @Tag("V20")
    void aWrongPasswordIsAnErrorThatDoesNotSayIt() throws Exception {
        var known = TestClickHouse.database();
        var wrong = new ClickHouseSettings(known.url(), known.user(), "not-the-password", known.database());

        assertThatThrownBy(() -> ClickHouseStore.open(wrong, () -> now, KafkaSettings.TOPIC))
                .isInstanceOf(StoreException.class)
                .hasMessage("ClickHouse at " + known.url() + ", database \"" + known.database()
                        + "\", answers with its error 516");
    }

    @Test
    void tablesOfANewerSallyportAreLeftAlone() throws Exception {
        try (var _ = open();
                var server = new ClickHouseServer(settings)) {
            server.execute("INSERT INTO accesslog_schema SELECT 99, now()");

            assertThatThrownBy(this::open)
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("tables of version 99")
                    .hasMessageContaining("expected: at most 2");
        }
    }

    @Test
    @Tag("F11")
    void tablesOfBeforeTopicsWereToldApartGoOn() throws Exception {
        var home = KafkaSettings.TOPIC;
        try (var store = open();
                var server = new ClickHouseServer(settings)) {
            store.append(home, rows(0, 10), Map.of(0, 12L));
            // As an older Sallyport has left it.
            for (var statement : List.of(
                    "ALTER TABLE accesslog_rows DROP PROJECTION ends_of_topics SETTINGS mutations_sync = 2",
                    "ALTER TABLE accesslog_rows DROP COLUMN kafka_topic SETTINGS mutations_sync = 2",
                    "ALTER TABLE accesslog_rows ADD PROJECTION ends (SELECT day, kafka_partition, origin_spool,"
                            + " max(batch_next), max((origin_attempt, origin_sequence)) GROUP BY day,"
                            + " kafka_partition, origin_spool)",
                    "CREATE TABLE accesslog_offsets (kafka_partition Int32, next Int64)"
                            + " ENGINE = ReplacingMergeTree(next) ORDER BY kafka_partition",
                    "INSERT INTO accesslog_offsets VALUES (0, 12), (3, 4)",
                    "DROP TABLE accesslog_topic_offsets",
                    "DROP TABLE accesslog_topics",
                    "TRUNCATE TABLE accesslog_schema",
                    "INSERT INTO accesslog_schema SELECT 1, now()")) {
                server.execute(statement);
            }
        }
        try (var store = open();
                var other = ClickHouseStore.open(settings, () -> now, "moved");
                var server = new ClickHouseServer(settings)) {
            assertThat(store.next(home)).containsExactly(Map.entry(0, 12L), Map.entry(3, 4L));
            // What a collector of before sends late has the token of before.
            var rest = batch(12, 15);
            insert(server, rest, "sallyport-0-12");
            store.append(home, rows(12, 20), Map.of(0, 20L));
            other.append("moved", rows(0, 3), Map.of(0, 3L));

            assertThat(store.next(home)).containsEntry(0, 20L);
            assertThat(store.next("moved")).containsExactly(Map.entry(0, 3L));
            assertThat(offsets(store))
                    .containsExactly(
                            0L, 0L, 1L, 1L, 2L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 12L, 13L, 14L, 15L, 16L, 17L, 18L, 19L);
        }
    }

    @Test
    void aColumnThatAnOlderSallyportDidNotHaveIsAdded() throws Exception {
        try (var store = open();
                var server = new ClickHouseServer(settings)) {
            store.append(KafkaSettings.TOPIC, rows(0, 1), Map.of(0, 1L));
            server.execute("ALTER TABLE accesslog_rows DROP COLUMN tls_cipher");
        }
        try (var store = open()) {
            var found = new ArrayList<Object>();
            var sql = new Sql("SELECT tls_cipher FROM ", "", List.of(), Long.MIN_VALUE, Long.MAX_VALUE);
            store.read(sql, BOUNDS, found::addAll);
            assertThat(found).containsExactly("");
        }
    }

    @Test
    @Tag("V21")
    @Tag("H83")
    void aQuestionThatTakesTooLongIsEndedByTheEngine() throws Exception {
        try (var store = open()) {
            var endless = new Sql(
                    "SELECT count(*) FROM numbers(10000000000000) n LEFT JOIN ",
                    " r ON n.number = r.kafka_offset WHERE sipHash64(n.number) = 1",
                    List.of(),
                    Long.MIN_VALUE,
                    Long.MAX_VALUE);

            assertThatThrownBy(() -> store.read(endless, new LogStore.ReadBounds(10, 1), _ -> true))
                    .isInstanceOf(BoundExceededException.class)
                    .hasMessageContaining("more than 1 s of work");
        }
    }

    @ParameterizedTest
    @Tag("V20")
    @ValueSource(
            strings = {
                "http://user:secret@clickhouse:8123",
                "http://clickhouse:8123/?password=secret",
                "http://clickhouse:8123/path",
                "ftp://clickhouse",
                "clickhouse:8123",
                "http:///nohost"
            })
    void anAddressHoldsNothingButAnAddress(String url) {
        assertThatThrownBy(() -> new ClickHouseSettings(URI.create(url), "u", "p", "logs"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected: https://HOST:PORT")
                .hasMessageNotContaining("secret");
    }

    @ParameterizedTest
    @Tag("V21")
    @ValueSource(strings = {"", "a b", "logs`; DROP TABLE x", "1", "a.b"})
    void aDatabaseIsAPlainName(String name) {
        assertThatThrownBy(() -> new ClickHouseSettings(URI.create("http://ch:1"), "u", "p", name))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected: letters, digits");
    }
}
