package io.sallyport.accesslog.testing;

import io.sallyport.accesslog.queue.KafkaSettings;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/// A [CollectorProgram] that runs, to be killed.
public final class CollectorProcess implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Process process;
    private final Path log;
    private final Thread reader;
    private volatile long taken;
    private volatile long stored;

    private CollectorProcess(Process process, Path log) {
        this.process = process;
        this.log = log;
        this.reader = Thread.ofVirtual().start(this::follow);
    }

    /// Starts it.
    ///
    /// @param folder of its spool and, with DuckDB, its rows
    /// @param kafka a topic, partitions and the name of the instance
    /// @param environment which store it takes
    public static CollectorProcess start(Path folder, KafkaSettings kafka, int round, Map<String, String> environment)
            throws IOException {
        Files.createDirectories(folder);
        var log = folder.resolve("collector-" + round + ".log");
        var builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx512m",
                        // Killed, it leaves DuckDB's library of 80 MB behind.
                        "-Djava.io.tmpdir=" + folder,
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        CollectorProgram.class.getName(),
                        folder.toString(),
                        kafka.bootstrapServers(),
                        kafka.topic(),
                        String.valueOf(kafka.partitions()),
                        kafka.instance().orElse(""),
                        String.valueOf(round))
                .redirectError(log.toFile());
        builder.environment().putAll(environment);
        return new CollectorProcess(builder.start(), log);
    }

    private void follow() {
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            for (var line = out.readLine(); line != null; line = out.readLine()) {
                var words = line.split(" ");
                if (words.length == 4 && words[0].equals("taken")) {
                    stored = Long.parseLong(words[3]);
                    taken = Long.parseLong(words[1]);
                }
            }
        } catch (IOException e) {
            // It was killed.
        }
    }

    /// How many rows its spool has taken, as far as it has said.
    public long taken() {
        return taken;
    }

    /// How many rows it has given to the store.
    public long stored() {
        return stored;
    }

    /// Fails with what it said if it has ended by itself.
    public void mustRun() throws IOException {
        if (!process.isAlive()) {
            throw new AssertionError("collector ended: " + Files.readString(log));
        }
    }

    /// Kills it without a chance to tidy up, and waits until it is gone and all it said is read.
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
        reader.join(PATIENCE);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
