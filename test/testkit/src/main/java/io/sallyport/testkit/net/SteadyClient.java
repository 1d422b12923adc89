package io.sallyport.testkit.net;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// A client that never stops: one request after the other over one connection, a new connection every hundred. It keeps
/// count, and remembers everything that was not 200.
public final class SteadyClient implements AutoCloseable {

    private static final int REQUESTS_A_CONNECTION = 100;
    private static final int HANG_MILLIS = 10_000;
    private static final int MAX_FAILURES = 100;

    /// How the client comes to a connection.
    @FunctionalInterface
    public interface Dial {
        Socket connect() throws IOException;
    }

    private final Dial dial;
    private final String host;
    private final String path;
    private final List<String> failures = new CopyOnWriteArrayList<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition answered = lock.newCondition();
    private final Thread thread;
    private long answers;
    private volatile boolean stopped;

    /// Starts to ask at once.
    public SteadyClient(int port, String host, String path) {
        this(() -> new Socket(InetAddress.getLoopbackAddress(), port), host, path);
    }

    /// Over connections of another kind: TLS, say.
    public SteadyClient(Dial dial, String host, String path) {
        this.dial = dial;
        this.host = host;
        this.path = path;
        this.thread = Thread.ofPlatform().name("steady-client").daemon().start(this::run);
    }

    private void run() {
        while (!stopped) {
            try (var socket = dial.connect()) {
                socket.setSoTimeout(HANG_MILLIS);
                socket.setTcpNoDelay(true);
                var in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
                for (var n = 0; n < REQUESTS_A_CONNECTION && !stopped; n++) {
                    var isLast = n == REQUESTS_A_CONNECTION - 1;
                    var request = "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n"
                            + (isLast ? "Connection: close\r\n" : "") + "\r\n";
                    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
                    if (!read(in)) {
                        break;
                    }
                }
            } catch (IOException broken) {
                failed(String.valueOf(broken.getMessage()));
            }
        }
    }

    // Whether the connection can take another request.
    private boolean read(BufferedReader in) throws IOException {
        var status = in.readLine();
        if (status == null) {
            failed("connection closed instead of an answer");
            return false;
        }
        var length = 0;
        var isKept = true;
        for (var line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
            var lower = line.toLowerCase(java.util.Locale.ROOT);
            if (lower.startsWith("content-length:")) {
                length = Integer.parseInt(
                        lower.substring("content-length:".length()).strip());
            }
            isKept &= !lower.equals("connection: close");
        }
        for (var n = 0; n < length; n++) {
            in.read();
        }
        if (!status.startsWith("HTTP/1.1 200")) {
            failed(status);
        }
        count();
        return isKept;
    }

    private void failed(String reason) {
        if (!stopped && failures.size() < MAX_FAILURES) {
            failures.add(reason);
        }
    }

    private void count() {
        lock.lock();
        try {
            answers++;
            answered.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Waits until so many more answers have come.
    public void awaitAnswers(long more) throws InterruptedException {
        lock.lock();
        try {
            var goal = answers + more;
            while (answers < goal) {
                if (!answered.await(HANG_MILLIS * 2L, TimeUnit.MILLISECONDS)) {
                    throw new AssertionError("no answer for a long time; failures: " + failures);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /// What went wrong, at most a hundred times.
    public List<String> failures() {
        return List.copyOf(failures);
    }

    @Override
    public void close() {
        stopped = true;
        try {
            thread.join(HANG_MILLIS);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }
}
