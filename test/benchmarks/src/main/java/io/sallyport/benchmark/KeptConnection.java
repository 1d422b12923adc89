package io.sallyport.benchmark;

import io.sallyport.testkit.tls.TlsClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import javax.net.ssl.SSLSocket;

/// A connection that is asked again and again, so that what is measured is not the handshake, nor Envoy's second of
/// waiting before it closes a connection.
final class KeptConnection implements AutoCloseable {

    private final SSLSocket socket;
    private final String host;
    private final BufferedReader answers;

    KeptConnection(TlsClient client, String host) throws IOException {
        this.socket = client.connect(host);
        this.host = host;
        this.answers = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
    }

    /// The body of the answer.
    String ask(String path) throws IOException {
        socket.getOutputStream()
                .write("GET %s HTTP/1.1\r\nHost: %s\r\n\r\n"
                        .formatted(path, host)
                        .getBytes(StandardCharsets.US_ASCII));
        var length = 0;
        var line = answers.readLine();
        if (line == null) {
            throw new IOException("closed instead of an answer");
        }
        for (line = answers.readLine(); line != null && !line.isEmpty(); line = answers.readLine()) {
            var lower = line.toLowerCase(Locale.ROOT);
            if (lower.startsWith("content-length:")) {
                length = Integer.parseInt(
                        lower.substring("content-length:".length()).strip());
            }
        }
        var body = new char[length];
        for (var at = 0; at < length; ) {
            var read = answers.read(body, at, length - at);
            if (read < 0) {
                throw new IOException("closed within an answer");
            }
            at += read;
        }
        return new String(body);
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException alreadyGone) {
            // Nothing is left to close.
        }
    }
}
