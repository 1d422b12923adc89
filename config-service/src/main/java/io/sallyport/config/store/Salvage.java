package io.sallyport.config.store;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import javax.sql.DataSource;

/// Copies the good beginning of a damaged log: revision after revision, up to the first that is not what was written.
///
/// What the tables are called and made of is the same in every log. Where only that is damaged, the rows are read under
/// the names of the new log, and nothing is lost; the damaged file itself stays as it is.
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
                from.setAutoCommit(false);
                nameAs(to, from);
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

    // Within a transaction that is never committed.
    private static void nameAs(Connection good, Connection damaged) throws SQLException {
        try (var statement = damaged.createStatement()) {
            statement.execute("pragma writable_schema = on");
            var wanted = names(good);
            var found = names(damaged);
            if (wanted.equals(found) || !wanted.keySet().equals(found.keySet())) {
                return;
            }
            try (var update = damaged.prepareStatement(
                    "update sqlite_schema set type = ?, name = ?, tbl_name = ?, sql = ? where rowid = ?")) {
                for (var row : wanted.entrySet()) {
                    for (int i = 0; i < row.getValue().size(); i++) {
                        update.setString(i + 1, row.getValue().get(i).orElse(null));
                    }
                    update.setLong(5, row.getKey());
                    update.executeUpdate();
                }
            }
            statement.execute("pragma writable_schema = reset");
        }
    }

    private static SortedMap<Long, List<Optional<String>>> names(Connection connection) throws SQLException {
        var names = new TreeMap<Long, List<Optional<String>>>();
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery("select rowid, type, name, tbl_name, sql from sqlite_schema")) {
            while (rows.next()) {
                var row = new ArrayList<Optional<String>>();
                for (int i = 2; i <= 5; i++) {
                    row.add(Optional.ofNullable(rows.getString(i)));
                }
                names.put(rows.getLong(1), row);
            }
        }
        return names;
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
