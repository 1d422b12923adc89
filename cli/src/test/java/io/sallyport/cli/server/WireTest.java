package io.sallyport.cli.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.cli.DataDirectory;
import io.sallyport.cli.FakeTerminal;
import io.sallyport.cli.Main;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WireTest {

    @TempDir
    private Path data = Path.of("");

    private final FakeServer server = new FakeServer();
    private final FakeTerminal screen = new FakeTerminal();

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void theRunningUpIsFoundByItsDataDirectory() throws IOException {
        new DataDirectory(data).publish(new DataDirectory.Endpoints("127.0.0.1:4711", "", ""));
        Files.writeString(data.resolve("token"), "open-sesame\n");

        assertThat(server.run(screen, "history", "--data", data.toString())).isEqualTo(0);

        assertThat(server.dialed()).isEqualTo("127.0.0.1:4711");
        assertThat(server.authorization()).isEqualTo("Bearer open-sesame");
    }

    @Test
    void withoutARecordTheUsualPortIsTried() {
        server.run(screen, "history", "--data", data.toString());

        assertThat(server.dialed()).isEqualTo("127.0.0.1:15016");
    }

    @Test
    void anAddressThatIsNoneIsRefusedBeforeItIsDialed() {
        assertThat(server.run(screen, "history", "--server", "nowhere")).isEqualTo(2);

        assertThat(screen.err()).isEqualTo("error: server \"nowhere\" (expected: host:port or https://host:port)\n");
        assertThat(server.dialed()).isEmpty();
    }

    @Test
    void aWrongTokenSaysWhichFileItCameFrom() throws IOException {
        Files.writeString(data.resolve("token"), "wrong");

        assertThat(server.run(screen, "history", "--data", data.toString())).isEqualTo(2);

        assertThat(screen.err()).startsWith("error: the token in " + data.resolve("token"));
    }

    @Test
    void aServerThatIsAwayIsOneLineWithItsAddress() throws IOException {
        var free = freePort();

        assertThat(Main.commandLine(screen.terminal()).execute("history", "--data", data.toString(), "--server", free))
                .isEqualTo(2);

        assertThat(screen.err())
                .startsWith("error: no Sallyport answers at " + free)
                .hasLineCount(1);
    }

    @Test
    @Tag("M25")
    void aTokenNeverLeavesInPlainText() {
        assertThat(ServerAddress.of("127.0.0.1:1", null, null, null).isLoopback())
                .isTrue();
        assertThat(ServerAddress.of("[::1]:1", null, null, null).isLoopback()).isTrue();
        assertThat(ServerAddress.of("localhost:1", null, null, null).isLoopback())
                .isTrue();
        assertThat(ServerAddress.of("127.0.0.1.evil.test:1", null, null, null).isLoopback())
                .isFalse();
        assertThat(ServerAddress.of("10.0.0.1:1", null, null, null).isLoopback())
                .isFalse();
    }

    private static String freePort() throws IOException {
        try (var socket = new ServerSocket(0)) {
            return "127.0.0.1:" + socket.getLocalPort();
        }
    }
}
