package io.sallyport.testkit.net;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// A wire between two parts of this machine that behaves as networks do on bad days: it is slow, it loses
/// packets (which TCP sends again, so that a reader sees them late), it breaks in the middle of a message,
/// and it goes silent without a word, one way or both. What is not named passes. It needs no rights, unlike
/// the kernel's own faults.
public final class FaultyWire implements AutoCloseable {

    /// Seen from who dials.
    public enum Way {
        THERE,
        BACK
    }

    private static final Duration LOOK = Duration.ofMillis(20);
    // As long as TCP waits before it sends again what nobody has confirmed.
    private static final Duration AGAIN = Duration.ofMillis(200);
    private static final long UNBROKEN = Long.MAX_VALUE;

    private final int target;
    private final ServerSocket door;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicLong left = new AtomicLong(UNBROKEN);
    private final AtomicLong breaks = new AtomicLong();
    private volatile Set<Socket> forgotten = Set.of();
    private volatile Set<Way> silent = Set.of();
    private volatile Duration delay = Duration.ZERO;
    private volatile Duration perByte = Duration.ZERO;
    private volatile double loss;

    /// To a port of this machine.
    public FaultyWire(int target) throws IOException {
        this.target = target;
        this.door = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().name("faulty-wire").start(this::accept);
    }

    /// Where to dial.
    public int port() {
        return door.getLocalPort();
    }

    /// Everything takes so much longer, each way.
    public void delay(Duration longer) {
        delay = longer;
    }

    /// A share of what is sent has to be sent again.
    public void lose(double share) {
        loss = share;
    }

    /// A byte each so often.
    public void trickle(Duration each) {
        perByte = each;
    }

    /// Nothing more passes in these ways, and nobody is told. What is underway passes when it is mended.
    public void silence(Set<Way> ways) {
        silent = Set.copyOf(ways);
    }

    /// As a firewall that starts anew: the connections of before are silent for ever, new ones are fine.
    public void forget() {
        forgotten = Set.copyOf(open);
    }

    /// Breaks connections in the middle of what comes back: the one that carries the last of so many further bytes, and
    /// then each whose answer is as long again.
    public void breakAfter(long bytes) {
        breaks.set(bytes);
        left.set(bytes);
    }

    /// From now on all is well, but for connections that are forgotten.
    public void mend() {
        breaks.set(0);
        left.set(UNBROKEN);
        delay = Duration.ZERO;
        perByte = Duration.ZERO;
        loss = 0;
        silent = Set.of();
    }

    private void accept() {
        while (!door.isClosed()) {
            try {
                var near = door.accept();
                near.setTcpNoDelay(true);
                open.add(near);
                Thread.ofVirtual().start(() -> join(near));
            } catch (IOException e) {
                if (!door.isClosed()) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    private void join(Socket near) {
        try (near;
                var far = new Socket(InetAddress.getLoopbackAddress(), target)) {
            far.setTcpNoDelay(true);
            open.add(far);
            var back = Thread.ofVirtual().start(() -> pump(far, near, Way.BACK));
            pump(near, far, Way.THERE);
            back.join();
            open.remove(far);
        } catch (IOException nobody) {
            // The other end is not there: the dialler sees its connection end.
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        } finally {
            open.remove(near);
        }
    }

    private void pump(Socket from, Socket to, Way way) {
        var random = new Random(from.getPort());
        var buffer = new byte[4_096];
        try (from;
                to) {
            for (int read = from.getInputStream().read(buffer);
                    read >= 0;
                    read = from.getInputStream().read(buffer)) {
                pass(delay);
                if (random.nextDouble() < loss) {
                    pass(AGAIN);
                }
                while ((silent.contains(way) || forgotten.contains(from)) && !door.isClosed()) {
                    pass(LOOK);
                }
                if (!write(buffer, read, to.getOutputStream(), way)) {
                    // No goodbye: the ends hear of a reset.
                    from.setSoLinger(true, 0);
                    to.setSoLinger(true, 0);
                    return;
                }
            }
        } catch (IOException ended) {
            // Either end has gone, and the other one hears of it by the end of this.
        }
    }

    // False: the wire broke.
    private boolean write(byte[] bytes, int count, OutputStream to, Way way) throws IOException {
        int passing = count;
        if (way == Way.BACK && breaks.get() > 0) {
            passing = (int) Math.min(count, Math.max(0, left.getAndAdd(-count)));
        }
        if (perByte.isZero()) {
            to.write(bytes, 0, passing);
        } else {
            for (int i = 0; i < passing && !door.isClosed(); i++) {
                to.write(bytes, i, 1);
                pass(perByte);
            }
        }
        if (passing < count) {
            left.set(breaks.get() > 0 ? breaks.get() : UNBROKEN);
            return false;
        }
        return true;
    }

    private static void pass(Duration time) {
        if (!time.isZero()) {
            LockSupport.parkNanos(time.toNanos());
        }
    }

    @Override
    public void close() {
        try {
            door.close();
            for (var socket : open) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
