package io.sallyport.accesslog.testing;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import io.sallyport.accesslog.storage.ClickHouseSettings;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/// A real ClickHouse for a test: its engine in a child process (`server.py` of the testkit), with the same data and
/// port over its restarts; or, for tests that do not kill it, the server of `CLICKHOUSE_URL`.
public final class TestClickHouse implements AutoCloseable {

    /// Its password, which no message may hold.
    public static final String PASSWORD = "s3cret p'a\"s\\s";

    private static final String USER = "sallyport";
    private static final long PATIENCE_SECONDS = 60;
    // Test rows are of one day, whatever day it is: they are not to be too old.
    private static final Duration FOREVER = Duration.ofDays(10_000);

    private static @Nullable TestClickHouse shared;

    private final Path folder;
    private @Nullable Process process;
    private int port;

    private TestClickHouse(Path folder) throws IOException, InterruptedException {
        this.folder = folder;
        again();
    }

    /// One that all tests of this JVM share, which ends with it. Each takes a database of its own.
    public static synchronized ClickHouseSettings database() throws IOException, InterruptedException {
        var url = System.getenv("CLICKHOUSE_URL");
        if (url != null) {
            var user = System.getenv().getOrDefault("CLICKHOUSE_USER", "default");
            var password = System.getenv().getOrDefault("CLICKHOUSE_PASSWORD", "");
            return settings(URI.create(url), user, password);
        }
        if (shared == null) {
            var started = start(Files.createTempDirectory("sallyport-clickhouse"));
            shared = started;
            Runtime.getRuntime().addShutdownHook(new Thread(started::endAndForget));
        }
        return shared.settings();
    }

    /// One of the test's own.
    public static TestClickHouse start(Path folder) throws IOException, InterruptedException {
        return new TestClickHouse(folder);
    }

    private static Path python() {
        var given = System.getenv("SALLYPORT_CHDB");
        if (given != null) {
            return Path.of(given);
        }
        try (var builds = Files.list(Path.of("../.build"))) {
            var found = builds.filter(build -> build.getFileName().toString().startsWith("chdb-"))
                    .map(build -> build.resolve("bin/python"))
                    .filter(Files::isExecutable)
                    .findFirst();
            if (found.isPresent()) {
                return found.get();
            }
        } catch (IOException e) {
            // Never built here.
        }
        var hint = "no ClickHouse engine (expected: ./sallyport chdb was run once, or CLICKHOUSE_URL)";
        if (System.getenv("CI") != null) {
            throw new IllegalStateException(hint);
        }
        return Assumptions.abort(hint);
    }

    /// Starts it again after a kill, with what it had stored.
    public void again() throws IOException, InterruptedException {
        var log = folder.resolve("clickhouse.log");
        var started = new ProcessBuilder(
                        python().toString(),
                        Path.of(System.getProperty("sallyport.clickhouse")).toString(),
                        folder.toString(),
                        String.valueOf(port),
                        USER,
                        PASSWORD)
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        process = started;
        var out = started.inputReader(StandardCharsets.UTF_8);
        var line = CompletableFuture.supplyAsync(() -> {
            try {
                return String.valueOf(out.readLine());
            } catch (IOException e) {
                return e.toString();
            }
        });
        try {
            var words = line.get(PATIENCE_SECONDS, TimeUnit.SECONDS).split(" ");
            if (words.length != 3 || !words[0].equals("listening")) {
                throw new IOException("ClickHouse's engine does not start: " + String.join(" ", words) + "\n"
                        + Files.readString(log));
            }
            port = Integer.parseInt(words[1]);
        } catch (ExecutionException | TimeoutException e) {
            started.destroyForcibly();
            throw new IOException("ClickHouse's engine does not start: " + Files.readString(log), e);
        }
    }

    /// A database that nobody has used.
    public ClickHouseSettings settings() {
        return settings(URI.create("http://127.0.0.1:" + port), USER, PASSWORD);
    }

    private static ClickHouseSettings settings(URI url, String user, String password) {
        var database = "sallyport_" + UUID.randomUUID().toString().replace("-", "");
        return new ClickHouseSettings(url, user, password, database, Optional.empty(), FOREVER, 1_024);
    }

    /// For [#inherited] of a child process: not in its arguments, which everybody sees.
    public static Map<String, String> environment(ClickHouseSettings settings) {
        return Map.of(
                "SALLYPORT_TEST_CLICKHOUSE",
                String.join(
                        "\n", settings.url().toString(), settings.user(), settings.password(), settings.database()));
    }

    /// What a parent process has given.
    static Optional<ClickHouseSettings> inherited() {
        return Optional.ofNullable(System.getenv("SALLYPORT_TEST_CLICKHOUSE"))
                .map(text -> text.split("\n", -1))
                .map(parts -> new ClickHouseSettings(
                        URI.create(parts[0]), parts[1], parts[2], parts[3], Optional.empty(), FOREVER, 1_024));
    }

    /// Kills it; it is away until [#again].
    public void kill() throws InterruptedException {
        if (process != null) {
            process.destroyForcibly();
            process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }

    private void end() {
        if (process != null) {
            process.destroyForcibly();
        }
    }

    // Its folder is nobody else's.
    private void endAndForget() {
        try {
            kill();
            MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
        } catch (IOException e) {
            System.err.println(folder + " cannot be deleted: " + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        end();
    }
}
