package io.sallyport.standalone;

import io.sallyport.standalone.envoy.TestEnvoy;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/// `sallyport up` as a real process of this class path, whose lines can be waited for.
final class UpProcess implements AutoCloseable {

    private final Process process;
    private final BufferedReader lines;
    private final StringBuilder seen = new StringBuilder();

    private UpProcess(Process process) {
        this.process = process;
        this.lines = process.inputReader(StandardCharsets.UTF_8);
    }

    static UpProcess start(Path directory, Path data) throws IOException {
        return run(
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
        builder.environment().put("ENVOY", TestEnvoy.path().toString());
        return new UpProcess(builder.start());
    }

    /// The next line for which `is` holds; fails with all lines when the process ends before.
    String await(Predicate<String> is) throws IOException {
        for (var line = lines.readLine(); line != null; line = lines.readLine()) {
            seen.append(line).append('\n');
            if (is.test(line)) {
                return line;
            }
        }
        throw new AssertionError("it ended without the line:\n" + seen);
    }

    String awaitReady() throws IOException {
        return await(line -> line.startsWith("ready"));
    }

    /// All lines until the process ends.
    String rest() throws IOException {
        for (var line = lines.readLine(); line != null; line = lines.readLine()) {
            seen.append(line).append('\n');
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
