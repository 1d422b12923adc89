package io.sallyport.standalone.names;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.runtime.metric.Metrics;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The relay between one that asks and servers that say what they are told to, one thing after another.
@Tag("F27")
class NameRelayTest {

    @FunctionalInterface
    private interface Word {
        NameMessage apply(NameMessage question);
    }

    private static final int PATIENCE_MILLIS = 20_000;
    private static final Word FOUND = _ -> Spoken.addresses("a.test", "192.0.2.1");
    private static final Word MISSING = _ -> Spoken.missing("a.test");
    private static final Word FAILURE = _ -> Spoken.failure("a.test");

    private final ArrayDeque<AutoCloseable> open = new ArrayDeque<>();
    private final Queue<NameMessage> heard = new ConcurrentLinkedQueue<>();

    @AfterEach
    void close() throws Exception {
        while (!open.isEmpty()) {
            open.pop().close();
        }
    }

    @Test
    void aGoodAnswerPassesAndStandsInForADenial() throws IOException {
        var relay = relay(server(FOUND, MISSING, FAILURE, FAILURE));

        var first = ask(relay, "a.test");

        assertThat(first.bytes())
                .isEqualTo(Spoken.addresses("a.test", "192.0.2.1").bytes());
        assertThat(ask(relay, "a.test").bytes())
                .as("denied")
                .isEqualTo(first.living(5).bytes());
        assertThat(ask(relay, "A.test").bytes())
                .as("failed")
                .isEqualTo(first.living(5).bytes());
        assertThat(heard)
                .allSatisfy(question -> assertThat(question.bytes())
                        .hasSize(Spoken.question("a.test").bytes().length - 12));
    }

    @Test
    void metricsSayWhatIsKeptAndWhatStoodIn() throws IOException {
        var relay = relay(server(FOUND, FAILURE, FAILURE));
        var metrics = new Metrics();
        relay.measure(metrics.registry());
        assertThat(metrics.scrape()).contains("\nsallyport_names_kept 0.0\n");

        ask(relay, "a.test");
        assertThat(metrics.scrape()).contains("\nsallyport_names_kept 1.0\n", "\nsallyport_names_stood_in_total 0.0\n");
        ask(relay, "a.test");
        ask(relay, "a.test");

        assertThat(metrics.scrape())
                .contains(
                        "\nsallyport_names_kept 1.0\n",
                        "\nsallyport_names_stood_in_total 2.0\n",
                        "\nsallyport_names_turned_away_total 0.0\n");
    }

    @Test
    void aPortThatIsTakenForTcpIsNamed() throws IOException {
        var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        open.push(taken);
        var address = new InetSocketAddress(taken.getInetAddress(), taken.getLocalPort());

        assertThatThrownBy(() -> NameRelay.start(address, List::of, InstantSource.system(), new Random(1)))
                .hasMessage("port " + taken.getLocalPort() + " is in use by TCP");
    }

    @Test
    void aNameThatMovedToTheOtherFamilyIsNotKeptInThisOne() throws IOException {
        var relay = relay(
                server(FOUND, _ -> Spoken.nothingOfThatType("a.test"), _ -> Spoken.newerAddress("a.test"), MISSING));
        ask(relay, "a.test");
        assertThat(ask(relay, "a.test").meaning()).isEqualTo(NameMessage.Meaning.DENIES);
        assertThat(ask(relay, "a.test").meaning()).isEqualTo(NameMessage.Meaning.DENIES);
    }

    @Test
    void anotherServerIsAskedWhereOneIsInTrouble() throws IOException {
        var relay = relay(server(FAILURE), server(FOUND));
        assertThat(ask(relay, "a.test").meaning()).isEqualTo(NameMessage.Meaning.HAS_IT);
    }

    @Test
    void aQuestionThatNobodyAnswersFailsBeforeTheOneWhoAskedGivesUp() throws IOException {
        var relay = relay(server());
        var answer = ask(relay, "a.test");
        assertThat(answer.meaning()).isEqualTo(NameMessage.Meaning.UNKNOWN);
        assertThat(answer.id()).isEqualTo(Spoken.question("a.test").id());
    }

    @Test
    @Tag("M7")
    void answersOfStrangersAreNotHeard() throws IOException {
        var forged = relay(
                server(question -> Spoken.addresses("a.test", "198.51.100.6").withId(question.id() ^ 1), FOUND));
        assertThat(ask(forged, "a.test").bytes())
                .isEqualTo(Spoken.addresses("a.test", "192.0.2.1").bytes());
    }

    @Test
    void longAnswersAreAskedForByTcp() throws IOException {
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> serveOnce(server));
            var relay = relay((InetSocketAddress) server.getLocalSocketAddress());
            try (var socket = connected(relay.address())) {
                socket.setSoTimeout(PATIENCE_MILLIS);
                var question = Spoken.question("a.test").bytes();
                var out = new DataOutputStream(socket.getOutputStream());
                out.writeShort(question.length);
                out.write(question);
                var in = new DataInputStream(socket.getInputStream());
                var answer = new NameMessage(in.readNBytes(in.readUnsignedShort()));
                assertThat(answer.bytes())
                        .isEqualTo(Spoken.addresses("a.test", "192.0.2.1").bytes());
            }
        }
    }

    @Test
    void theMachinesNameServersAreReadAnewEachTime(@TempDir Path folder) throws IOException {
        var file = folder.resolve("resolv.conf");
        var servers = NameServers.of(file);
        assertThat(servers.now()).containsExactly(server("127.0.0.1"));

        Files.writeString(
                file, "search a.test\nnameserver 192.0.2.53\nnameserver nonsense\nnameserver\t2001:db8::53\n");

        assertThat(servers.now()).containsExactly(server("192.0.2.53"), server("2001:db8::53"));
    }

    private static InetSocketAddress server(String address) {
        return new InetSocketAddress(InetAddress.ofLiteral(address), 53);
    }

    private static Socket connected(InetSocketAddress address) throws IOException {
        var socket = new Socket();
        socket.connect(address, PATIENCE_MILLIS);
        return socket;
    }

    private static void serveOnce(ServerSocket server) {
        try (var socket = server.accept()) {
            var in = new DataInputStream(socket.getInputStream());
            var question = new NameMessage(in.readNBytes(in.readUnsignedShort()));
            var answer = FOUND.apply(question).withId(question.id()).bytes();
            var out = new DataOutputStream(socket.getOutputStream());
            out.writeShort(answer.length);
            out.write(answer);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private NameRelay relay(InetSocketAddress... servers) throws IOException {
        var all = List.of(servers);
        var relay = NameRelay.start(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                () -> all,
                InstantSource.system(),
                new Random(7));
        open.push(relay);
        return relay;
    }

    // Says these things one after another, and then nothing more. What is said without an id of its own gets the right
    // one.
    private InetSocketAddress server(Word... words) throws IOException {
        var socket = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        open.push(socket);
        var script = new ArrayDeque<>(List.of(words));
        Thread.ofVirtual().start(() -> {
            var packet = new DatagramPacket(new byte[4_096], 4_096);
            try {
                while (true) {
                    socket.receive(packet);
                    var question = new NameMessage(Arrays.copyOf(packet.getData(), packet.getLength()));
                    heard.add(question);
                    var word = script.poll();
                    if (word != null) {
                        var said = word.apply(question);
                        var bytes = (said.id() == 7 ? said.withId(question.id()) : said).bytes();
                        socket.send(new DatagramPacket(bytes, bytes.length, packet.getSocketAddress()));
                    }
                }
            } catch (IOException closed) {
                assertThat(socket.isClosed()).isTrue();
            }
        });
        return (InetSocketAddress) socket.getLocalSocketAddress();
    }

    private static NameMessage ask(NameRelay relay, String name) throws IOException {
        try (var socket = new DatagramSocket()) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            var question = Spoken.question(name).bytes();
            socket.send(new DatagramPacket(question, question.length, relay.address()));
            var packet = new DatagramPacket(new byte[4_096], 4_096);
            socket.receive(packet);
            return new NameMessage(Arrays.copyOf(packet.getData(), packet.getLength()));
        }
    }
}
