package io.sallyport.accesslog.queue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A Kafka broker of one node as a child process, for machines without a Kafka: real, on loopback, with its
/// data in a folder of ours. It ends when this process does, however that ends.
public final class BrokerProcess implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(BrokerProcess.class);
    private static final String MAIN = "io.sallyport.broker.Main";

    private final Process process;
    private final int port;
    private final CountDownLatch started;

    private BrokerProcess(Process process, int port, CountDownLatch started) {
        this.process = process;
        this.port = port;
        this.started = started;
    }

    /// The ports of a broker: of its clients and of its own controller.
    public record Ports(int clients, int controller) {

        /// Two that are free now.
        public static Ports free() throws IOException {
            try (var one = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                    var two = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                return new Ports(one.getLocalPort(), two.getLocalPort());
            }
        }
    }

    /// Starts it; returns at once, before it answers, see [#awaitStart].
    ///
    /// @param programs folders with its jars and classes
    /// @param folder of its own
    public static BrokerProcess start(Iterable<Path> programs, Path folder, Ports ports) throws IOException {
        return start(programs, folder, ports, Map.of());
    }

    /// Starts it with settings of Kafka's own beside ours: `sasl.enabled.mechanisms`. The listener of clients is called
    /// `PLAINTEXT`, whatever protocol it is given.
    public static BrokerProcess start(Iterable<Path> programs, Path folder, Ports ports, Map<String, String> more)
            throws IOException {
        Files.createDirectories(
                folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        var settings = folder.resolve("server.properties");
        // Of two lines with one name the last counts.
        var lines = new StringBuilder(properties(folder.resolve("data"), ports));
        new TreeMap<>(more)
                .forEach((name, value) ->
                        lines.append(name).append('=').append(value).append('\n'));
        Files.writeString(settings, lines);
        var classPath = classPath(programs);
        var process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xms64m",
                        "-Xmx256m",
                        "-Djava.awt.headless=true",
                        // Named so that a class path with the broker on it has one logback.xml.
                        "-Dlogback.configurationFile=logback-broker.xml",
                        "--sun-misc-unsafe-memory-access=allow",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        classPath,
                        MAIN,
                        settings.toString())
                .redirectError(
                        ProcessBuilder.Redirect.to(folder.resolve("broker.log").toFile()))
                .start();
        var started = new CountDownLatch(1);
        Thread.ofVirtual().name("broker-output").start(() -> read(process, started));
        return new BrokerProcess(process, ports.clients(), started);
    }

    private static void read(Process process, CountDownLatch started) {
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            for (var line = out.readLine(); line != null; line = out.readLine()) {
                if (line.equals("started")) {
                    started.countDown();
                }
            }
        } catch (IOException e) {
            // It was killed, as whoever waits for it sees.
            log.atDebug().setCause(e).log("Broker ended");
        }
    }

    private static String classPath(Iterable<Path> programs) throws IOException {
        var entries = new StringBuilder();
        for (var program : programs) {
            try (var files = Files.list(program)) {
                var jars = files.filter(file -> file.toString().endsWith(".jar"))
                        .sorted()
                        .map(Path::toString)
                        .collect(Collectors.joining(File.pathSeparator));
                entries.append(entries.isEmpty() ? "" : File.pathSeparator)
                        .append(jars.isEmpty() ? program.toString() : jars);
            }
        }
        return entries.toString();
    }

    private static String properties(Path data, Ports ports) {
        var client = "127.0.0.1:" + ports.clients();
        var controller = "127.0.0.1:" + ports.controller();
        return """
                process.roles=broker,controller
                node.id=1
                controller.quorum.voters=1@%s
                listeners=PLAINTEXT://%s,CONTROLLER://%s
                advertised.listeners=PLAINTEXT://%s
                controller.listener.names=CONTROLLER
                inter.broker.listener.name=PLAINTEXT
                listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
                log.dirs=%s
                auto.create.topics.enable=false
                num.network.threads=2
                num.io.threads=2
                num.partitions=1
                log.cleaner.dedupe.buffer.size=2097152
                log.cleaner.threads=1
                log.segment.bytes=67108864
                log.retention.bytes=1073741824
                log.retention.hours=72
                offsets.topic.replication.factor=1
                offsets.topic.num.partitions=1
                transaction.state.log.replication.factor=1
                transaction.state.log.min.isr=1
                transaction.state.log.num.partitions=1
                share.coordinator.state.topic.replication.factor=1
                share.coordinator.state.topic.min.isr=1
                group.initial.rebalance.delay.ms=0
                """.formatted(controller, client, controller, client, data);
    }

    /// Where clients find it.
    public String bootstrapServers() {
        return "127.0.0.1:" + port;
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    public long pid() {
        return process.pid();
    }

    /// Waits until it answers; false when it ended instead or the time is over.
    public boolean awaitStart(long millis) throws InterruptedException {
        var left = millis;
        while (left > 0 && process.isAlive()) {
            if (started.await(Math.min(left, 100), TimeUnit.MILLISECONDS)) {
                return true;
            }
            left -= 100;
        }
        return false;
    }

    /// Waits until it has ended, and returns its exit code.
    int awaitEnd() throws InterruptedException {
        return process.waitFor();
    }

    /// Kills it without a chance to tidy up.
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /// Stops it; kills it when that takes longer than five seconds.
    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                kill();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
