package io.sallyport.testkit.stack;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/// Ports that nobody uses at the moment, for programs that must be told a port beforehand.
///
/// They lie below the range from which Linux takes the near end of outgoing connections (32768 to 60999 by default):
/// a proxy may bind a port minutes after it was chosen, with thousands of connections made in between. For the same
/// reason no port is given out again before all the others of the range were: each process counts on from its own
/// start.
public final class FreePorts {

    private static final int FIRST = 20_000;
    private static final int END = 32_000;
    private static final int TRIES = 1_000;
    private static final AtomicInteger NEXT =
            new AtomicInteger(ThreadLocalRandom.current().nextInt(FIRST, END));

    private FreePorts() {}

    /// All of them were free at the same time, so they differ.
    public static List<Integer> take(int count) throws IOException {
        var sockets = new ArrayList<ServerSocket>();
        try {
            for (var n = 0; n < count; n++) {
                sockets.add(bind());
            }
            return sockets.stream().map(ServerSocket::getLocalPort).toList();
        } finally {
            for (var socket : sockets) {
                socket.close();
            }
        }
    }

    private static ServerSocket bind() throws IOException {
        for (var n = 0; n < TRIES; n++) {
            try {
                var port = NEXT.getAndUpdate(last -> last + 1 < END ? last + 1 : FIRST);
                return new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
            } catch (BindException _) {
                // Somebody has it.
            }
        }
        throw new IOException("no port from " + FIRST + " to " + END + " is free");
    }
}
