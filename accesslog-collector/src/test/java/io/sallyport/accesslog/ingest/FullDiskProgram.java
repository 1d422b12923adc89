package io.sallyport.accesslog.ingest;

import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.storage.DuckSettings;
import io.sallyport.accesslog.storage.DuckStore;
import io.sallyport.accesslog.storage.KafkaRow;
import io.sallyport.accesslog.storage.StoreException;
import io.sallyport.accesslog.testing.Rows;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/// Stores rows in a folder until no more fit, says why, asks for what is there; then there is room again, and
/// it goes on without a new start: `FOLDER MEGABYTES`, those that DuckDB may use. With many, the disk is full
/// while the engine writes its log, with few while it writes its file anew.
final class FullDiskProgram {

    static final int BATCH = 1_500;
    private static final int MAX_BATCHES = 200;
    private static final int MORE = 3;
    // Less than the log of 64 MB of memory, which is a quarter of that, would be too little to reach the file.
    private static final int ROOM_FOR_LOG = 6 << 20;
    private static final int ROOM_FOR_FILE = 18 << 20;

    private FullDiskProgram() {}

    static void main(String[] arguments) throws Exception {
        var megabytes = Integer.parseInt(arguments[1]);
        var settings = new DuckSettings(Path.of(arguments[0]), megabytes, 2, Duration.ofDays(7), 4L << 30);
        var store = DuckStore.open(settings, InstantSource.system(), KafkaSettings.TOPIC);
        limit(String.valueOf(megabytes > 64 ? ROOM_FOR_LOG : ROOM_FOR_FILE));
        var stored = 0L;
        var isFull = false;
        for (var i = 0; i < MAX_BATCHES && !isFull; i++) {
            isFull = !append(store, stored);
            stored += isFull ? 0 : BATCH;
        }
        System.out.println("full " + isFull + " " + stored);
        // Questions are answered meanwhile, and what did not fit does not fit the second time.
        ask(store);
        append(store, stored);
        ask(store);
        limit("unlimited");
        // As an ingester does: again, from where the store is.
        stored = store.next(KafkaSettings.TOPIC).getOrDefault(0, -1L);
        for (var i = 0; i < MORE; i++) {
            stored += append(store, stored) ? BATCH : 0;
        }
        ask(store);
        System.out.println("stored " + stored);
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private static boolean append(DuckStore store, long from) {
        try {
            store.append(KafkaSettings.TOPIC, batch(from), Map.of(0, from + BATCH));
            return true;
        } catch (StoreException e) {
            System.out.println("why " + e.getMessage());
            return false;
        }
    }

    // No file of this process may grow any further: what the engine sees is a disk that takes no more. Not before now,
    // since its library is a large file itself.
    private static void limit(String size) throws Exception {
        var pid = String.valueOf(ProcessHandle.current().pid());
        var set = new ProcessBuilder("prlimit", "--pid", pid, "--fsize=" + size + ":unlimited")
                .inheritIO()
                .start();
        if (!set.waitFor(30, TimeUnit.SECONDS) || set.exitValue() != 0) {
            throw new IllegalStateException("prlimit (expected: of util-linux)");
        }
    }

    private static void ask(DuckStore store) {
        try {
            System.out.println("asked " + RowsExactlyOnceTest.number(store, "count(*)", ""));
        } catch (Exception e) {
            System.out.println("asked " + e.getMessage() + ": " + e.getCause());
        }
    }

    /// Rows that compress badly.
    static List<KafkaRow> batch(long from) {
        var random = new Random(from);
        var rows = new ArrayList<KafkaRow>(BATCH);
        for (var i = 0; i < BATCH; i++) {
            var text = new byte[128];
            random.nextBytes(text);
            rows.add(new KafkaRow(
                    0,
                    from + i,
                    Rows.row(Rows.START, java.util.HexFormat.of().formatHex(text))
                            .build()));
        }
        return rows;
    }
}
