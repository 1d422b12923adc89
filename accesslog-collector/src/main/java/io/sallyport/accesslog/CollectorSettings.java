package io.sallyport.accesslog;

import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.storage.DuckSettings;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Where the collector finds and keeps things.
///
/// @param spool a folder of its own
/// @param spoolBytes its bound
/// @param kafka where Kafka is; absent: a broker of one node is started as a child
/// @param broker folders with the broker's program, for that case
/// @param brokerFolder its data, for that case
public record CollectorSettings(
        Path spool,
        long spoolBytes,
        Optional<KafkaSettings> kafka,
        List<Path> broker,
        Path brokerFolder,
        DuckSettings store) {

    private static final long LOCAL_SPOOL = 256L << 20;

    public CollectorSettings {
        broker = List.copyOf(broker);
        if (spoolBytes < 1 << 20) {
            throw new IllegalArgumentException("spool of " + spoolBytes + " bytes (expected: at least 1 MiB)");
        }
    }

    /// For `up`, below its data folder, with a broker of its own.
    public static CollectorSettings local(Path data, List<Path> broker) {
        var folder = data.resolve("logs");
        return new CollectorSettings(
                folder.resolve("spool"),
                LOCAL_SPOOL,
                Optional.empty(),
                broker,
                folder.resolve("kafka"),
                DuckSettings.local(folder.resolve("rows")));
    }
}
