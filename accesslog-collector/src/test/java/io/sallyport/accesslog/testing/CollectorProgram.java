package io.sallyport.accesslog.testing;

import io.sallyport.accesslog.ingest.Ingester;
import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.queue.Spool;
import io.sallyport.accesslog.queue.SpoolSender;
import io.sallyport.accesslog.storage.DuckSettings;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;

/// The way of a row from the spool to the store as a program of its own, to be killed: `FOLDER BROKER TOPIC PARTITIONS
/// INSTANCE ROUND`. It makes rows `ROUND-0`, `ROUND-1` … of revision `ROUND` and size 0, 1 … as fast as the queue takes
/// them, and prints how many the spool has taken. The store is DuckDB in the folder, or the ClickHouse of
/// [TestClickHouse#inherited].
public final class CollectorProgram {

    private static final int BATCH = 200;
    private static final int MAX_AHEAD = 15_000;

    private CollectorProgram() {}

    static void main(String[] arguments) throws Exception {
        var folder = Path.of(arguments[0]);
        var instance = Optional.of(arguments[4]).filter(name -> !name.isEmpty());
        var kafka = new KafkaSettings(
                arguments[1], arguments[2], Integer.parseInt(arguments[3]), (short) 1, instance, Map.of());
        var round = arguments[5];
        var shared = TestClickHouse.inherited();
        var settings = shared.isPresent() ? shared.get() : DuckSettings.local(folder.resolve("rows"));
        try (var store = settings.open(InstantSource.system(), KafkaSettings.TOPIC);
                var spool = Spool.open(folder.resolve("spool"), 256 << 20, new SecureRandom());
                var sender = SpoolSender.start(spool, kafka)) {
            sender.awaitTopics(60_000);
            // What is stored makes room for more.
            var ahead = new Semaphore(MAX_AHEAD);
            try (var ingester =
                    Ingester.start(kafka, store, InstantSource.system(), stored -> ahead.release(stored.size()))) {
                var made = 0;
                while (made < Integer.MAX_VALUE - BATCH) {
                    ahead.acquire(BATCH);
                    var batch = new ArrayList<AccessLogEntry>();
                    for (var row : Rows.many(BATCH, made)) {
                        batch.add(row.toBuilder()
                                .setRevision(Long.parseLong(round))
                                .setRequestBytes(made)
                                .setRequestId(round + "-" + made++)
                                .build());
                    }
                    if (spool.offer("istio-system/edge-" + made % 7, batch) != BATCH) {
                        throw new IllegalStateException("spool is full");
                    }
                    System.out.println("taken " + made + " stored " + ingester.rows());
                    System.out.flush();
                }
            }
        }
    }
}
