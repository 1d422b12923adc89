package io.sallyport.testkit.net;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/// A name server that says what a test wants, which may be another thing each time: the first answers of a name are
/// given once each and the last of them for ever. Answers live for a second. Names that nobody mentioned do not exist.
public final class NameServer implements AutoCloseable {

    private static final int A = 1;
    private static final int AAAA = 28;
    private static final int SECONDS_TO_LIVE = 1;
    private static final int HEADER = 12;
    private static final int RESPONSE = 0x8400;

    private final DatagramSocket socket;
    private final Map<String, Script> scripts = new ConcurrentHashMap<>();
    private final Map<String, Integer> asked = new ConcurrentHashMap<>();

    /// What is said of a name.
    public sealed interface Answer {

        /// These addresses, of either family.
        record Addresses(List<String> addresses) implements Answer {
            public Addresses {
                addresses = List.copyOf(addresses);
            }
        }

        /// The name does not exist.
        record Missing() implements Answer {}

        /// The server has a trouble of its own.
        record Failure() implements Answer {}

        /// Nothing at all.
        record Silence() implements Answer {}

        /// The same, but only after this time.
        record Late(Duration after, List<String> addresses) implements Answer {
            public Late {
                addresses = List.copyOf(addresses);
            }
        }

        /// Bytes that are no answer.
        record Nonsense() implements Answer {}
    }

    private record Script(List<Answer> answers, int next) {
        private Answer current() {
            return answers.get(Math.min(next, answers.size() - 1));
        }

        private Script after() {
            return new Script(answers, next + 1);
        }
    }

    /// Listens at this address; port 0 is any.
    public NameServer(InetSocketAddress address) throws IOException {
        socket = new DatagramSocket(address);
        Thread.ofVirtual().start(this::serve);
    }

    /// For programs of this machine.
    public static NameServer local() throws IOException {
        return new NameServer(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    /// Where it listens.
    public InetSocketAddress address() {
        return (InetSocketAddress) socket.getLocalSocketAddress();
    }

    /// From now on says this of a name, answer by answer.
    public void say(String name, Answer... answers) {
        scripts.put(name, new Script(List.of(answers), 0));
    }

    /// The short form for addresses.
    public void say(String name, String... addresses) {
        say(name, new Answer.Addresses(List.of(addresses)));
    }

    /// How often an address of the name was asked for.
    public int asked(String name) {
        return asked.getOrDefault(name, 0);
    }

    private void serve() {
        var packet = new DatagramPacket(new byte[512], 512);
        while (!socket.isClosed()) {
            try {
                packet.setLength(512);
                socket.receive(packet);
                reply(Arrays.copyOf(packet.getData(), packet.getLength()), packet.getSocketAddress());
            } catch (SocketException closed) {
                return;
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private void send(byte[] reply, SocketAddress to) throws IOException {
        if (reply.length > 0) {
            socket.send(new DatagramPacket(reply, reply.length, to));
        }
    }

    private void sendLate(Duration after, byte[] reply, SocketAddress to) {
        CompletableFuture.delayedExecutor(after.toMillis(), TimeUnit.MILLISECONDS)
                .execute(() -> {
                    try {
                        send(reply, to);
                    } catch (IOException e) {
                        if (!socket.isClosed()) {
                            throw new IllegalStateException(e);
                        }
                    }
                });
    }

    // RFC 1035, section 4: header, the question as it came, and one record an address that points back to its name.
    private void reply(byte[] bytes, SocketAddress to) throws IOException {
        var query = ByteBuffer.wrap(bytes);
        int id = query.getShort(0);
        query.position(HEADER);
        var name = name(query);
        int type = query.getShort();
        var question = Arrays.copyOfRange(bytes, HEADER, query.position() + 2);
        if (type == A) {
            asked.merge(name, 1, Integer::sum);
        }
        var script = scripts.getOrDefault(name, new Script(List.of(new Answer.Missing()), 0));
        // Both families are asked for: what is said of one is said of the other, and then the next answer's turn is.
        if (type == A) {
            scripts.computeIfPresent(name, (_, was) -> was.after());
        }
        switch (script.current()) {
            case Answer.Silence() -> {}
            case Answer.Nonsense() ->
                send(new byte[] {(byte) (id >> 8), (byte) id, (byte) 0x84, 0, 0, 1, 0, 9, 0, 0, 0, 0, 63}, to);
            case Answer.Missing() -> send(answered(question, id, RESPONSE | 3, type, List.of()), to);
            case Answer.Failure() -> send(answered(question, id, RESPONSE | 2, type, List.of()), to);
            case Answer.Addresses(var addresses) -> send(answered(question, id, RESPONSE, type, addresses), to);
            case Answer.Late(var after, var addresses) ->
                sendLate(after, answered(question, id, RESPONSE, type, addresses), to);
        }
    }

    private static String name(ByteBuffer query) {
        var name = new StringBuilder();
        for (int length = query.get(); length > 0; length = query.get()) {
            var label = new byte[length];
            query.get(label);
            name.append(name.isEmpty() ? "" : ".").append(new String(label, StandardCharsets.US_ASCII));
        }
        return name.toString().toLowerCase(Locale.ROOT);
    }

    private static byte[] answered(byte[] question, int id, int flags, int type, List<String> addresses) {
        var family = addresses.stream()
                .filter(address -> address.contains(":") == (type == AAAA))
                .filter(_ -> type == A || type == AAAA)
                .map(NameServer::bytes)
                .toList();
        var out = new ByteArrayOutputStream();
        var header = ByteBuffer.allocate(HEADER)
                .putShort((short) id)
                .putShort((short) flags)
                .putShort((short) 1)
                .putShort((short) family.size());
        out.writeBytes(header.array());
        out.writeBytes(question);
        for (var address : family) {
            out.writeBytes(ByteBuffer.allocate(12 + address.length)
                    .putShort((short) (0xC000 | HEADER))
                    .putShort((short) type)
                    .putShort((short) 1)
                    .putInt(SECONDS_TO_LIVE)
                    .putShort((short) address.length)
                    .put(address)
                    .array());
        }
        return out.toByteArray();
    }

    // By hand where Java would make an IPv4 address of a mapped one.
    private static byte[] bytes(String address) {
        try {
            if (address.startsWith("::ffff:")) {
                return ByteBuffer.allocate(16)
                        .position(10)
                        .putShort((short) 0xFFFF)
                        .put(InetAddress.ofLiteral(address.substring("::ffff:".length()))
                                .getAddress())
                        .array();
            }
            return InetAddress.ofLiteral(address).getAddress();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("address \"" + address + "\" (expected: an IP address)", e);
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
