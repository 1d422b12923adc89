package io.sallyport.testkit.net;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/// A TCP backend that greets with its name in a line and then sends back every byte, as the echo of the scenarios does.
public final class LineServer implements AutoCloseable {

    private final String name;
    private final ServerSocket socket;

    public LineServer(String name) throws IOException {
        this.name = name;
        this.socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().name("line-server-" + name).start(this::accept);
    }

    public String name() {
        return name;
    }

    public int port() {
        return socket.getLocalPort();
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
        try (connection;
                var in = connection.getInputStream();
                var out = connection.getOutputStream()) {
            out.write((name + "\n").getBytes(java.nio.charset.StandardCharsets.UTF_8));
            in.transferTo(out);
        } catch (IOException gone) {
            // The client has left, which ends the conversation.
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
