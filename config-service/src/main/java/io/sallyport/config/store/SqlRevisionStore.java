package io.sallyport.config.store;

import com.google.common.base.Throwables;
import com.google.common.collect.ImmutableSortedMap;
import com.zaxxer.hikari.HikariDataSource;
import io.sallyport.model.ObjectRef;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.flywaydb.core.Flyway;
import org.jspecify.annotations.Nullable;

/// The log in an SQL database: what SQLite and PostgreSQL have in common.
final class SqlRevisionStore {

    // How many of the latest revisions, and names of objects in them, a start reads so that watchers can resume.
    private static final int RESUMABLE_REVISIONS = 1_000;
    private static final int VERSIONS_TRIED = 100;
    /// The number of the newest script beside this class.
    static final int NEWEST_VERSION = 1;

    private final HikariDataSource pool;
    private final Dialect dialect;

    private SqlRevisionStore(HikariDataSource pool, Dialect dialect) {
        this.pool = pool;
        this.dialect = dialect;
    }

    /// Brings the tables up to date and takes over the pool, which it closes if that fails.
    static SqlRevisionStore open(HikariDataSource pool, Dialect dialect) throws StoreUnavailableException {
        try {
            if (isCurrent(pool)) {
                return new SqlRevisionStore(pool, dialect);
            }
            Flyway.configure()
                    .dataSource(pool)
                    .locations("classpath:io/sallyport/config/store")
                    .placeholders(java.util.Map.of("bytes", dialect.bytesType()))
                    .load()
                    .migrate();
            return new SqlRevisionStore(pool, dialect);
        } catch (RuntimeException e) {
            // Flyway's own, or whatever it stumbles with over a history that is damaged.
            pool.close();
            throw new StoreUnavailableException("cannot open: " + why(e), e);
        }
    }

    // Flyway takes half a second to find that nothing is to be done, at every start.
    private static boolean isCurrent(HikariDataSource pool) {
        try (var connection = pool.getConnection();
                var select = connection.prepareStatement(
                        "select success from flyway_schema_history order by installed_rank desc limit 1")) {
            try (var rows = select.executeQuery()) {
                return rows.next() && rows.getBoolean(1) && LogTables.version(connection) == NEWEST_VERSION;
            }
        } catch (SQLException e) {
            // A new database, or none at all: Flyway says which.
            return false;
        }
    }

    // The pool says that there is no connection, and its last cause why.
    private static String why(Exception e) {
        var said = firstLine(e);
        var cause = firstLine(Throwables.getRootCause(e));
        return said.contains(cause) ? said : said + ": " + cause;
    }

    private static String firstLine(Throwable e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("unknown");
    }

    private interface Work<T> {
        T run(Connection connection) throws SQLException, StoreDamagedException;
    }

    private <T> T read(String what, Work<T> work) throws StoreUnavailableException, StoreDamagedException {
        try (var connection = pool.getConnection()) {
            return work.run(connection);
        } catch (SQLException e) {
            throw new StoreUnavailableException("cannot read " + what + ": " + dialect.reason(e), e);
        }
    }

    private interface PlainWork<T> {
        T run(Connection connection) throws SQLException;
    }

    private <T> T readPlain(String what, PlainWork<T> work) throws StoreUnavailableException {
        try (var connection = pool.getConnection()) {
            return work.run(connection);
        } catch (SQLException e) {
            throw new StoreUnavailableException("cannot read " + what + ": " + dialect.reason(e), e);
        }
    }

    /// What the files, the head and the rows in force say; a row that is damaged alone is replaced by the object's
    /// last good version. Throws if the log as a whole cannot be believed.
    StoredState load() throws StoreUnavailableException, StoreDamagedException {
        try (var connection = pool.getConnection()) {
            var problems = dialect.inspect(connection);
            if (!problems.isEmpty()) {
                throw new StoreDamagedException(String.join("; ", problems));
            }
            connection.setAutoCommit(false);
            connection.setTransactionIsolation(
                    dialect instanceof PostgresDialect
                            ? Connection.TRANSACTION_REPEATABLE_READ
                            : Connection.TRANSACTION_SERIALIZABLE);
            try {
                return load(connection);
            } finally {
                connection.rollback();
                connection.setAutoCommit(true);
            }
        } catch (SQLException e) {
            if (dialect.isDamage(e)) {
                throw new StoreDamagedException(dialect.reason(e));
            }
            throw new StoreUnavailableException("cannot read the current state: " + dialect.reason(e), e);
        }
    }

    private static StoredState load(Connection connection) throws SQLException, StoreDamagedException {
        var headers = LogTables.headers(connection, Optional.empty(), 0, Long.MAX_VALUE, true, 1);
        var head = headers.isEmpty() ? RevisionHeader.NONE : headers.getFirst();
        var rows = LogTables.current(connection);
        var damage = new ArrayList<String>();
        if (!headers.isEmpty()) {
            LogTables.problem(connection, head, Optional.empty()).ifPresent(damage::add);
        }
        var believed = believed(head, rows);
        var objects = new ArrayList<StoredObject>();
        var repairs = new ArrayList<RecordedChange>();
        for (var row : rows) {
            if (row.change().orElse(null) instanceof RecordedChange.Stored(var _, var object)) {
                objects.add(object);
            } else if (believed.contains(row)
                    && row.content().orElse(null) instanceof RecordedChange.Stored(var _, var object)) {
                damage.add(row.damage());
                repairs.add(new RecordedChange.Stored(Change.Verb.CHANGED, object));
            } else {
                damage.add(row.damage());
                repairs.addAll(repair(connection, row));
            }
        }
        return new StoredState(head, objects, touched(connection, head.number()), damage, repairs, head.number() + 1);
    }

    // The row, if any, whose checksum is what was damaged: with its content the rows add up to what the head left.
    private static List<LogTables.Row> believed(RevisionHeader head, List<LogTables.Row> rows)
            throws StoreDamagedException {
        if (matches(head, rows, null)) {
            return List.of();
        }
        for (var row : rows) {
            if (row.change().isEmpty() && row.content().isPresent() && matches(head, rows, row)) {
                return List.of(row);
            }
        }
        throw new StoreDamagedException("r" + head.number() + ": the objects in force are not those that it left");
    }

    private static boolean matches(RevisionHeader head, List<LogTables.Row> rows, LogTables.@Nullable Row believed) {
        var sum = StateDigest.EMPTY;
        for (var row : rows) {
            sum = row == believed ? sum.plus(row.content().orElseThrow().checksum()) : sum.plus(row.checksum());
        }
        return sum.toString().equals(head.state());
    }

    // The pointer names the object even where its row does not.
    private static List<RecordedChange> repair(Connection connection, LogTables.Row damaged) throws SQLException {
        var name = ObjectName.parse(damaged.label());
        if (name.isEmpty()) {
            return List.of();
        }
        for (var row : LogTables.versions(connection, name.get(), damaged.revision() - 1, VERSIONS_TRIED)) {
            if (row.change().orElse(null) instanceof RecordedChange.Stored(var _, var object)) {
                return List.of(new RecordedChange.Stored(Change.Verb.CHANGED, object));
            }
            if (row.change().isPresent()) {
                break;
            }
        }
        return List.of(new RecordedChange.Removed(name.get()));
    }

    private static SortedMap<Long, List<ObjectRef>> touched(Connection connection, long head) throws SQLException {
        var touched = new TreeMap<Long, List<ObjectRef>>();
        for (var header : LogTables.headers(
                connection, Optional.empty(), head - RESUMABLE_REVISIONS, Long.MAX_VALUE, false, RESUMABLE_REVISIONS)) {
            touched.put(
                    header.number(),
                    LogTables.changes(connection, header.number()).stream()
                            .map(Change::ref)
                            .toList());
        }
        return ImmutableSortedMap.copyOf(touched);
    }

    void append(long head, List<Revision> revisions, List<AcceptedRequest> requests)
            throws StoreUnavailableException, RevisionTakenException {
        var what =
                revisions.isEmpty() ? "the answer" : "r" + revisions.getFirst().number();
        try (var connection = pool.getConnection()) {
            connection.setAutoCommit(false);
            try {
                if (LogTables.head(connection) != head) {
                    throw new RevisionTakenException(what + " is taken");
                }
                for (var revision : revisions) {
                    LogTables.insert(connection, revision);
                }
                for (var request : requests) {
                    LogTables.insert(connection, request);
                }
                dialect.appended(
                        connection,
                        revisions.isEmpty() ? head : revisions.getLast().number());
                connection.commit();
            } catch (SQLException | RevisionTakenException e) {
                rollBack(connection, e);
                throw e;
            } finally {
                connection.setAutoCommit(true);
            }
        } catch (SQLException e) {
            if (dialect.isTaken(e)) {
                throw new RevisionTakenException(what + " is taken");
            }
            throw new StoreUnavailableException("cannot append " + what + ": " + dialect.reason(e), e);
        }
    }

    private static void rollBack(Connection connection, Exception cause) {
        try {
            connection.rollback();
        } catch (SQLException e) {
            // The connection is gone, and its transaction with it: what counts is the first error.
            cause.addSuppressed(e);
        }
    }

    long head() throws StoreUnavailableException {
        return readPlain("the head", LogTables::head);
    }

    List<Revision> after(long number, int limit) throws StoreUnavailableException, StoreDamagedException {
        return read("revisions after r" + number, connection -> {
            var revisions = new ArrayList<Revision>();
            for (var header : LogTables.headers(connection, Optional.empty(), number, Long.MAX_VALUE, false, limit)) {
                var changes = new ArrayList<RecordedChange>();
                for (var row : LogTables.rows(connection, header.number())) {
                    changes.add(row.orThrow());
                }
                revisions.add(new Revision(header, changes));
            }
            return revisions;
        });
    }

    List<HistoryEntry> history(Optional<ObjectRef> ref, long before, int limit) throws StoreUnavailableException {
        return readPlain("the history", connection -> {
            var entries = new ArrayList<HistoryEntry>();
            for (var header : LogTables.headers(connection, ref, 0, before, true, limit)) {
                entries.add(new HistoryEntry(header, LogTables.changes(connection, header.number())));
            }
            return entries;
        });
    }

    Optional<StoredObject> find(ObjectRef ref, long revision) throws StoreUnavailableException, StoreDamagedException {
        return read(ref + " at r" + revision, connection -> {
            var rows = LogTables.versions(connection, ref, revision, 1);
            if (!rows.isEmpty() && rows.getFirst().orThrow() instanceof RecordedChange.Stored(var _, var object)) {
                return Optional.of(object);
            }
            return Optional.empty();
        });
    }

    Optional<AcceptedRequest> request(String id) throws StoreUnavailableException {
        return readPlain("request " + id, connection -> LogTables.request(connection, id));
    }

    void prune(long floor) throws StoreUnavailableException {
        try (var connection = pool.getConnection()) {
            connection.setAutoCommit(false);
            try {
                LogTables.prune(connection, floor);
                connection.commit();
            } finally {
                connection.setAutoCommit(true);
            }
        } catch (SQLException e) {
            throw new StoreUnavailableException("cannot prune: " + dialect.reason(e), e);
        }
    }

    /// Walks the whole log: every row against its checksum, every revision against its digest and its predecessor.
    List<String> verify() throws StoreUnavailableException {
        return readPlain("the log", connection -> {
            var problems = new ArrayList<>(dialect.inspect(connection));
            long number = 0;
            var previous = Optional.<RevisionHeader>empty();
            while (true) {
                var page = LogTables.headers(connection, Optional.empty(), number, Long.MAX_VALUE, false, 100);
                if (page.isEmpty()) {
                    return problems;
                }
                for (var header : page) {
                    LogTables.problem(connection, header, previous).ifPresent(problems::add);
                    previous = Optional.of(header);
                    number = header.number();
                }
            }
        });
    }

    HikariDataSource pool() {
        return pool;
    }

    void close() {
        pool.close();
    }
}
