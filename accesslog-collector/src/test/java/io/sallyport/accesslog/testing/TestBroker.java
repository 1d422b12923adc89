package io.sallyport.accesslog.testing;

import io.sallyport.accesslog.queue.BrokerProcess;
import io.sallyport.accesslog.queue.KafkaSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// A real broker for a test, with the same data and ports over its restarts.
public final class TestBroker implements AutoCloseable {

    private static final long PATIENCE_MILLIS = 60_000;

    private final Path folder;
    private final Map<String, String> more;
    private final BrokerProcess.Ports ports;
    private BrokerProcess process;

    private TestBroker(Path folder, Map<String, String> more) throws IOException, InterruptedException {
        this.folder = folder;
        this.more = Map.copyOf(more);
        this.ports = BrokerProcess.Ports.free();
        this.process = begin();
    }

    public static TestBroker start(Path folder) throws IOException, InterruptedException {
        return new TestBroker(folder, Map.of());
    }

    /// With settings of Kafka's own beside.
    public static TestBroker start(Path folder, Map<String, String> more) throws IOException, InterruptedException {
        return new TestBroker(folder, more);
    }

    private BrokerProcess begin() throws IOException, InterruptedException {
        var root = Path.of(System.getProperty("sallyport.broker", "../broker/target"));
        var started =
                BrokerProcess.start(List.of(root.resolve("classes"), root.resolve("broker")), folder, ports, more);
        if (!started.awaitStart(PATIENCE_MILLIS)) {
            started.kill();
            try (var log = Files.lines(folder.resolve("broker.log"))) {
                throw new IOException("broker does not start:\n" + log.limit(40).collect(Collectors.joining("\n")));
            }
        }
        return started;
    }

    public KafkaSettings settings() {
        return KafkaSettings.local(process.bootstrapServers());
    }

    /// Kills it; it is away until [#again].
    public void kill() throws InterruptedException {
        process.kill();
    }

    public void again() throws IOException, InterruptedException {
        process = begin();
    }

    @Override
    public void close() throws IOException {
        process.close();
    }
}
