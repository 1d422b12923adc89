package io.sallyport.testkit.stack;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;

/// A `sallyport` command in a process of its own. It starts when it has printed that it is ready.
public final class ChildProcess implements AutoCloseable {

    private static final int STOP_SECONDS = 30;

    /// A process that says nothing of readiness for so long is ended, so that the caller sees what it did say.
    private static final int START_SECONDS = 120;

    private final Process process;
    private final String seen;

    private ChildProcess(Process process, String seen) {
        this.process = process;
        this.seen = seen;
    }

    /// Starts `sallyport WORD...` from this JVM's class path and waits for the line that says that it works.
    public static ChildProcess java(Predicate<String> isReady, List<String> words) throws IOException {
        return java(isReady, List.of(), List.of(), words);
    }

    /// The same behind a prefix that sets limits, say, and with more flags for the JVM.
    static ChildProcess java(Predicate<String> isReady, List<String> prefix, List<String> flags, List<String> words)
            throws IOException {
        var command = new ArrayList<>(prefix);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--sun-misc-unsafe-memory-access=allow",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx512m"));
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "io.sallyport.standalone.Main"));
        command.addAll(words);
        return start(isReady, command);
    }

    /// Starts any command likewise.
    public static ChildProcess start(Predicate<String> isReady, List<String> command) throws IOException {
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var reader = new BufferedReader(process.inputReader(StandardCharsets.UTF_8));
        var seen = new StringBuilder();
        var isUp = new AtomicBoolean();
        CompletableFuture.delayedExecutor(START_SECONDS, TimeUnit.SECONDS).execute(() -> {
            if (!isUp.get()) {
                process.destroyForcibly();
            }
        });
        for (var line = reader.readLine(); line != null; line = reader.readLine()) {
            seen.append(line).append('\n');
            if (isReady.test(line)) {
                isUp.set(true);
                Thread.ofVirtual().start(() -> drain(reader));
                return new ChildProcess(process, seen.toString());
            }
        }
        throw new IOException(
                "the process ended, or was ended after " + START_SECONDS + " s, before it was ready:\n" + seen);
    }

    private static void drain(BufferedReader reader) {
        try {
            while (reader.readLine() != null) {
                // Its later lines are not wanted, but it must not wait for a reader.
            }
        } catch (IOException closed) {
            // It has ended.
        }
    }

    /// What it printed until it was ready.
    public String firstLines() {
        return seen;
    }

    public ProcessHandle process() {
        return process.toHandle();
    }

    /// Ends it as a power cut would: it can do nothing about it. Returns when it is gone.
    public void kill() {
        process.destroyForcibly();
        process.onExit().orTimeout(STOP_SECONDS, TimeUnit.SECONDS).join();
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit()
                .orTimeout(STOP_SECONDS, TimeUnit.SECONDS)
                .exceptionally(_ -> process.destroyForcibly())
                .join();
    }
}
