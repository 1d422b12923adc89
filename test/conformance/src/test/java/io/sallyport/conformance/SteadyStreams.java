package io.sallyport.conformance;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/// A client over HTTP/2 that never stops: one request after the other for each path, all of them streams of one
/// connection, which it leaves for another when it is told to go away.
final class SteadyStreams implements AutoCloseable {

    private static final Duration HANG = Duration.ofSeconds(20);

    private final HttpClient client;
    private final int port;
    private final AtomicLong answers = new AtomicLong();
    private final List<String> failures = new CopyOnWriteArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean stopped;

    SteadyStreams(int port, List<String> paths, X509Certificate trusted) throws IOException {
        this.port = port;
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_2)
                .sslContext(trusting(trusted))
                .connectTimeout(HANG)
                .build();
        for (var path : paths) {
            threads.add(Thread.ofVirtual().start(() -> ask(path)));
        }
    }

    private void ask(String path) {
        var request = HttpRequest.newBuilder(URI.create("https://localhost:" + port + path))
                .timeout(HANG)
                .build();
        while (!stopped) {
            try {
                var reply = client.send(request, HttpResponse.BodyHandlers.ofString());
                if (reply.statusCode() != 200 || reply.version() != HttpClient.Version.HTTP_2) {
                    failures.add(path + ": " + reply.statusCode() + " over " + reply.version());
                }
                answers.incrementAndGet();
            } catch (IOException e) {
                if (!stopped) {
                    failures.add(path + ": " + e);
                }
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    /// Waits until so many more answers have come.
    void awaitAnswers(long more) {
        var goal = answers.get() + more;
        for (var tries = 0; answers.get() < goal; tries++) {
            if (tries == 4_000) {
                throw new AssertionError("no answer for a long time; failures: " + failures);
            }
            LockSupport.parkNanos(5_000_000L);
        }
    }

    List<String> failures() {
        return failures.stream().limit(20).toList();
    }

    @Override
    public void close() {
        stopped = true;
        client.shutdownNow();
        threads.forEach(Thread::interrupt);
    }

    private static SSLContext trusting(X509Certificate trusted) throws IOException {
        try {
            var store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            store.setCertificateEntry("authority", trusted);
            var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(store);
            var context = SSLContext.getInstance("TLS");
            context.init(null, factory.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }
}
