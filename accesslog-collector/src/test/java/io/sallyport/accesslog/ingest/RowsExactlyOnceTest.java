package io.sallyport.accesslog.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sallyport.accesslog.queue.Spool;
import io.sallyport.accesslog.queue.SpoolSender;
import io.sallyport.accesslog.storage.DuckSettings;
import io.sallyport.accesslog.storage.DuckStore;
import io.sallyport.accesslog.storage.LogStore;
import io.sallyport.accesslog.storage.Sql;
import io.sallyport.accesslog.testing.Rows;
import io.sallyport.accesslog.testing.TestBroker;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("F11")
class RowsExactlyOnceTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    @Test
    void rowsReachTheStoreThroughAKilledBroker() throws Exception {
        var rows = Rows.many(20_000, 1);
        try (var broker = TestBroker.start(folder.resolve("kafka"));
                var store = DuckStore.open(DuckSettings.local(folder.resolve("rows")), InstantSource.system());
                var spool = Spool.open(folder.resolve("spool"), 64 << 20, new Random(1));
                var sender = SpoolSender.start(spool, broker.settings());
                var ingester = Ingester.start(broker.settings(), store, InstantSource.system(), _ -> {})) {
            for (var i = 0; i < rows.size(); i += 100) {
                assertThat(spool.offer("istio-system/edge-" + i % 7, rows.subList(i, i + 100)))
                        .isEqualTo(100);
                if (i == 10_000) {
                    await().atMost(PATIENCE).until(() -> ingester.rows() > 0);
                    broker.kill();
                }
            }
            broker.again();
            await().atMost(PATIENCE).until(() -> spool.pending() == 0);
            await().atMost(PATIENCE).until(() -> count(store) >= rows.size());

            assertThat(count(store)).isEqualTo(rows.size());
            assertThat(sender.acknowledged()).isEqualTo(rows.size());
            assertThat(distinct(store, "request_id")).isEqualTo(rows.size());
        }
    }

    static long count(LogStore store) throws Exception {
        return number(store, "count(*)");
    }

    static long distinct(LogStore store, String column) throws Exception {
        return number(store, "count(DISTINCT " + column + ")");
    }

    private static long number(LogStore store, String what) throws Exception {
        var found = new ArrayList<Object>();
        var sql = new Sql("SELECT " + what + " FROM ", "", List.of(), Long.MIN_VALUE, Long.MAX_VALUE);
        store.read(sql, new LogStore.ReadBounds(1, 30), found::addAll);
        return found.isEmpty() ? 0 : (long) found.getFirst();
    }
}
