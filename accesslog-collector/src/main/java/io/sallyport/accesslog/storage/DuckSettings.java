package io.sallyport.accesslog.storage;

import java.nio.file.Path;
import java.time.Duration;

/// How DuckDB keeps rows.
///
/// @param folder of its own; one file per day in it
/// @param memoryMegabytes for queries and appends together
/// @param maxAge days older than this are deleted
/// @param maxBytes beyond it the oldest days are deleted; the day that is written to stays
public record DuckSettings(Path folder, int memoryMegabytes, int threads, Duration maxAge, long maxBytes)
        implements StoreSettings {

    public DuckSettings {
        if (memoryMegabytes < 64 || threads < 1 || maxAge.isNegative() || maxBytes < 1) {
            throw new IllegalArgumentException(
                    "settings of the store (expected: at least 64 MB, 1 thread, an age and a size)");
        }
    }

    /// For one machine: a week, 4 GiB.
    public static DuckSettings local(Path folder) {
        return new DuckSettings(folder, 512, 2, Duration.ofDays(7), 4L << 30);
    }
}
