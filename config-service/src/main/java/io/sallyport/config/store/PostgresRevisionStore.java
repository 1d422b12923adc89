package io.sallyport.config.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.sallyport.model.ObjectRef;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.postgresql.PGConnection;

/// The log in a PostgreSQL database that several replicas share. A replica that appends tells the others by `NOTIFY`;
/// one that missed it looks for itself after a few seconds.
final class PostgresRevisionStore implements RevisionStore {

    private static final int LOOK_EVERY_MILLIS = 2_000;

    private final String url;
    private final Properties login;
    private final SqlRevisionStore store;

    private PostgresRevisionStore(String url, Properties login, SqlRevisionStore store) {
        this.url = url;
        this.login = login;
        this.store = store;
    }

    static PostgresRevisionStore open(String url, String user, String password) throws StoreUnavailableException {
        var settings = new HikariConfig();
        settings.setPoolName("config-store");
        settings.setJdbcUrl(url);
        var login = new Properties();
        if (!user.isEmpty()) {
            settings.setUsername(user);
            settings.setPassword(password);
            login.setProperty("user", user);
            login.setProperty("password", password);
        }
        settings.setMaximumPoolSize(4);
        settings.setMinimumIdle(1);
        settings.setConnectionTimeout(5_000);
        settings.setInitializationFailTimeout(-1);
        settings.addDataSourceProperty("socketTimeout", "30");
        settings.addDataSourceProperty("tcpKeepAlive", "true");
        // A database that is set up to answer before the write is on disk would break the promise of an
        // acknowledgement.
        settings.setConnectionInitSql("set synchronous_commit = on");
        return new PostgresRevisionStore(
                url, login, SqlRevisionStore.open(new HikariDataSource(settings), new PostgresDialect()));
    }

    @Override
    public StoredState load() throws StoreUnavailableException {
        try {
            return store.load();
        } catch (StoreDamagedException e) {
            throw new StoreUnavailableException("the log is damaged: " + e.getMessage() + "; restore a backup", e);
        }
    }

    @Override
    public void append(long head, List<Revision> revisions, List<AcceptedRequest> requests)
            throws StoreUnavailableException, RevisionTakenException {
        store.append(head, revisions, requests);
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
        var closed = new CountDownLatch(1);
        var thread = Thread.ofVirtual().name("config-store-listen").start(() -> listenUntil(closed, listener));
        return () -> {
            closed.countDown();
            thread.interrupt();
        };
    }

    private void listenUntil(CountDownLatch closed, Runnable listener) {
        while (closed.getCount() > 0) {
            // A connection of its own, outside the pool: it waits for messages all its life.
            try (var connection = DriverManager.getConnection(url, login);
                    var statement = connection.createStatement()) {
                statement.execute("listen " + PostgresDialect.CHANNEL);
                var messages = connection.unwrap(PGConnection.class);
                while (closed.getCount() > 0) {
                    listener.run();
                    messages.getNotifications(LOOK_EVERY_MILLIS);
                }
            } catch (SQLException e) {
                // The database is away. Appends say so to their callers; here the only thing to do is to come back.
                pause(closed);
            }
        }
    }

    private static void pause(CountDownLatch closed) {
        try {
            closed.await(LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            closed.countDown();
        }
    }

    @Override
    public void close() {
        store.close();
    }
}
