package io.sallyport.xds.discovery;

import io.sallyport.translation.EnvoyResource;
import io.sallyport.xds.publish.Board;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Every proxy that is connected or was lately, by namespace and node id, and what it has reached. Streams
/// write; status reads. When one proxy has several streams (a reconnect before the old stream is seen to be
/// dead), the newest counts.
public final class Fleet {

    private static final Duration REMEMBERED = Duration.ofMinutes(10);
    private static final int MAX_PROXIES = 10_000;

    private final InstantSource clock;
    private final Map<String, Proxy> proxies = new ConcurrentSkipListMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition moved = lock.newCondition();
    // Guarded by lock.
    private long moves;

    public Fleet(InstantSource clock) {
        this.clock = clock;
    }

    /// What a stream offers to the fleet.
    interface Connection {

        void close(String reason);
    }

    /// One proxy. The fields that change are single references to immutable values.
    public static final class Proxy {

        private final Refusals refusals = new Refusals();
        // Guarded by this; newest last.
        private final Deque<Connection> connections = new ArrayDeque<>();
        private volatile Node node;
        private volatile Board board;
        private volatile StreamView view = StreamView.SILENT;
        private volatile Instant connected;
        private volatile @Nullable Instant lost;

        private Proxy(Node node, Board board, Instant now) {
            this.node = node;
            this.board = board;
            this.connected = now;
        }

        public Node node() {
            return node;
        }

        public Board board() {
            return board;
        }

        public StreamView view() {
            return view;
        }

        /// When its newest stream began.
        public Instant connected() {
            return connected;
        }

        /// When its last stream ended; null: it is connected.
        public @Nullable Instant lost() {
            return lost;
        }

        Refusals refusals() {
            return refusals;
        }

        /// What it refuses of what it is to run now.
        public List<Refusal> refused() {
            var newest = board.newest();
            return newest == null ? List.of() : refusals.standing(newest.resources());
        }

        /// What it runs in place of a resource: the resource itself unless it refused that.
        public @Nullable EnvoyResource running(EnvoyResource wanted) {
            return refusals.covers(wanted) ? refusals.fallback(wanted.type(), wanted.name()) : wanted;
        }
    }

    Proxy join(Node node, Board board, Connection connection) {
        var now = clock.instant();
        var evicted = new ArrayDeque<Connection>();
        var joined = proxies.compute(node.key(), (_, known) -> {
            var proxy = known == null ? new Proxy(node, board, now) : known;
            synchronized (proxy) {
                proxy.connections.add(connection);
                while (proxy.connections.size() > Bounds.STREAMS_PER_NODE) {
                    evicted.add(proxy.connections.removeFirst());
                }
                proxy.node = node;
                proxy.board = board;
                proxy.view = StreamView.SILENT;
                proxy.connected = now;
                proxy.lost = null;
            }
            return proxy;
        });
        evicted.forEach(old ->
                old.close("a newer stream of this proxy (expected: at most " + Bounds.STREAMS_PER_NODE + " streams)"));
        signal();
        return joined;
    }

    void leave(Proxy proxy, Connection connection) {
        synchronized (proxy) {
            proxy.connections.remove(connection);
            if (proxy.connections.isEmpty()) {
                proxy.lost = clock.instant();
            }
        }
        signal();
    }

    /// A stream's new picture; that of an older stream of the same proxy is not taken.
    void report(Proxy proxy, Connection connection, StreamView view) {
        synchronized (proxy) {
            if (proxy.connections.peekLast() != connection || proxy.view.equals(view)) {
                return;
            }
            proxy.view = view;
        }
        signal();
    }

    /// All proxies, ordered by namespace and node id.
    public Collection<Proxy> proxies() {
        return proxies.values();
    }

    /// Forgets proxies that are long gone.
    void sweep() {
        var end = clock.instant().minus(proxies.size() > MAX_PROXIES ? Duration.ofSeconds(30) : REMEMBERED);
        proxies.values().removeIf(proxy -> {
            var lost = proxy.lost();
            return lost != null && lost.isBefore(end);
        });
    }

    /// Wakes those who wait for progress.
    public void signal() {
        lock.lock();
        try {
            moves++;
            moved.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// A number that rises with each change.
    public long moves() {
        lock.lock();
        try {
            return moves;
        } finally {
            lock.unlock();
        }
    }

    /// Waits until something changed after `seen`, or for the time given.
    public void await(long seen, Duration atMost) throws InterruptedException {
        lock.lock();
        try {
            long left = atMost.toNanos();
            while (moves == seen && left > 0) {
                left = moved.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }
}
