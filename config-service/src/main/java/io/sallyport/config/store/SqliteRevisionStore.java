package io.sallyport.config.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.sallyport.model.ObjectRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/// The log in one SQLite file, for one process. Every append is flushed to disk before it returns.
///
/// A file that is damaged beyond single rows is set aside (`config.db.damaged-…`), and the revisions before the damage
/// go on in a new one.
final class SqliteRevisionStore implements RevisionStore {

    private static final String[] SIDE_FILES = {"", "-wal", "-shm"};

    private final Path file;
    private final InstantSource clock;
    private SqlRevisionStore store;
    private HeadMark mark;
    // What was found at the opening, until load() says it.
    private List<String> found;
    // After a failed flush nobody knows what the file holds: it is opened and checked anew before the next append.
    private boolean suspect;

    private SqliteRevisionStore(
            Path file, InstantSource clock, SqlRevisionStore store, HeadMark mark, List<String> found) {
        this.file = file;
        this.clock = clock;
        this.store = store;
        this.mark = mark;
        this.found = found;
    }

    static SqliteRevisionStore open(Path file, InstantSource clock) throws StoreUnavailableException {
        try {
            var folder = file.toAbsolutePath().getParent();
            if (folder != null) {
                Files.createDirectories(folder);
            }
            // Before anything is written: a file that cannot even be opened is set aside by load().
            var mark = HeadMark.open(markOf(file));
            var found = new ArrayList<String>();
            return new SqliteRevisionStore(file, clock, tables(file, clock, found), mark, found);
        } catch (IOException e) {
            throw new StoreUnavailableException("cannot open " + file + ": " + e.getMessage(), e);
        }
    }

    private static Path markOf(Path file) {
        return file.resolveSibling(file.getFileName() + ".head");
    }

    private static SqlRevisionStore tables(Path file, InstantSource clock, List<String> found)
            throws StoreUnavailableException, IOException {
        try {
            return SqlRevisionStore.open(pool(file), new SqliteDialect(file));
        } catch (StoreUnavailableException e) {
            if (!isDamage(e, new SqliteDialect(file)) && !isDamagedLog(e, file)) {
                throw e;
            }
            found.add(String.valueOf(e.getMessage()));
            found.addAll(setAside(file, clock));
            return SqlRevisionStore.open(pool(file), new SqliteDialect(file));
        }
    }

    private static boolean isDamage(Throwable error, SqliteDialect dialect) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql && dialect.isDamage(sql)) {
                return true;
            }
        }
        return false;
    }

    // Flyway finds no tables where their names are damaged, or a history that is not its own. The log of a newer
    // Sallyport is refused, and so is a file that is no log at all.
    private static boolean isDamagedLog(Throwable error, Path file) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql && !SqliteDialect.isUnknownName(sql)) {
                return false;
            }
        }
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file)) {
            return LogTables.head(connection) > 0 && !isNewer(connection);
        } catch (SQLException e) {
            return false;
        }
    }

    private static boolean isNewer(Connection connection) {
        try {
            return LogTables.version(connection) > SqlRevisionStore.NEWEST_VERSION;
        } catch (SQLException e) {
            return false;
        }
    }

    private static HikariDataSource pool(Path file) throws StoreUnavailableException {
        var settings = new HikariConfig();
        settings.setPoolName("config-store");
        settings.setJdbcUrl("jdbc:sqlite:" + file);
        settings.setMaximumPoolSize(4);
        settings.setMinimumIdle(1);
        settings.setConnectionTimeout(5_000);
        // The file itself answers whether it can be opened: at the first use, with SQLite's own reason.
        settings.setInitializationFailTimeout(-1);
        settings.addDataSourceProperty("journal_mode", "WAL");
        settings.addDataSourceProperty("synchronous", "FULL");
        settings.addDataSourceProperty("busy_timeout", "2000");
        settings.addDataSourceProperty("transaction_mode", "IMMEDIATE");
        return new HikariDataSource(settings);
    }

    /// Moves a damaged file out of the way and copies its good beginning into a new one.
    private static List<String> setAside(Path file, InstantSource clock) throws IOException, StoreUnavailableException {
        var damaged = file.resolveSibling(file.getFileName() + ".damaged-" + clock.millis());
        for (var side : SIDE_FILES) {
            var from = Path.of(file + side);
            if (Files.exists(from)) {
                Files.move(from, Path.of(damaged + side), StandardCopyOption.ATOMIC_MOVE);
            }
        }
        var found = new ArrayList<String>();
        var target = SqlRevisionStore.open(pool(file), new SqliteDialect(file));
        try {
            found.add(new Salvage(damaged).into(target.pool()));
        } catch (SQLException e) {
            throw new StoreUnavailableException("cannot write " + file + ": " + e.getMessage(), e);
        } finally {
            target.close();
        }
        found.add("the damaged file is kept as " + damaged.getFileName());
        return found;
    }

    @Override
    public StoredState load() throws StoreUnavailableException {
        try {
            var acknowledged = HeadMark.read(markOf(file));
            StoredState state;
            try {
                state = found.isEmpty() ? store.load() : named(store.load(), found);
                found = List.of();
            } catch (StoreDamagedException e) {
                store.close();
                var damage = new ArrayList<>(found);
                damage.add(String.valueOf(e.getMessage()));
                damage.addAll(setAside(file, clock));
                store = SqlRevisionStore.open(pool(file), new SqliteDialect(file));
                state = named(store.load(), damage);
                found = List.of();
            } catch (StoreUnavailableException e) {
                throw e;
            }
            return compare(state, acknowledged);
        } catch (IOException | StoreDamagedException e) {
            throw new StoreUnavailableException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    private static StoredState named(StoredState state, List<String> damage) {
        var all = new ArrayList<>(damage);
        all.addAll(state.damage());
        return new StoredState(
                state.head(), state.objects(), state.touched(), all, state.repairs(), state.nextNumber());
    }

    private static StoredState compare(StoredState state, Optional<HeadMark.Mark> acknowledged) {
        if (acknowledged.isEmpty()) {
            return state;
        }
        var mark = acknowledged.get();
        long head = state.head().number();
        if (mark.number() > head) {
            var next = new StoredState(
                    state.head(), state.objects(), state.touched(), state.damage(), state.repairs(), mark.number() + 1);
            return named(next, List.of("r" + mark.number() + " was acknowledged, but the log ends at r" + head));
        }
        if (mark.number() == head && !mark.digest().equals(state.head().digest())) {
            return named(state, List.of("r" + head + " is not the one that was acknowledged"));
        }
        return state;
    }

    @Override
    public void append(long head, List<Revision> revisions, List<AcceptedRequest> requests)
            throws StoreUnavailableException, RevisionTakenException {
        try {
            if (suspect) {
                reopen(head);
            }
            store.append(head, revisions, requests);
            if (!revisions.isEmpty()) {
                var last = revisions.getLast().header();
                mark.write(last.number(), last.digest());
            }
        } catch (IOException e) {
            // The revision is stored; only the mark is behind, and an old mark proves nothing.
            reopenMark();
        } catch (StoreUnavailableException e) {
            suspect = suspect || isFlushFailure(e);
            throw e;
        }
    }

    private static boolean isFlushFailure(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLiteException sqlite
                    && sqlite.getResultCode().name().startsWith(SQLiteErrorCode.SQLITE_IOERR.name())) {
                return true;
            }
        }
        return false;
    }

    private void reopen(long head) throws StoreUnavailableException, RevisionTakenException {
        store.close();
        store = SqlRevisionStore.open(pool(file), new SqliteDialect(file));
        try {
            if (store.load().head().number() != head) {
                throw new RevisionTakenException("r" + (head + 1) + " was written after all");
            }
            suspect = false;
        } catch (StoreDamagedException e) {
            throw new StoreUnavailableException("cannot append: " + e.getMessage(), e);
        } catch (RevisionTakenException e) {
            suspect = false;
            throw e;
        }
    }

    private void reopenMark() throws StoreUnavailableException {
        try {
            mark.close();
            mark = HeadMark.open(markOf(file));
        } catch (IOException e) {
            throw new StoreUnavailableException("cannot open " + markOf(file) + ": " + e.getMessage(), e);
        }
    }

    @Override
    public long head() throws StoreUnavailableException {
        return store.head();
    }

    @Override
    public List<Revision> after(long number, int limit) throws StoreUnavailableException, StoreDamagedException {
        return store.after(number, limit);
    }

    @Override
    public List<HistoryEntry> history(Optional<ObjectRef> ref, long before, int limit)
            throws StoreUnavailableException {
        return store.history(ref, before, limit);
    }

    @Override
    public Optional<StoredObject> find(ObjectRef ref, long revision)
            throws StoreUnavailableException, StoreDamagedException {
        return store.find(ref, revision);
    }

    @Override
    public Optional<AcceptedRequest> request(String id) throws StoreUnavailableException {
        return store.request(id);
    }

    @Override
    public void prune(long floor) throws StoreUnavailableException {
        store.prune(floor);
    }

    @Override
    public List<String> verify() throws StoreUnavailableException {
        return store.verify();
    }

    @Override
    public Subscription listen(Runnable listener) {
        return () -> {};
    }

    @Override
    public void close() {
        store.close();
        try {
            mark.close();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
