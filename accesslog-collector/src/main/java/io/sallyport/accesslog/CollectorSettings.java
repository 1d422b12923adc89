package io.sallyport.accesslog;

import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.receive.Proxy;
import io.sallyport.accesslog.receive.RowRules;
import io.sallyport.accesslog.storage.ClickHouseSettings;
import io.sallyport.accesslog.storage.DuckSettings;
import io.sallyport.accesslog.storage.StoreSettings;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Where the collector finds and keeps things.
///
/// @param spool a folder of its own
/// @param spoolBytes its bound
/// @param ledger a folder of its own, for what is counted
/// @param kafka where Kafka is; absent: a broker of one node is started as a child
/// @param rules what is left out and taken out before anything is written
/// @param files to be followed
/// @param broker folders with the broker's program, for that case
/// @param brokerFolder its data, for that case
public record CollectorSettings(
        Path spool,
        long spoolBytes,
        Path ledger,
        Optional<KafkaSettings> kafka,
        List<Path> broker,
        Path brokerFolder,
        StoreSettings store,
        RowRules rules,
        List<LogFile> files) {

    private static final long LOCAL_SPOOL = 256L << 20;

    public CollectorSettings {
        broker = List.copyOf(broker);
        files = List.copyOf(files);
        if (spoolBytes < 1 << 20) {
            throw new IllegalArgumentException("spool of " + spoolBytes + " bytes (expected: at least 1 MiB)");
        }
    }

    /// For `up`, below its data folder, with a broker of its own.
    public static CollectorSettings local(Path data, List<Path> broker) {
        return below(data.resolve("logs"), broker);
    }

    /// Everything in one folder.
    public static CollectorSettings below(Path folder, List<Path> broker) {
        return new CollectorSettings(
                folder.resolve("spool"),
                LOCAL_SPOOL,
                folder.resolve("ledger"),
                Optional.empty(),
                broker,
                folder.resolve("kafka"),
                DuckSettings.local(folder.resolve("rows")),
                RowRules.NONE,
                List.of());
    }

    /// A file that a proxy writes its rows into.
    public record LogFile(Path path, Proxy proxy) {}

    /// The same with a Kafka of the operator's.
    public CollectorSettings with(KafkaSettings cluster) {
        return new CollectorSettings(
                spool, spoolBytes, ledger, Optional.of(cluster), broker, brokerFolder, store, rules, files);
    }

    /// The same with rows in ClickHouse.
    public CollectorSettings with(ClickHouseSettings shared) {
        return new CollectorSettings(spool, spoolBytes, ledger, kafka, broker, brokerFolder, shared, rules, files);
    }

    /// The same with rules about rows, and files to follow.
    public CollectorSettings with(RowRules about, List<LogFile> followed) {
        return new CollectorSettings(spool, spoolBytes, ledger, kafka, broker, brokerFolder, store, about, followed);
    }
}
