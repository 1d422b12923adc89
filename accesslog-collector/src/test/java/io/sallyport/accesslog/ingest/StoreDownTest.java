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
import io.sallyport.accesslog.storage.BoundExceededException;
import io.sallyport.accesslog.storage.DuckSettings;
import io.sallyport.accesslog.storage.DuckStore;
import io.sallyport.accesslog.storage.KafkaRow;
import io.sallyport.accesslog.storage.LogStore;
import io.sallyport.accesslog.storage.Sql;
import io.sallyport.accesslog.storage.StoreException;
import io.sallyport.accesslog.testing.Rows;
import io.sallyport.accesslog.testing.TestBroker;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A store that is down, then slow: rows wait in Kafka and come when it is back, each once; questions say why.
@Tag("F14")
class StoreDownTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    // Eight seconds of processor time, without a shared archive of classes.
    private static final Duration A_PROCESS = Duration.ofMinutes(5);

    @TempDir
    Path folder;

    @Test
    void nothingIsLostWhileTheStoreIsDownAndQuestionsSayWhy() throws Exception {
        try (var broker = TestBroker.start(folder.resolve("kafka"));
                var real = DuckStore.open(
                        DuckSettings.local(folder.resolve("rows")), InstantSource.system(), KafkaSettings.TOPIC);
                var spool = Spool.open(folder.resolve("spool"), 8 << 20, new Random(1));
                var sender = SpoolSender.start(spool, broker.settings())) {
            var store = new Breakable(real);
            var questions = new Questions(store);
            assertThat(sender.awaitTopics(PATIENCE.toMillis())).isTrue();
            try (var ingester = Ingester.start(broker.settings(), store, InstantSource.system(), _ -> {})) {
                offer(spool, 0, 500);
                await().atMost(PATIENCE).until(() -> ingester.rows() == 500);
                store.reason = "rows cannot be stored: disk full";
                offer(spool, 500, 2_000);
                await().atMost(PATIENCE).until(() -> spool.pending() == 0 && ingester.trouble() != null);

                assertThat(ingester.trouble()).isEqualTo("rows cannot be stored: disk full");
                assertThat(ingester.rows()).isEqualTo(500);
                assertThatThrownBy(() -> questions.total(everything()))
                        .isInstanceOf(StoreException.class)
                        .hasMessage("rows cannot be stored: disk full");

                store.reason = null;
                await().atMost(PATIENCE).until(() -> RowsExactlyOnceTest.number(real, "count(*)", "") >= 2_000);
                assertThat(ingester.trouble()).isNull();
                assertThat(RowsExactlyOnceTest.number(real, "count(*)", "")).isEqualTo(2_000);
                assertThat(RowsExactlyOnceTest.number(real, "count(DISTINCT request_id)", ""))
                        .isEqualTo(2_000);
            }
        }
    }

    @Test
    void aQuestionThatTakesTooLongIsAnErrorInTime() throws Exception {
        try (var store = DuckStore.open(
                DuckSettings.local(folder.resolve("rows")), InstantSource.system(), KafkaSettings.TOPIC)) {
            store.append(
                    KafkaSettings.TOPIC,
                    List.of(new KafkaRow(0, 0, Rows.row(Rows.START, "a").build())),
                    Map.of(0, 1L));
            var endless = new Sql(
                    "SELECT count(*) FROM range(100000000) a, range(100000) b CROSS JOIN ",
                    "",
                    List.of(),
                    Long.MIN_VALUE,
                    Long.MAX_VALUE);

            assertThatThrownBy(() -> store.read(endless, new LogStore.ReadBounds(10, 1), _ -> true))
                    .isInstanceOf(BoundExceededException.class)
                    .hasMessageContaining("more than 1 s of work");
        }
    }

    private static Selection everything() throws Exception {
        var from = Rows.START.getEpochSecond() * 1_000_000;
        return new Selection(new CelReader().read(""), from, from + 1_000_000, Optional.empty());
    }

    private static void offer(Spool spool, int from, int to) {
        var rows = IntStream.range(from, to)
                .<AccessLogEntry>mapToObj(i -> Rows.row(Rows.START, "r" + i).build())
                .toList();
        assertThat(spool.offer("istio-system/edge", rows)).isEqualTo(rows.size());
    }

    @ParameterizedTest
    @ValueSource(ints = {512, 64})
    @Tag("F10")
    void aFullDiskStopsTheStoreWithoutLossAndRoomStartsItAgain(int megabytes) throws Exception {
        var rows = folder.resolve("full");
        var process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-XX:-UsePerfData",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        FullDiskProgram.class.getName(),
                        rows.toString(),
                        String.valueOf(megabytes))
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("full.log").toFile())
                .start();
        try {
            assertThat(process.waitFor(A_PROCESS.toSeconds(), TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        var said = Files.readAllLines(folder.resolve("full.log"));
        var full = said.stream()
                .filter(line -> line.startsWith("full true "))
                .mapToLong(line -> Long.parseLong(line.split(" ", 3)[2]))
                .findFirst();
        assertThat(full).as("%s", said).isPresent();
        var stored = full.getAsLong() + 3L * FullDiskProgram.BATCH;
        assertThat(said)
                .anyMatch(line -> line.startsWith("why rows cannot be stored: "))
                .containsSubsequence(
                        "asked " + full.getAsLong(),
                        "asked " + full.getAsLong(),
                        "asked " + stored,
                        "stored " + stored);

        // It ended as if it had been killed.
        try (var store = DuckStore.open(DuckSettings.local(rows), InstantSource.system(), KafkaSettings.TOPIC)) {
            assertThat(store.next(KafkaSettings.TOPIC)).containsEntry(0, stored);
            assertThat(RowsExactlyOnceTest.number(store, "count(DISTINCT kafka_offset)", ""))
                    .isEqualTo(RowsExactlyOnceTest.number(store, "count(*)", ""))
                    .isEqualTo(stored);
        }
    }

    /// A store that can be told to fail.
    private static final class Breakable extends ForwardingStore {

        private volatile @Nullable String reason;

        Breakable(LogStore real) {
            super(real);
        }

        @Override
        LogStore whole() throws StoreException {
            var broken = reason;
            if (broken != null) {
                throw new StoreException(broken, new IOException(broken));
            }
            return super.whole();
        }
    }
}
