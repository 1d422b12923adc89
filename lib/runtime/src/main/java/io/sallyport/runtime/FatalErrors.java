package io.sallyport.runtime;

import org.slf4j.LoggerFactory;

/// Ends a process in which a thread has died of an [Error], so that whoever watches over it starts it again.
/// A service that lost the thread that publishes, say, answers probes for ever and does nothing.
///
/// A class that cannot be loaded because the process has no free file stays missing in it, even when files are
/// free again. An [Exception], and a stack that a single virtual thread used up, cost that thread alone.
public final class FatalErrors implements Thread.UncaughtExceptionHandler {

    /// What the JVM ends with where it is told to end without memory (`-XX:+ExitOnOutOfMemoryError`).
    public static final int EXIT_CODE = 3;

    private final Runnable end;

    FatalErrors(Runnable end) {
        this.end = end;
    }

    /// From now on such an error ends this process, without its shutdown hooks: they may need what is missing.
    public static void endTheProcess() {
        Thread.setDefaultUncaughtExceptionHandler(
                new FatalErrors(() -> Runtime.getRuntime().halt(EXIT_CODE)));
    }

    @Override
    public void uncaughtException(Thread thread, Throwable thrown) {
        boolean isFatal = thrown instanceof Error && !(thread.isVirtual() && thrown instanceof StackOverflowError);
        try {
            LoggerFactory.getLogger(FatalErrors.class)
                    .atError()
                    .setCause(thrown)
                    .addKeyValue("thread", thread.getName())
                    .log(isFatal ? "A thread has died; the process ends" : "A thread has died");
        } finally {
            if (isFatal) {
                end.run();
            }
        }
    }
}
