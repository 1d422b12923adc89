package io.sallyport.accesslog.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.UUID;
import org.duckdb.DuckDBConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Parquet files below the store's folder, the only place that the engine may write to: answers in `exports`, for the
/// moment of their reading; and every closed day in `parquet`, for other processes, since DuckDB's own files are its
/// process's alone.
final class DuckParquet {

    private static final Logger log = LoggerFactory.getLogger(DuckParquet.class);
    private static final String FORMAT = " (FORMAT parquet, COMPRESSION zstd)";

    private final Path exports;
    private final Path days;

    DuckParquet(Path folder) throws IOException {
        var absolute = folder.toAbsolutePath().normalize();
        var mode = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
        this.exports = Files.createDirectories(absolute.resolve("exports"), mode);
        this.days = Files.createDirectories(absolute.resolve("parquet"), mode);
        try (var left = Files.list(exports)) {
            // Of a process that was killed while it exported.
            for (var file : left.toList()) {
                Files.delete(file);
            }
        }
    }

    /// An empty place for an answer.
    Path place() {
        return exports.resolve(UUID.randomUUID() + ".parquet");
    }

    static String copy(String select, Path file) {
        return "COPY (" + select + ") TO '" + file.toString().replace("'", "''") + "'" + FORMAT;
    }

    Path of(DuckDay day) {
        return days.resolve("rows-" + day.date() + ".parquet");
    }

    /// Writes a day that gets no more rows, sorted by time, if it is not there yet. Whole or not at all.
    void close(Connection connection, DuckDay day) {
        var file = of(day);
        if (Files.exists(file)) {
            return;
        }
        var part = place();
        try (var own = connection.unwrap(DuckDBConnection.class).duplicate();
                var statement = own.createStatement()) {
            statement.execute(copy("SELECT * FROM " + day.catalog() + ".rows ORDER BY start_time", part));
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (SQLException | IOException e) {
            log.atWarn().addKeyValue("day", day.date()).setCause(e).log("A closed day is not there as Parquet");
        }
    }

    void delete(DuckDay day) throws IOException {
        Files.deleteIfExists(of(day));
    }
}
