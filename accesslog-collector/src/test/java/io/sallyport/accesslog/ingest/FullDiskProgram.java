package io.sallyport.accesslog.ingest;

import io.sallyport.accesslog.storage.DuckSettings;
import io.sallyport.accesslog.storage.DuckStore;
import io.sallyport.accesslog.storage.KafkaRow;
import io.sallyport.accesslog.storage.StoreException;
import io.sallyport.accesslog.testing.Rows;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/// Stores rows in a folder until no more fit, says why, asks for what is there, and says up to which offset rows are
/// stored.
final class FullDiskProgram {

    static final int BATCH = 500;
    private static final int MAX_BATCHES = 200;
    private static final int ROOM = 6 << 20;

    private FullDiskProgram() {}

    static void main(String[] arguments) throws Exception {
        var store = DuckStore.open(DuckSettings.local(Path.of(arguments[0])), InstantSource.system());
        limit();
        var stored = 0L;
        for (var i = 0; i < MAX_BATCHES; i++) {
            try {
                store.append(batch(stored), Map.of(0, stored + BATCH));
                stored += BATCH;
            } catch (StoreException e) {
                System.out.println("why " + e.getMessage());
                ask(store);
                // As an ingester does: again, from where the store is.
                System.out.println("next " + store.next());
                System.out.println("full " + stored + " rows");
                System.out.flush();
                Runtime.getRuntime().halt(0);
            }
        }
        System.out.println("endless " + stored);
    }

    // No file of this process may grow any further: what the engine sees is a disk that takes no more. Not before now,
    // since its library is a large file itself.
    private static void limit() throws Exception {
        var pid = String.valueOf(ProcessHandle.current().pid());
        var set = new ProcessBuilder("prlimit", "--pid", pid, "--fsize=" + ROOM)
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
