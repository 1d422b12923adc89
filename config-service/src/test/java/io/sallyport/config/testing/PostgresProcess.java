package io.sallyport.config.testing;

import static org.junit.jupiter.api.Assumptions.abort;

import io.sallyport.config.store.StoreSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// A real PostgreSQL, started once for all tests of the module and stopped with it. Each test gets a database of its
/// own. Without the server's programs the tests are skipped, but in CI (`CI=true`) they fail.
public final class PostgresProcess {

    private static final Path PROGRAMS = Path.of("/usr/lib/postgresql");
    private static final AtomicInteger DATABASES = new AtomicInteger();

    private final Process process;
    private final int port;

    private PostgresProcess(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    private static final class Running {
        private static final Optional<PostgresProcess> INSTANCE = start();
    }

    /// A new, empty database.
    public static StoreSettings.Postgres database() throws SQLException {
        var server = Running.INSTANCE;
        if (server.isEmpty()) {
            if ("true".equals(System.getenv("CI"))) {
                throw new AssertionError("PostgreSQL is missing: apt-get install postgresql");
            }
            abort("PostgreSQL is missing: apt-get install postgresql");
        }
        return server.orElseThrow().create();
    }

    private StoreSettings.Postgres create() throws SQLException {
        var name = "config" + DATABASES.incrementAndGet();
        try (var connection = DriverManager.getConnection(url("postgres"), "postgres", "");
                var statement = connection.createStatement()) {
            statement.execute("create database " + name);
        }
        return new StoreSettings.Postgres(url(name), "postgres", "");
    }

    private String url(String database) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
    }

    private static Optional<PostgresProcess> start() {
        try {
            var programs = programs();
            return programs.isEmpty() ? Optional.empty() : Optional.of(start(programs.get()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Optional<Path> programs() throws IOException {
        if (!Files.isDirectory(PROGRAMS)) {
            return Optional.empty();
        }
        try (var versions = Files.list(PROGRAMS)) {
            return versions.map(version -> version.resolve("bin"))
                    .filter(folder -> Files.isExecutable(folder.resolve("initdb")))
                    .max(Comparator.naturalOrder());
        }
    }

    private static PostgresProcess start(Path programs) throws IOException, InterruptedException {
        var data = run("mktemp", "-d", "/tmp/sallyport-postgres-XXXXXX").strip();
        run(programs.resolve("initdb").toString(), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8");
        int port = freePort();
        var process = new ProcessBuilder(asPostgres(
                        programs.resolve("postgres").toString(),
                        "-D",
                        data,
                        "-p",
                        Integer.toString(port),
                        "-c",
                        "listen_addresses=127.0.0.1",
                        "-c",
                        "unix_socket_directories=" + data))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(process, data)));
        var server = new PostgresProcess(process, port);
        server.awaitReady();
        return server;
    }

    private void awaitReady() throws InterruptedException {
        for (int attempt = 0; attempt < 300; attempt++) {
            try (var connection = DriverManager.getConnection(url("postgres"), "postgres", "")) {
                connection.isValid(1);
                return;
            } catch (SQLException e) {
                if (process.waitFor(100, TimeUnit.MILLISECONDS)) {
                    throw new IllegalStateException("PostgreSQL ended with " + process.exitValue(), e);
                }
            }
        }
        throw new IllegalStateException("PostgreSQL does not answer");
    }

    private static void stop(Process process, String data) {
        process.descendants().forEach(ProcessHandle::destroy);
        process.destroy();
        try {
            process.waitFor(10, TimeUnit.SECONDS);
            run("rm", "-r", data);
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    // PostgreSQL refuses to run as root.
    private static List<String> asPostgres(String... command) {
        var all = new ArrayList<String>();
        if ("root".equals(System.getProperty("user.name"))) {
            all.addAll(List.of("setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", "--"));
        }
        all.addAll(List.of(command));
        return all;
    }

    private static String run(String... command) throws IOException, InterruptedException {
        var process = new ProcessBuilder(asPostgres(command))
                .directory(Path.of("/tmp").toFile())
                .redirectErrorStream(true)
                .start();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": " + output);
        }
        return output;
    }
}
