package io.sallyport.testkit.tls;

import io.sallyport.testkit.stack.FreePorts;
import io.sallyport.testkit.tls.Authority.Issued;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// `openssl s_server`: a backend that takes server names which are no host names, as the mesh's own are.
public final class TlsServer implements AutoCloseable {

    private final Process process;
    private final int port;

    private TlsServer(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /// Starts one that shows a certificate; returns when it accepts.
    public static TlsServer start(Issued own) throws IOException {
        var port = FreePorts.take(1).getFirst();
        var process = new ProcessBuilder(List.of(
                        "timeout",
                        "300",
                        "openssl",
                        "s_server",
                        "-accept",
                        "127.0.0.1:" + port,
                        "-cert",
                        own.certificate().toString(),
                        "-key",
                        own.key().toString(),
                        "-www"))
                .redirectErrorStream(true)
                .start();
        // Stays open: the server ends when nobody can read what it prints.
        var printed = process.inputReader();
        for (var line = printed.readLine(); !"ACCEPT".equals(line); line = printed.readLine()) {
            if (line == null) {
                throw new IOException("openssl s_server ended before it accepted");
            }
        }
        return new TlsServer(process, port);
    }

    public int port() {
        return port;
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
