package io.sallyport.accesslog.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeptBrokerTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private Path folder = Path.of("");

    @Test
    @Tag("F11")
    void aBrokerThatIsKilledIsStartedAgainWhereItWas() throws Exception {
        var root = Path.of(System.getProperty("sallyport.broker", "../broker/target"));
        var programs = List.of(root.resolve("classes"), root.resolve("broker"));
        var pid = 0L;
        try (var broker = KeptBroker.start(programs, folder.resolve("kafka"))) {
            assertThat(broker.awaitStart(PATIENCE.toMillis())).isTrue();
            var place = broker.bootstrapServers();
            var killed = ProcessHandle.of(broker.pid()).orElseThrow();

            killed.destroyForcibly();

            await().atMost(PATIENCE).until(() -> broker.pid() != killed.pid());
            assertThat(broker.awaitStart(PATIENCE.toMillis())).isTrue();
            assertThat(broker.bootstrapServers()).isEqualTo(place);
            var port = Integer.parseInt(place.substring(place.indexOf(':') + 1));
            try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                assertThat(socket.isConnected()).isTrue();
            }
            pid = broker.pid();
        }
        assertThat(ProcessHandle.of(pid).filter(ProcessHandle::isAlive)).isEmpty();
    }
}
