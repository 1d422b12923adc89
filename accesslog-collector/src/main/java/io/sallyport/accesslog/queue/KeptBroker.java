package io.sallyport.accesslog.queue;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.sallyport.runtime.SteadyLoop;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A [BrokerProcess] that is started again when it ends, with the same data and at the same ports, so that whoever
/// writes and reads there goes on: until then rows wait in the spool.
public final class KeptBroker implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(KeptBroker.class);
    private static final long PATIENCE_MILLIS = 60_000;

    private final List<Path> programs;
    private final Path folder;
    private final BrokerProcess.Ports ports;

    @GuardedBy("this") private BrokerProcess process;

    @GuardedBy("this") private boolean isClosed;

    private final SteadyLoop keeper;

    private KeptBroker(List<Path> programs, Path folder, BrokerProcess.Ports ports, BrokerProcess process) {
        this.programs = List.copyOf(programs);
        this.folder = folder;
        this.ports = ports;
        this.process = process;
        this.keeper = SteadyLoop.start("broker-keeper", _ -> again());
    }

    /// Starts it; returns at once, before it answers, see [#awaitStart].
    ///
    /// @param programs folders with its jars and classes
    /// @param folder of its own
    public static KeptBroker start(List<Path> programs, Path folder) throws IOException {
        var ports = BrokerProcess.Ports.free();
        return new KeptBroker(programs, folder, ports, BrokerProcess.start(programs, folder, ports));
    }

    // One life: its end, and the start of the next. What fails is tried again by the loop, after a rest.
    private void again() throws IOException, InterruptedException {
        var code = current().awaitEnd();
        synchronized (this) {
            if (isClosed) {
                return;
            }
            log.atWarn().addKeyValue("exit", code).log("Kafka has ended and is started again, rows wait in the spool");
            process = BrokerProcess.start(programs, folder, ports);
        }
        if (!current().awaitStart(PATIENCE_MILLIS)) {
            throw new IOException("Kafka does not start, see " + folder.resolve("broker.log"));
        }
        log.atInfo().log("Kafka answers again");
    }

    private synchronized BrokerProcess current() {
        return process;
    }

    /// Where clients find it, whichever life it is in.
    public String bootstrapServers() {
        return current().bootstrapServers();
    }

    /// Of the process that runs now.
    public long pid() {
        return current().pid();
    }

    /// Waits until it answers; false when it ended instead or the time is over.
    public boolean awaitStart(long millis) throws InterruptedException {
        return current().awaitStart(millis);
    }

    @Override
    public void close() throws IOException {
        synchronized (this) {
            isClosed = true;
        }
        keeper.close();
        current().close();
    }
}
