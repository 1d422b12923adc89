package io.sallyport.conformance;

import io.sallyport.testkit.tls.TlsClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLSocket;

/// A TLS connection that stays open, request after request.
final class OpenConnection implements AutoCloseable {

    private final SSLSocket socket;
    private final BufferedReader answers;
    private boolean isToClose;

    OpenConnection(TlsClient client, String serverName) throws IOException {
        this.socket = client.connect(serverName);
        this.answers = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
    }

    // The status and the body.
    String ask(String host, String... headers) throws IOException {
        var request = "GET / HTTP/1.1\r\nHost: " + host + "\r\n" + String.join("", headers) + "\r\n";
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        var status = String.valueOf(answers.readLine());
        var length = 0;
        for (var line = answers.readLine(); line != null && !line.isEmpty(); line = answers.readLine()) {
            if (line.startsWith("content-length: ")) {
                length = Integer.parseInt(line.substring("content-length: ".length()));
            }
            isToClose |= line.equals("connection: close");
        }
        var body = new char[length];
        for (var at = 0; at < length; ) {
            var read = answers.read(body, at, length - at);
            if (read < 0) {
                throw new IOException("the body of " + length + " bytes ends after " + at);
            }
            at += read;
        }
        return status.replaceAll("HTTP/1.1 (\\d+).*", "$1") + " " + new String(body);
    }

    // Whether an answer said that the connection ends.
    boolean isToClose() {
        return isToClose;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
