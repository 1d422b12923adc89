package io.sallyport.runtime;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/// Sets up logging beyond what `logback.xml` says. `SALLYPORT_LOG=json` and `SALLYPORT_LOG_LEVEL` are read there.
public final class Logs {

    private Logs() {}

    /// Sends what libraries log by `java.util.logging` the same way as everything else.
    public static void bridge() {
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
    }

    /// On a person's terminal only warnings are shown, unless `SALLYPORT_LOG_LEVEL` asks for more.
    public static void quiet() {
        quiet(org.slf4j.Logger.ROOT_LOGGER_NAME, org.slf4j.event.Level.WARN);
    }

    /// The same for one logger, of which more or less is shown.
    public static void quiet(String logger, org.slf4j.event.Level level) {
        if (System.getenv("SALLYPORT_LOG_LEVEL") == null && LoggerFactory.getLogger(logger) instanceof Logger wanted) {
            wanted.setLevel(Level.convertAnSLF4JLevel(level));
        }
    }
}
