package io.sallyport.runtime.tls;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/// A server that shows a certificate of the test's making, or speaks plain text, and keeps what a client tells it:
/// who does not trust it must not have said a word.
public final class TlsTrap implements AutoCloseable {

    /// What is said before the handshake.
    @FunctionalInterface
    public interface Opening {

        /// Whether a handshake follows.
        boolean with(Socket socket) throws IOException;
    }

    /// None: the handshake is the first thing.
    public static final Opening AT_ONCE = _ -> true;

    /// No TLS at all, and an answer that nobody takes for one.
    public static final Opening PLAIN = socket -> {
        socket.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        return false;
    };

    private static final int PATIENCE_MILLIS = 20_000;

    private final ServerSocket door = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final SSLContext context;
    private final Opening opening;
    private final ByteArrayOutputStream heard = new ByteArrayOutputStream();

    /// `tls` says what is shown; it stays the caller's to close.
    public TlsTrap(Tls tls, Opening opening) throws IOException {
        this.context = tls.context();
        this.opening = opening;
        Thread.ofVirtual().name("tls trap").start(this::run);
    }

    public int port() {
        return door.getLocalPort();
    }

    /// What clients said, inside TLS or without it, after the opening.
    public String heard() {
        synchronized (heard) {
            return heard.toString(StandardCharsets.ISO_8859_1);
        }
    }

    private void run() {
        while (!door.isClosed()) {
            try {
                var socket = door.accept();
                Thread.ofVirtual().name("tls trap").start(() -> listen(socket));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void listen(Socket plain) {
        try (plain) {
            plain.setSoTimeout(PATIENCE_MILLIS);
            if (!opening.with(plain)) {
                hear(plain);
                return;
            }
            try (var socket = (SSLSocket) context.getSocketFactory().createSocket(plain, null, port(), true)) {
                socket.setUseClientMode(false);
                socket.startHandshake();
                hear(socket);
            }
        } catch (IOException refused) {
            // As it should be.
        }
    }

    private void hear(Socket socket) throws IOException {
        var bytes = new byte[4_096];
        for (var read = socket.getInputStream().read(bytes);
                read >= 0;
                read = socket.getInputStream().read(bytes)) {
            synchronized (heard) {
                heard.write(bytes, 0, read);
            }
        }
    }

    @Override
    public void close() throws IOException {
        door.close();
    }
}
