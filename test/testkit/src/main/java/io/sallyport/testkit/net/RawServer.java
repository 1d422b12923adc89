package io.sallyport.testkit.net;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// A backend that remembers to the letter what it is sent: it reads the head of one HTTP/1.1 request and whatever comes
/// before it, answers with a fixed text, and then sends back every byte until the other side closes.
public final class RawServer implements AutoCloseable {

    /// An answer without a body.
    public static final String OK = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

    private final ServerSocketChannel channel;
    private final String answer;
    private final List<String> heads = new CopyOnWriteArrayList<>();

    private RawServer(ServerSocketChannel channel, SocketAddress address, String answer) throws IOException {
        this.channel = channel.bind(address);
        this.answer = answer;
        Thread.ofVirtual().name("raw-server").start(this::accept);
    }

    /// Listens on a free port of loopback.
    public static RawServer answering(String answer) throws IOException {
        return new RawServer(
                ServerSocketChannel.open(), new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), answer);
    }

    /// Listens on a socket of the file system.
    public static RawServer at(Path socket, String answer) throws IOException {
        return new RawServer(
                ServerSocketChannel.open(StandardProtocolFamily.UNIX), UnixDomainSocketAddress.of(socket), answer);
    }

    public int port() throws IOException {
        return channel.getLocalAddress() instanceof InetSocketAddress address ? address.getPort() : 0;
    }

    /// What came up to the end of each head, oldest first; bytes are characters of ISO-8859-1.
    public List<String> heads() {
        return List.copyOf(heads);
    }

    private void accept() {
        while (channel.isOpen()) {
            try {
                var connection = channel.accept();
                Thread.ofVirtual().start(() -> serve(connection));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void serve(SocketChannel connection) {
        try (connection) {
            var head = new ByteArrayOutputStream();
            var one = ByteBuffer.allocate(1);
            while (!isWhole(head)) {
                if (connection.read(one.clear()) < 0) {
                    return;
                }
                head.write(one.array()[0]);
            }
            heads.add(text(head));
            connection.write(ByteBuffer.wrap(answer.getBytes(StandardCharsets.ISO_8859_1)));
            var rest = ByteBuffer.allocate(1024);
            while (connection.read(rest.clear()) >= 0) {
                connection.write(rest.flip());
            }
        } catch (IOException gone) {
            // The other side has left, which ends the conversation.
        }
    }

    private static String text(ByteArrayOutputStream bytes) {
        return bytes.toString(StandardCharsets.ISO_8859_1);
    }

    private static boolean isWhole(ByteArrayOutputStream head) {
        var text = text(head);
        return text.endsWith("\r\n\r\n") && text.contains(" HTTP/1.");
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
