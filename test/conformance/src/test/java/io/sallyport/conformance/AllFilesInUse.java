package io.sallyport.conformance;

import static org.awaitility.Awaitility.await;

import io.sallyport.testkit.stack.SeparateServices;
import io.sallyport.testkit.stack.SeparateServices.Name;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/// Connections that say nothing, more than a service has files for: it has none left until this is closed.
final class AllFilesInUse implements AutoCloseable {

    /// What services are limited to: some room beside what they have open of their own accord.
    static final int LIMIT = 400;

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final SeparateServices services;
    private final Name name;
    private final Deque<Socket> held = new ArrayDeque<>();

    private AllFilesInUse(SeparateServices services, Name name) {
        this.services = services;
        this.name = name;
    }

    /// Takes all files of a service that was started with [#LIMIT] of them, by one of its ports.
    static AllFilesInUse of(SeparateServices services, Name name, int port) throws IOException {
        var taken = new AllFilesInUse(services, name);
        for (var n = 0; n < LIMIT; n++) {
            taken.held.push(new Socket(InetAddress.getLoopbackAddress(), port));
        }
        await("every file is in use").atMost(PATIENCE).until(taken::isSo);
        return taken;
    }

    /// Whether there is none left, but for one that somebody is about to take.
    boolean isSo() throws IOException {
        try (var files = Files.list(Path.of("/proc/" + services.process(name).pid() + "/fd"))) {
            return files.count() >= LIMIT - 1;
        }
    }

    @Override
    public void close() throws IOException {
        for (var socket : held) {
            socket.close();
        }
    }
}
