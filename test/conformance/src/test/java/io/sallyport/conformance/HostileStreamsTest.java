package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Hostile HTTP/2 at the gateway, frame by frame: floods are cut and hurt nobody else, malformed requests reach nobody.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(180)
class HostileStreamsTest {

    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int PRIORITY = 2;
    private static final int RESET = 3;
    private static final int SETTINGS = 4;
    private static final int PING = 6;
    private static final int WINDOW = 8;
    private static final int CONTINUATION = 9;
    private static final int END_STREAM = 1;
    private static final int END_HEADERS = 4;
    private static final int MOST_FRAMES = 200_000;

    private HostileDoor door;

    @BeforeAll
    void open(@TempDir Path scratch) throws IOException {
        door = HostileDoor.usual(scratch);
    }

    @AfterAll
    void close() throws IOException {
        door.close();
    }

    @Test
    @Tag("H117")
    @Tag("V19")
    void resetsInARowAreCut() throws IOException {
        flood(n -> join(
                frame(HEADERS, END_HEADERS | END_STREAM, 2 * n + 1, get("/x")),
                frame(RESET, 0, 2 * n + 1, new byte[] {0, 0, 0, 8})));
    }

    @Test
    @Tag("H118")
    void continuationsWithoutEndAreCut() throws IOException {
        flood(n -> n == 0
                ? frame(HEADERS, END_STREAM, 1, get("/x"))
                : frame(CONTINUATION, 0, 1, header("x-" + n, "a".repeat(1_000))));
        flood(n -> n == 0 ? frame(HEADERS, END_STREAM, 1, get("/x")) : frame(CONTINUATION, 0, 1, new byte[0]));
    }

    @Test
    @Tag("H118")
    void controlFramesWithoutEndAreCut() throws IOException {
        flood(_ -> frame(SETTINGS, 0, 0, new byte[0]));
        flood(_ -> frame(PING, 0, 0, new byte[8]));
        flood(_ -> frame(PRIORITY, 0, 1, new byte[] {0, 0, 0, 3, 1}));
    }

    @Test
    @Tag("H119")
    @Tag("V12")
    void theAuthorityWinsOverHost() throws IOException {
        var seen = ask(join(head("GET", "http", "/x", "a.test"), header("host", "b.test")));

        assertThat(seen)
                .allSatisfy(request -> assertThat(request.lines().filter(line -> line.startsWith("host:")))
                        .containsExactly("host: a.test"));
    }

    @Test
    @Tag("H120")
    @Tag("V14")
    void malformedHeadersReachNobody() throws IOException {
        assertThat(ask(head("GET", "http", "x", "a.test"))).isEmpty();
        assertThat(ask(join(get("/x"), header(":path", "/y")))).isEmpty();
        assertThat(ask(join(get("/x"), header("x", "a\r\nx-evil: 1")))).isEmpty();
        assertThat(ask(join(get("/x"), header("X-Upper", "a")))).isEmpty();
        assertThat(ask(join(get("/x"), header("connection", "close")))).isEmpty();
        assertThat(ask(join(get("/x"), header("transfer-encoding", "chunked")))).isEmpty();
        assertThat(ask(join(
                        header(":method", "GET"), header(":scheme", "http"), header(":path", "/x"), header("x", "y"))))
                .isEmpty();
    }

    @Test
    @Tag("H121")
    @Tag("V11")
    void pathRulesAreThoseOfHttp1() throws IOException {
        assertThat(ask(head("GET", "https", "/x", "a.test"))).hasSize(1);
        assertThat(ask(get("/x/../admin"))).isEmpty();
        assertThat(ask(get("//admin"))).singleElement().asString().startsWith("GET //admin HTTP/1.1");
    }

    @Test
    @Tag("H122")
    void manyPartsOfACookieAndWrongWindowsAreRefused() throws IOException {
        var parts = new ByteArrayOutputStream();
        parts.writeBytes(get("/x"));
        for (int n = 0; n < 1_000; n++) {
            parts.writeBytes(header("cookie", "a=" + n));
        }
        assertThat(ask(parts.toByteArray())).isEmpty();
        assertThat(cut(frame(WINDOW, 0, 0, new byte[4]))).isTrue();
        assertThat(cut(join(
                        frame(WINDOW, 0, 0, new byte[] {0x7f, -1, -1, -1}),
                        frame(WINDOW, 0, 0, new byte[] {0x7f, -1, -1, -1}))))
                .isTrue();
        assertThat(cut(frame(DATA, 0, 0, new byte[1]))).isTrue();
        assertThat(door.isWell()).isTrue();
    }

    @Test
    @Tag("H124")
    void trailersThatEndNothingEndTheStream() throws IOException {
        var head = frame(HEADERS, END_HEADERS, 1, join(get("/x"), header("content-type", "application/grpc")));
        var message = frame(DATA, 0, 1, new byte[] {0, -1, -1, -1, -1, 1});
        var trailers = frame(HEADERS, END_HEADERS, 1, header("grpc-status", "0"));
        try (var socket = connected()) {
            socket.getOutputStream().write(join(head, message, trailers));
            awaitAnswer(socket);
        }
        assertThat(door.isWell()).isTrue();
    }

    private interface Frames {
        byte[] number(int n);
    }

    // Sends frames until the connection is cut, and asks as a good client meanwhile.
    private void flood(Frames frames) throws IOException {
        try (var socket = connected()) {
            var isCut = false;
            for (int n = 0; n < MOST_FRAMES && !isCut; n++) {
                try {
                    socket.getOutputStream().write(frames.number(n));
                } catch (IOException cut) {
                    isCut = true;
                }
                if (n == 500) {
                    assertThat(door.isWell()).isTrue();
                }
            }
            assertThat(isCut || ends(socket)).as("the flood was cut").isTrue();
        }
        assertThat(door.isWell()).isTrue();
    }

    // What the upstream saw of one request. A second, good one on another connection shows that it was judged.
    private List<String> ask(byte[] block) throws IOException {
        door.upstream().forget();
        try (var socket = connected()) {
            socket.getOutputStream()
                    .write(join(frame(HEADERS, END_HEADERS | END_STREAM, 1, block), frame(PING, 0, 0, new byte[8])));
            socket.setSoTimeout(15_000);
            awaitAnswer(socket);
        }
        return door.upstream().requests();
    }

    // Reads frames until the stream's end, its reset, or the connection's end.
    private static void awaitAnswer(Socket socket) throws IOException {
        var in = socket.getInputStream();
        try {
            for (int n = 0; n < 1_000; n++) {
                var head = in.readNBytes(9);
                if (head.length < 9) {
                    return;
                }
                in.readNBytes(((head[0] & 0xff) << 16) | ((head[1] & 0xff) << 8) | (head[2] & 0xff));
                boolean isOver = head[3] == RESET
                        || head[3] == 7
                        || ((head[3] == DATA || head[3] == HEADERS) && (head[4] & END_STREAM) != 0);
                if (isOver) {
                    return;
                }
            }
        } catch (java.net.SocketException reset) {
            return;
        }
        throw new AssertionError("a thousand frames and no end");
    }

    private boolean cut(byte[] frames) throws IOException {
        try (var socket = connected()) {
            socket.getOutputStream().write(frames);
            socket.setSoTimeout(15_000);
            return ends(socket);
        }
    }

    // Whether the other side ends the connection.
    private static boolean ends(Socket socket) {
        var buffer = new byte[64 << 10];
        try {
            while (socket.getInputStream().read(buffer) >= 0) {}
            return true;
        } catch (SocketTimeoutException silence) {
            return false;
        } catch (IOException reset) {
            return true;
        }
    }

    private Socket connected() throws IOException {
        var socket = new Socket(InetAddress.getLoopbackAddress(), door.port());
        socket.setSoTimeout(15_000);
        socket.getOutputStream()
                .write(join(
                        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII),
                        frame(SETTINGS, 0, 0, new byte[0])));
        return socket;
    }

    private static byte[] get(String path) {
        return head("GET", "http", path, "a.test");
    }

    private static byte[] head(String method, String scheme, String path, String authority) {
        return join(
                header(":method", method),
                header(":scheme", scheme),
                header(":path", path),
                header(":authority", authority));
    }

    // A literal without indexing and without Huffman's code (RFC 7541, 6.2.2).
    private static byte[] header(String name, String value) {
        return join(new byte[] {0}, text(name), text(value));
    }

    private static byte[] text(String text) {
        var bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        if (bytes.length < 127) {
            return join(new byte[] {(byte) bytes.length}, bytes);
        }
        int rest = bytes.length - 127;
        return join(new byte[] {127, (byte) ((rest & 0x7f) | 0x80), (byte) (rest >> 7)}, bytes);
    }

    private static byte[] frame(int type, int flags, int stream, byte[] payload) {
        int length = payload.length;
        return join(
                new byte[] {
                    (byte) (length >> 16),
                    (byte) (length >> 8),
                    (byte) length,
                    (byte) type,
                    (byte) flags,
                    (byte) (stream >> 24),
                    (byte) (stream >> 16),
                    (byte) (stream >> 8),
                    (byte) stream
                },
                payload);
    }

    private static byte[] join(byte[]... parts) {
        var out = new ByteArrayOutputStream();
        for (var part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }
}
