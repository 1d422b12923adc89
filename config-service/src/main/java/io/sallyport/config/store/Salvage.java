package io.sallyport.config.store;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Optional;
import javax.sql.DataSource;

/// Copies the good beginning of a damaged log: revision after revision, up to the first that is not what was written.
final class Salvage {

    private final Path damaged;

    Salvage(Path damaged) {
        this.damaged = damaged;
    }

    /// Says how far it came.
    String into(DataSource target) throws SQLException {
        long last = 0;
        String end = "";
        try (var to = target.getConnection()) {
            to.setAutoCommit(false);
            try (var from = DriverManager.getConnection("jdbc:sqlite:" + damaged)) {
                LogTables.copyOlder(from, to);
                var previous = Optional.<RevisionHeader>empty();
                for (var next = next(from, 0); next.isPresent(); next = next(from, last)) {
                    var problem = LogTables.problem(from, next.get(), previous);
                    if (problem.isPresent()) {
                        end = "; " + problem.get();
                        break;
                    }
                    copy(from, to, next.get());
                    last = next.get().number();
                    previous = next;
                }
            } catch (SQLException e) {
                end = "; what follows cannot be read: " + e.getMessage();
            }
            to.commit();
        }
        return "the log is used up to r" + last + end;
    }

    private static Optional<RevisionHeader> next(Connection from, long after) throws SQLException {
        return LogTables.headers(from, Optional.empty(), after, Long.MAX_VALUE, false, 1).stream()
                .findFirst();
    }

    private static void copy(Connection from, Connection to, RevisionHeader header) throws SQLException {
        var changes = LogTables.rows(from, header.number()).stream()
                .map(row -> row.change().orElseThrow(() -> new IllegalStateException(row.damage())))
                .toList();
        LogTables.insert(to, new Revision(header, changes));
    }
}
