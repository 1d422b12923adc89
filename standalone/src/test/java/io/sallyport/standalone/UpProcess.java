package io.sallyport.standalone;

import io.sallyport.standalone.envoy.TestEnvoy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/// `sallyport up` as a real process of this class path, whose lines can be waited for. A wait that is in vain
/// fails with all that the process has printed.
final class UpProcess implements AutoCloseable {

    /// How long a single line may take, on a machine that does many other things.
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private static final String END = "\0";

    private final Process process;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final StringBuilder seen = new StringBuilder();

    private UpProcess(Process process) {
        this.process = process;
        Thread.ofVirtual().start(() -> {
            try (var printed = process.inputReader(StandardCharsets.UTF_8)) {
                printed.lines().forEach(lines::add);
            } catch (IOException | UncheckedIOException e) {
                lines.add("its output cannot be read: " + e.getMessage());
            }
            lines.add(END);
        });
    }

    static UpProcess start(Path directory, Path data) throws IOException {
        return start(directory, data, TestEnvoy.path());
    }

    /// The same with another Envoy.
    static UpProcess start(Path directory, Path data, Path envoy) throws IOException {
        return run(
                envoy,
                "up",
                directory.toString(),
                "--data",
                data.toString(),
                "--xds-port",
                "0",
                "--api-port",
                "0",
                "--http-port",
                "0");
    }

    /// Any command of the program.
    static UpProcess run(String... arguments) throws IOException {
        return run(TestEnvoy.path(), arguments);
    }

    private static UpProcess run(Path envoy, String... arguments) throws IOException {
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--sun-misc-unsafe-memory-access=allow",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                "io.sallyport.standalone.Main"));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("ENVOY", envoy.toString());
        return new UpProcess(builder.start());
    }

    /// The next line for which `is` holds; fails with all lines when the process ends before.
    String await(Predicate<String> is) throws InterruptedException {
        for (var line = next(); line.isPresent(); line = next()) {
            if (is.test(line.get())) {
                return line.get();
            }
        }
        throw new AssertionError("it ended without the line:\n" + seen);
    }

    private Optional<String> next() throws InterruptedException {
        var line = lines.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        if (line == null) {
            throw new AssertionError("nothing more is printed for " + PATIENCE.toSeconds() + " s:\n" + seen);
        }
        if (line.equals(END)) {
            return Optional.empty();
        }
        seen.append(line).append('\n');
        return Optional.of(line);
    }

    String awaitReady() throws InterruptedException {
        return await(line -> line.startsWith("ready"));
    }

    /// All lines until the process ends.
    String rest() throws InterruptedException {
        while (next().isPresent()) {
            // Each is kept in `seen`.
        }
        return seen.toString();
    }

    long pid() {
        return process.pid();
    }

    int awaitEnd() throws InterruptedException {
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            throw new AssertionError("it does not end:\n" + seen);
        }
        return process.exitValue();
    }

    void terminate() {
        process.destroy();
    }

    void kill() {
        process.destroyForcibly();
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit()
                .orTimeout(30, TimeUnit.SECONDS)
                .exceptionally(_ -> process.destroyForcibly())
                .join();
    }
}
