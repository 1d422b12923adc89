package io.sallyport.standalone.envoy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Asks an Envoy through its admin socket. Answers are bounded in size and time, since an Envoy may hang.
public final class AdminSocket {

    private static final int MAX_ANSWER_BYTES = 64 << 20;

    private final Path socket;
    private final Duration timeout;

    public AdminSocket(Path socket, Duration timeout) {
        this.socket = socket;
        this.timeout = timeout;
    }

    /// The body of a GET, such as `/listeners?format=json`.
    public String get(String path) throws IOException {
        return ask("GET", path);
    }

    /// The body of a POST, such as `/healthcheck/fail`.
    public String post(String path) throws IOException {
        return ask("POST", path);
    }

    // Channels on Unix sockets know no timeouts, so the question runs on a thread of its own that can be interrupted.
    private String ask(String method, String path) throws IOException {
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            var answer = executor.submit(() -> exchange(method, path));
            try {
                return answer.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                answer.cancel(true);
                throw new IOException(socket + ": no answer within " + timeout.toMillis() + " ms", e);
            } catch (ExecutionException e) {
                throw new IOException(socket + ": " + e.getMessage(), e);
            } catch (InterruptedException e) {
                answer.cancel(true);
                Thread.currentThread().interrupt();
                throw new IOException(socket + ": interrupted", e);
            }
        }
    }

    private String exchange(String method, String path) throws IOException {
        try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            var request =
                    method + " " + path + " HTTP/1.1\r\nHost: admin\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            var bytes = ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            return body(Channels.newInputStream(channel).readNBytes(MAX_ANSWER_BYTES));
        }
    }

    private static String body(byte[] answer) throws IOException {
        var text = new String(answer, StandardCharsets.ISO_8859_1);
        var end = text.indexOf("\r\n\r\n");
        if (end < 0) {
            throw new IOException("answer without headers");
        }
        var head = text.substring(0, end);
        if (!head.startsWith("HTTP/1.1 200")) {
            throw new IOException("answered " + head.lines().findFirst().orElse(""));
        }
        var isChunked = head.toLowerCase(Locale.ROOT).contains("transfer-encoding: chunked");
        var start = end + 4;
        return isChunked
                ? unchunk(answer, text, start)
                : new String(answer, start, answer.length - start, StandardCharsets.UTF_8);
    }

    private static String unchunk(byte[] answer, String text, int start) throws IOException {
        var body = new ByteArrayOutputStream(answer.length);
        var at = start;
        while (true) {
            var lineEnd = text.indexOf("\r\n", at);
            if (lineEnd < 0) {
                throw new IOException("answer ends within a chunk");
            }
            var length = Integer.parseInt(text.substring(at, lineEnd).strip(), 16);
            if (length == 0) {
                return body.toString(StandardCharsets.UTF_8);
            }
            if (lineEnd + 2 + length > answer.length) {
                throw new IOException("answer ends within a chunk");
            }
            body.write(answer, lineEnd + 2, length);
            at = lineEnd + 2 + length + 2;
        }
    }
}
