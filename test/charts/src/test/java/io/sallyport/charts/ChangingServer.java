package io.sallyport.charts;

import io.sallyport.testkit.tls.Authority.Issued;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/// A service of the platform whose certificate can be changed. It believes everybody, ends each connection after the
/// handshake, and tells who believed it.
final class ChangingServer implements AutoCloseable {

    private static final int WAIT_SECONDS = 120;
    private static final char[] NO_PASSWORD = {};

    private final ServerSocket door = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final BlockingQueue<Greeting> greetings = new LinkedBlockingQueue<>();
    private volatile Issued own;

    /// A handshake that both sides ended: what was shown here, and what the client showed.
    record Greeting(Issued own, Optional<Certificate> client) {}

    ChangingServer(Issued own) throws IOException {
        this.own = own;
        Thread.startVirtualThread(this::serve);
    }

    int port() {
        return door.getLocalPort();
    }

    void show(Issued next) {
        own = next;
    }

    /// The next client that believes what is shown now.
    Greeting next() throws InterruptedException {
        var wanted = own;
        while (true) {
            var greeting = greetings.poll(WAIT_SECONDS, TimeUnit.SECONDS);
            if (greeting == null) {
                throw new AssertionError("nobody believes " + wanted.certificate());
            }
            if (greeting.own().equals(wanted)) {
                return greeting;
            }
        }
    }

    private void serve() {
        while (!door.isClosed()) {
            try (var plain = door.accept()) {
                var shown = own;
                greetings.add(new Greeting(shown, greet(plain, shown)));
            } catch (IOException | GeneralSecurityException e) {
                // Whoever does not believe it tries again.
            }
        }
    }

    private static Optional<Certificate> greet(Socket plain, Issued shown)
            throws IOException, GeneralSecurityException {
        var context = SSLContext.getInstance("TLS");
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store(shown), NO_PASSWORD);
        context.init(keys.getKeyManagers(), new TrustManager[] {new Everybody()}, null);
        try (var secure = (SSLSocket) context.getSocketFactory().createSocket(plain, null, plain.getPort(), true)) {
            secure.setUseClientMode(false);
            secure.setWantClientAuth(true);
            secure.startHandshake();
            try {
                return Optional.of(secure.getSession().getPeerCertificates()[0]);
            } catch (SSLPeerUnverifiedException e) {
                return Optional.empty();
            }
        }
    }

    private static KeyStore store(Issued issued) throws IOException, GeneralSecurityException {
        var text = Files.readString(issued.key()).replaceAll("-----[A-Z ]+-----|\\s", "");
        var key = KeyFactory.getInstance("EC")
                .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text)));
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, NO_PASSWORD);
        store.setKeyEntry("own", key, NO_PASSWORD, List.of(certificate(issued)).toArray(Certificate[]::new));
        return store;
    }

    static Certificate certificate(Issued issued) throws IOException, GeneralSecurityException {
        try (var in = Files.newInputStream(issued.certificate())) {
            return CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    @Override
    public void close() throws IOException {
        door.close();
    }

    private static final class Everybody implements X509TrustManager {

        @Override
        public void checkClientTrusted(X509Certificate @Nullable [] chain, @Nullable String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate @Nullable [] chain, @Nullable String authType) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
