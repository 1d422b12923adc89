package io.sallyport.conformance;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/// The first message of a TLS client, written by hand, because no library says what is not allowed.
final class RawHello {

    private static final int PATIENCE_MILLIS = 30_000;
    private static final int HANDSHAKE = 22;
    private static final int MAX_RECORD = 1 << 14;

    private RawHello() {}

    /// A hello of TLS 1.2 that names these hosts.
    static byte[] naming(String... hosts) {
        return naming(List.of(hosts), new byte[0]);
    }

    /// The same with the ticket of a session that nobody had, as many bytes of it as a hello can carry.
    static byte[] withTicket(String host, int bytes) {
        return naming(List.of(host), extension(35, new byte[bytes]));
    }

    private static byte[] naming(List<String> hosts, byte[] more) {
        var list = new ByteArrayOutputStream();
        for (var host : hosts) {
            var name = host.getBytes(StandardCharsets.ISO_8859_1);
            list.write(0);
            list.writeBytes(sized(2, name));
        }
        var extensions = new ByteArrayOutputStream();
        if (!hosts.isEmpty()) {
            extensions.writeBytes(extension(0, sized(2, list.toByteArray())));
        }
        // Groups x25519, P-256 and P-384; plain points; ECDSA and RSA with SHA-256.
        extensions.writeBytes(extension(10, new byte[] {0, 6, 0, 29, 0, 23, 0, 24}));
        extensions.writeBytes(extension(11, new byte[] {1, 0}));
        extensions.writeBytes(extension(13, new byte[] {0, 6, 4, 3, 8, 4, 4, 1}));
        extensions.writeBytes(more);
        var body = new ByteArrayOutputStream();
        body.writeBytes(new byte[] {3, 3});
        body.writeBytes(new byte[32]);
        body.write(0);
        body.writeBytes(new byte[] {0, 4, (byte) 0xc0, 0x2b, (byte) 0xc0, 0x2f});
        body.writeBytes(new byte[] {1, 0});
        body.writeBytes(sized(2, extensions.toByteArray()));
        var message = new ByteArrayOutputStream();
        message.write(1);
        message.writeBytes(sized(3, body.toByteArray()));
        var content = message.toByteArray();
        var out = new ByteArrayOutputStream();
        for (var at = 0; at < content.length; at += MAX_RECORD) {
            out.writeBytes(record(Arrays.copyOfRange(content, at, Math.min(content.length, at + MAX_RECORD))));
        }
        return out.toByteArray();
    }

    /// The same hello in records of one byte each.
    static byte[] crumbled(byte[] hello) {
        var out = new ByteArrayOutputStream();
        for (var at = 5; at < hello.length; at++) {
            out.writeBytes(record(new byte[] {hello[at]}));
        }
        return out.toByteArray();
    }

    private static byte[] record(byte[] content) {
        var out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {HANDSHAKE, 3, 1});
        out.writeBytes(sized(2, content));
        return out.toByteArray();
    }

    private static byte[] extension(int type, byte[] content) {
        var out = new ByteArrayOutputStream();
        out.write(type >> 8);
        out.write(type);
        out.writeBytes(sized(2, content));
        return out.toByteArray();
    }

    private static byte[] sized(int lengthBytes, byte[] content) {
        var out = new ByteArrayOutputStream();
        for (var shift = 8 * (lengthBytes - 1); shift >= 0; shift -= 8) {
            out.write(content.length >> shift);
        }
        out.writeBytes(content);
        return out.toByteArray();
    }

    /// Sends bytes and answers what came back: `greeted` for a handshake that goes on, `refused` for an alert or the
    /// end.
    static String answer(int port, byte[] bytes) throws IOException {
        try (var socket = open(port)) {
            socket.getOutputStream().write(bytes);
            socket.getOutputStream().flush();
            return socket.getInputStream().read() == HANDSHAKE ? "greeted" : "refused";
        } catch (SocketException reset) {
            return "refused";
        }
    }

    /// Connections that say the first half of a hello and then nothing.
    static List<Socket> halves(int port, int count, String host) throws IOException {
        var hello = naming(host);
        var sockets = new Socket[count];
        for (var n = 0; n < count; n++) {
            sockets[n] = open(port);
            sockets[n].getOutputStream().write(hello, 0, hello.length / 2);
        }
        return Arrays.asList(sockets);
    }

    /// Waits until the other side ends a connection.
    static void awaitEnd(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        try {
            while (in.read() >= 0) {
                // An alert may come first.
            }
        } catch (SocketException reset) {
            // That is an end, too.
        }
    }

    private static Socket open(int port) throws IOException {
        var socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(PATIENCE_MILLIS);
        return socket;
    }
}
