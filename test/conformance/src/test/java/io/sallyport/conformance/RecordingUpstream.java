package io.sallyport.conformance;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// An HTTP/1.1 upstream that keeps every request byte for byte, as it stood on the wire, and answers 200, or
/// what it was told to answer for a path, however wrong.
final class RecordingUpstream implements AutoCloseable {

    private static final String FINE = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    private static final int HANG_MILLIS = 30_000;

    private final ServerSocket socket;
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final Map<String, String> answers = new ConcurrentHashMap<>();
    private final Set<String> stalled = ConcurrentHashMap.newKeySet();
    private final CountDownLatch ended = new CountDownLatch(1);

    RecordingUpstream() throws IOException {
        socket = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().name("recording-upstream").start(this::accept);
    }

    int port() {
        return socket.getLocalPort();
    }

    /// Every request since [#forget]: head and body, in ISO 8859-1.
    List<String> requests() {
        return List.copyOf(requests);
    }

    void forget() {
        requests.clear();
    }

    /// Of requests for the path the head is read and nothing more.
    void stall(String path) {
        stalled.add(path);
    }

    /// Requests for the path get these bytes, and then the end of the connection.
    void answer(String path, String bytes) {
        answers.put(path, bytes);
    }

    private void accept() {
        while (!socket.isClosed()) {
            try {
                var connection = socket.accept();
                Thread.ofVirtual().start(() -> serve(connection));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void serve(Socket connection) {
        try (connection) {
            connection.setSoTimeout(HANG_MILLIS);
            var in = new BufferedInputStream(connection.getInputStream());
            var out = connection.getOutputStream();
            for (var head = head(in); !head.isEmpty(); head = head(in)) {
                var words = head.split(" ", 3);
                if (words.length > 1 && stalled.contains(words[1])) {
                    awaitEnd();
                    return;
                }
                requests.add(head + body(head, in));
                var answer = answers.get(words.length > 1 ? words[1] : "");
                out.write((answer == null ? FINE : answer).getBytes(StandardCharsets.ISO_8859_1));
                out.flush();
                if (answer != null) {
                    return;
                }
            }
        } catch (IOException gone) {
            // The gateway has closed the connection.
        }
    }

    private void awaitEnd() {
        try {
            var _ = ended.await(HANG_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // Up to the empty line; empty at the end of the connection.
    private static String head(InputStream in) throws IOException {
        var bytes = new ByteArrayOutputStream();
        for (int c = in.read(); c >= 0; c = in.read()) {
            bytes.write(c);
            if (c == '\n' && bytes.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
                return bytes.toString(StandardCharsets.ISO_8859_1);
            }
        }
        return "";
    }

    private static String body(String head, InputStream in) throws IOException {
        var lower = head.toLowerCase(Locale.ROOT);
        if (lower.contains("\r\ntransfer-encoding: chunked")) {
            var body = new StringBuilder();
            for (int c = in.read(); c >= 0; c = in.read()) {
                body.append((char) c);
                if (body.toString().endsWith("0\r\n\r\n")) {
                    break;
                }
            }
            return body.toString();
        }
        int at = lower.indexOf("\r\ncontent-length: ");
        if (at < 0) {
            return "";
        }
        var from = at + "\r\ncontent-length: ".length();
        int length = Integer.parseInt(lower.substring(from, lower.indexOf('\r', from)));
        return new String(in.readNBytes(length), StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() throws IOException {
        ended.countDown();
        socket.close();
    }
}
