package io.sallyport.accesslog.storage;

import java.io.File;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.HashSet;

/// The file with the rows that came on one day.
final class DuckDay {

    private final LocalDate date;
    private final Path file;
    private final String catalog;
    // Of the rows in it, microseconds; min > max: none.
    private volatile long min = Long.MAX_VALUE;
    private volatile long max = Long.MIN_VALUE;
    private final DuckRollups rollups;

    private DuckDay(LocalDate date, Path file, String catalog, DuckRollups rollups) {
        this.date = date;
        this.file = file;
        this.catalog = catalog;
        this.rollups = rollups;
    }

    /// Makes the tables that are missing, and the columns that an older Sallyport did not have.
    ///
    /// @param home the topic that rows are of which were stored when a file had one only
    static DuckDay prepared(Connection connection, LocalDate date, Path file, String catalog, String home)
            throws SQLException {
        var min = Long.MAX_VALUE;
        var max = Long.MIN_VALUE;
        DuckTables.prepare(connection, catalog, home);
        try (var statement = connection.createStatement()) {
            var present = new HashSet<String>();
            try (var result = statement.executeQuery("SELECT column_name FROM duckdb_columns() WHERE database_name = '"
                    + catalog + "' AND table_name = 'rows'")) {
                while (result.next()) {
                    present.add(result.getString(1));
                }
            }
            for (var column : Column.ALL) {
                if (!present.contains(column.name())) {
                    statement.execute("ALTER TABLE " + catalog + ".rows ADD COLUMN " + column.name() + " "
                            + sqlType(column) + " DEFAULT " + absent(column));
                }
            }
            try (var result = statement.executeQuery(
                    "SELECT min(start_time), max(start_time), count(*) FROM " + catalog + ".rows")) {
                if (result.next() && result.getLong(3) > 0) {
                    min = result.getLong(1);
                    max = result.getLong(2);
                }
            }
        }
        var day = new DuckDay(date, file, catalog, DuckRollups.prepared(connection, catalog, min <= max));
        day.holds(min, max);
        return day;
    }

    static String sqlType(Column column) {
        return switch (column.type()) {
            case TEXT, WORDS -> "VARCHAR";
            case NUMBER, TIME, DURATION -> "BIGINT";
            case REAL -> "DOUBLE";
            case TEXTS -> "MAP(VARCHAR, VARCHAR)";
        };
    }

    private static String absent(Column column) {
        return switch (column.type()) {
            case TEXT, WORDS -> "''";
            case NUMBER, TIME, DURATION, REAL -> "0";
            case TEXTS -> "MAP {}";
        };
    }

    LocalDate date() {
        return date;
    }

    Path file() {
        return file;
    }

    String catalog() {
        return catalog;
    }

    DuckRollups rollups() {
        return rollups;
    }

    /// With the log of what is not in the file yet.
    long bytes() {
        return file.toFile().length() + new File(file + ".wal").length();
    }

    boolean mayHold(long from, long to) {
        return min < to && max >= from;
    }

    /// Rows of these times are in it now. One thread writes.
    void holds(long first, long last) {
        min = Math.min(min, first);
        max = Math.max(max, last);
    }
}
