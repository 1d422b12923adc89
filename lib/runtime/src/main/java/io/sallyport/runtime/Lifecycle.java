package io.sallyport.runtime;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Stops the parts of a process in the opposite order of their start, each exactly once.
/// A part that fails to stop is logged and does not keep the others running.
public final class Lifecycle implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Lifecycle.class);

    private record Part(String name, AutoCloseable stop) {}

    @GuardedBy("this") private final Deque<Part> parts = new ArrayDeque<>();

    @GuardedBy("this") private boolean closed;

    /// Registers a part that is running. After the close (a signal came during the start) it is stopped at once.
    public <T extends AutoCloseable> T started(String name, T part) {
        var late = false;
        synchronized (this) {
            late = closed;
            if (!late) {
                parts.push(new Part(name, part));
            }
        }
        if (late) {
            stop(new Part(name, part));
        }
        return part;
    }

    /// Makes SIGTERM and Ctrl-C stop the parts.
    public Lifecycle stopOnSignal() {
        Runtime.getRuntime().addShutdownHook(new Thread(this::close, "stop"));
        return this;
    }

    @Override
    public void close() {
        while (true) {
            Part part;
            synchronized (this) {
                closed = true;
                part = parts.poll();
            }
            if (part == null) {
                return;
            }
            stop(part);
        }
    }

    // An owner loop: whatever one part throws, the others still have to stop.
    private static void stop(Part part) {
        try {
            part.stop().close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            log.atWarn().addKeyValue("part", part.name()).setCause(e).log("Part did not stop cleanly");
        }
    }
}
