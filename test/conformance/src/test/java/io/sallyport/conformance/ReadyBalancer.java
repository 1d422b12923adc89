package io.sallyport.conformance;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToIntFunction;

/// Stands for a Service: each new connection goes to the next gateway that was ready when it was last asked, a tenth of
/// a second ago. What is open stays open until one of its ends closes it.
final class ReadyBalancer implements AutoCloseable {

    private static final long ASK_NANOS = 100_000_000L;

    private final ServerSocket door = new ServerSocket(0, 1_000, InetAddress.getLoopbackAddress());
    private final ToIntFunction<DrainedGateway> port;
    private final List<DrainedGateway> gateways = new CopyOnWriteArrayList<>();
    private final AtomicInteger turn = new AtomicInteger();
    private volatile List<DrainedGateway> ready = List.of();

    ReadyBalancer(ToIntFunction<DrainedGateway> port) throws IOException {
        this.port = port;
        Thread.ofVirtual().start(this::accept);
        Thread.ofPlatform().daemon().start(this::ask);
    }

    int port() {
        return door.getLocalPort();
    }

    /// Sends it connections from now on, while it is ready.
    void add(DrainedGateway gateway) {
        gateways.add(gateway);
        look();
    }

    private synchronized void look() {
        ready = gateways.stream().filter(DrainedGateway::isReady).toList();
    }

    private void ask() {
        while (!door.isClosed()) {
            look();
            LockSupport.parkNanos(ASK_NANOS);
        }
    }

    private void accept() {
        while (!door.isClosed()) {
            try {
                var client = door.accept();
                Thread.ofVirtual().start(() -> serve(client));
            } catch (IOException closed) {
                // The loop ends.
            }
        }
    }

    private void serve(Socket client) {
        var now = ready;
        try (client;
                var gateway = new Socket(
                        InetAddress.getLoopbackAddress(),
                        port.applyAsInt(now.get(Math.floorMod(turn.getAndIncrement(), now.size()))))) {
            client.setTcpNoDelay(true);
            gateway.setTcpNoDelay(true);
            var back = Thread.ofVirtual().start(() -> pump(gateway, client));
            pump(client, gateway);
            back.join();
        } catch (IOException | InterruptedException refused) {
            // The client sees its connection close, and counts that.
        }
    }

    // A half that is closed is closed on the other side too, once all bytes before it have gone.
    private static void pump(Socket from, Socket to) {
        try {
            from.getInputStream().transferTo(to.getOutputStream());
            to.shutdownOutput();
        } catch (IOException broken) {
            closeQuietly(from);
            closeQuietly(to);
        }
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It is closed already.
        }
    }

    @Override
    public void close() throws IOException {
        door.close();
    }
}
