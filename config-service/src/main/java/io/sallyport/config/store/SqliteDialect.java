package io.sallyport.config.store;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

final class SqliteDialect implements Dialect {

    // Checking every index as well costs a pass over the whole file; above this size the pages alone are checked.
    private static final long THOROUGH_BYTES = 64L << 20;

    private final Path file;

    SqliteDialect(Path file) {
        this.file = file;
    }

    @Override
    public String bytesType() {
        return "blob";
    }

    @Override
    public boolean isTaken(SQLException error) {
        return switch (code(error)) {
            case SQLITE_CONSTRAINT, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE -> true;
            default -> false;
        };
    }

    @Override
    public boolean isDamage(SQLException error) {
        return switch (code(error)) {
            case SQLITE_CORRUPT, SQLITE_CORRUPT_INDEX, SQLITE_CORRUPT_SEQUENCE, SQLITE_CORRUPT_VTAB, SQLITE_NOTADB ->
                true;
            default -> false;
        };
    }

    @Override
    public String reason(SQLException error) {
        return switch (code(error)) {
            case SQLITE_FULL -> "disk full";
            case SQLITE_READONLY, SQLITE_READONLY_DBMOVED, SQLITE_READONLY_DIRECTORY -> "the file is read-only";
            case SQLITE_CANTOPEN -> "cannot open the file";
            case SQLITE_BUSY, SQLITE_BUSY_RECOVERY, SQLITE_BUSY_SNAPSHOT, SQLITE_LOCKED ->
                "another process holds the file";
            case SQLITE_IOERR_FSYNC, SQLITE_IOERR_DIR_FSYNC -> "the disk did not confirm the write";
            default -> String.valueOf(error.getMessage()).toLowerCase(Locale.ROOT);
        };
    }

    @Override
    public List<String> inspect(Connection connection) throws SQLException {
        var check = file.toFile().length() > THOROUGH_BYTES ? "pragma quick_check(5)" : "pragma integrity_check(5)";
        var problems = new ArrayList<String>();
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery(check)) {
            while (rows.next()) {
                if (!"ok".equals(rows.getString(1))) {
                    problems.add(rows.getString(1).strip());
                }
            }
        }
        for (var shape : LogTables.SHAPES) {
            try {
                connection.prepareStatement(shape).close();
            } catch (SQLException e) {
                if (!isUnknownName(e) || LogTables.version(connection) > SqlRevisionStore.NEWEST_VERSION) {
                    throw e;
                }
                problems.add(reason(e));
            }
        }
        return problems;
    }

    /// Whether a table or a column is not there under its name. The statements are our own: the file is what is wrong.
    static boolean isUnknownName(SQLException error) {
        return code(error) == SQLiteErrorCode.SQLITE_ERROR;
    }

    @Override
    public void appended(Connection connection, long head) {
        // One process owns the file: there is nobody to tell.
    }

    private static SQLiteErrorCode code(SQLException error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLiteException sqlite) {
                return sqlite.getResultCode();
            }
        }
        return SQLiteErrorCode.UNKNOWN_ERROR;
    }
}
