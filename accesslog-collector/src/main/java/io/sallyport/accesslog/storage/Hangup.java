package io.sallyport.accesslog.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.grpc.Context;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Stops a statement when whoever asked hangs up, or waits no longer: when the [Context] of the call ends.
/// An engine that works on for nobody keeps others waiting.
final class Hangup implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Hangup.class);
    private static final long AGAIN_NANOS = 10_000_000;

    private final Context call = Context.current();
    private final Context.CancellationListener listener =
            _ -> Thread.ofVirtual().start(this::stop);
    private final Statement statement;

    @GuardedBy("this") private boolean isOver;

    private Hangup(Statement statement) {
        this.statement = statement;
    }

    /// From now on until it is closed, which has to be before the statement is.
    static Hangup of(Statement statement) throws StoreException {
        var hangup = new Hangup(statement);
        if (hangup.isNow()) {
            throw new StoreException("question was given up");
        }
        hangup.call.addListener(hangup.listener, Runnable::run);
        return hangup;
    }

    /// Whether it has happened.
    boolean isNow() {
        return call.isCancelled();
    }

    // A statement that has not quite begun does not hear it, so it is said until the statement has ended.
    private void stop() {
        while (isCancelled()) {
            LockSupport.parkNanos(AGAIN_NANOS);
        }
    }

    // Never while, or after, the statement closes.
    private synchronized boolean isCancelled() {
        if (isOver) {
            return false;
        }
        try {
            statement.cancel();
            return true;
        } catch (SQLException e) {
            log.atDebug().setCause(e).log("A statement cannot be cancelled");
            return false;
        }
    }

    @Override
    public void close() {
        call.removeListener(listener);
        synchronized (this) {
            isOver = true;
        }
    }
}
