package io.sallyport.conformance;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;

/// Says any bytes to a port and hears what comes back.
final class RawClient {

    private static final int SILENCE_MILLIS = 15_000;

    private RawClient() {}

    /// Everything that the other side says until it closes, in ISO 8859-1. The bytes must lead to that, as
    /// `Connection: close` does; silence is a failure.
    static String say(int port, String bytes) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(SILENCE_MILLIS);
            socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
            socket.getOutputStream().flush();
            return heard(socket);
        }
    }

    /// What comes until the other side closes or resets.
    static String heard(Socket socket) throws IOException {
        var heard = new ByteArrayOutputStream();
        var buffer = new byte[8_192];
        try {
            for (int n = socket.getInputStream().read(buffer);
                    n >= 0;
                    n = socket.getInputStream().read(buffer)) {
                heard.write(buffer, 0, n);
                if (isLast(heard.toString(StandardCharsets.ISO_8859_1))) {
                    break;
                }
            }
        } catch (SocketTimeoutException e) {
            throw new AssertionError("silence after: " + heard.toString(StandardCharsets.ISO_8859_1), e);
        } catch (IOException reset) {
            return heard.toString(StandardCharsets.ISO_8859_1);
        }
        return heard.toString(StandardCharsets.ISO_8859_1);
    }

    // Envoy says that it closes, and then waits a second before it does.
    private static boolean isLast(String heard) {
        int close = heard.indexOf("\r\nconnection: close\r\n");
        int end = heard.indexOf("\r\n\r\n", Math.max(close, 0));
        int start = heard.lastIndexOf("HTTP/1.1 ", Math.max(close, 0));
        int length = heard.indexOf("\r\ncontent-length: ", Math.max(start, 0));
        if (close < 0 || end < 0 || length < 0 || length > end) {
            return false;
        }
        int from = length + "\r\ncontent-length: ".length();
        return heard.length() - end - 4 >= Integer.parseInt(heard.substring(from, heard.indexOf('\r', from)));
    }

    /// The status of the first answer; 0 where nothing came but the end.
    static int status(String answer) {
        return answer.startsWith("HTTP/1.1 ") ? Integer.parseInt(answer.substring(9, 12)) : 0;
    }
}
