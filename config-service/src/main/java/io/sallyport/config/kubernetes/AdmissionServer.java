package io.sallyport.config.kubernetes;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.sallyport.runtime.SteadyLoop;
import java.io.IOException;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Serves admission reviews at `/validate`, and client proxies for pods at `/inject`, by HTTPS with a certificate that
/// it makes and renews by itself. With a client authority, whoever has no certificate of it ends in the handshake.
final class AdmissionServer implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(AdmissionServer.class);
    private static final int THREADS = 24;
    private static final int IDLE_MILLIS = 10_000;
    private static final Duration LOOK = Duration.ofSeconds(30);

    /// How long a new authority is known before it is needed. There are ten days for it.
    static final Duration HEARD = Duration.ofHours(1);

    private final AdmissionSettings settings;
    private final List<CaBundle> bundles = new ArrayList<>();
    private final InstantSource clock;
    private final SecureRandom random;
    private final SslContextFactory.Server tls = new SslContextFactory.Server();
    private final AdmissionHandler handler;
    private final Server server;
    private final ServerConnector connector;
    private @Nullable SteadyLoop clockwork;
    private volatile AdmissionCertificate certificate;
    private volatile @Nullable Successor successor;

    // What is used next. `told`: since when the API server could have heard of it; null: it could not.
    private record Successor(
            AdmissionCertificate certificate, @Nullable Instant told) {

        boolean isHeard(Instant now) {
            return told != null && !now.isBefore(told.plus(HEARD));
        }
    }

    private AdmissionServer(
            AdmissionSettings settings,
            KubernetesClient client,
            Review review,
            InstantSource clock,
            SecureRandom random,
            Duration deadline)
            throws IOException {
        this.settings = settings;
        settings.configuration().ifPresent(name -> bundles.add(CaBundle.validating(client, name)));
        settings.injection()
                .flatMap(AdmissionSettings.Injection::configuration)
                .ifPresent(name -> bundles.add(CaBundle.mutating(client, name)));
        this.clock = clock;
        this.random = random;
        this.certificate = AdmissionCertificate.issue(settings.names(), clock.instant(), random);
        this.handler = new AdmissionHandler(pages(settings, review), deadline);
        use(certificate);
        if (settings.clientAuthority().isPresent()) {
            tls.setTrustStore(trusted(settings.clientAuthority().get()));
            tls.setNeedClientAuth(true);
        }
        var pool = new QueuedThreadPool(THREADS, 2);
        pool.setName("admission");
        this.server = new Server(pool);
        var https = new HttpConfiguration();
        https.setSendServerVersion(false);
        var secure = new SecureRequestCustomizer();
        secure.setSniHostCheck(false);
        https.addCustomizer(secure);
        this.connector = new ServerConnector(
                server,
                1,
                1,
                new SslConnectionFactory(tls, HttpVersion.HTTP_1_1.asString()),
                new HttpConnectionFactory(https));
        connector.setHost(settings.address().getHostString());
        connector.setPort(settings.address().getPort());
        connector.setIdleTimeout(IDLE_MILLIS);
        server.addConnector(connector);
        server.setHandler(handler);
    }

    static AdmissionServer start(
            AdmissionSettings settings,
            KubernetesClient client,
            Review review,
            InstantSource clock,
            SecureRandom random)
            throws IOException {
        return start(settings, client, review, clock, random, AdmissionHandler.DEADLINE);
    }

    /// The same with other patience for reviews.
    static AdmissionServer start(
            AdmissionSettings settings,
            KubernetesClient client,
            Review review,
            InstantSource clock,
            SecureRandom random,
            Duration deadline)
            throws IOException {
        var admission = new AdmissionServer(settings, client, review, clock, random, deadline);
        try {
            admission.server.start();
        } catch (Exception e) {
            admission.close();
            throw new IOException("webhook on " + settings.address() + " cannot start: " + e.getMessage(), e);
        }
        admission.clockwork = SteadyLoop.every("admission-certificate", LOOK, _ -> admission.renewIfDue());
        return admission;
    }

    private static Map<String, AdmissionAnswer> pages(AdmissionSettings settings, Review review) {
        var pages = new TreeMap<String, AdmissionAnswer>();
        pages.put("/validate", review);
        settings.injection().ifPresent(wanted -> pages.put("/inject", new InjectionReview(wanted.settings())));
        return pages;
    }

    int port() {
        return connector.getLocalPort();
    }

    X509Certificate authority() {
        return certificate.authority();
    }

    private void use(AdmissionCertificate next) {
        tls.setKeyStore(next.keys());
        tls.setKeyStorePassword("");
        tls.setKeyManagerPassword("");
    }

    private static KeyStore trusted(java.nio.file.Path file) throws IOException {
        try (var in = Files.newInputStream(file)) {
            var store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            int number = 0;
            for (var each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                store.setCertificateEntry("authority-" + number++, each);
            }
            if (number == 0) {
                throw new IOException(file + " has no certificate (expected: the authority of the API server, PEM)");
            }
            return store;
        } catch (GeneralSecurityException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    /// Tells the API server of the authority, again and again: it may lose the bundle, as when a chart is
    /// upgraded. A new one stands beside it for [#HEARD] before its certificate is used, for each API server of
    /// a cluster hears of the bundle in its own time.
    void renewIfDue() {
        var now = clock.instant();
        var current = certificate;
        if (!current.isDue(now)) {
            successor = null;
            tell(List.of(current.authority()), now);
            return;
        }
        var next = successor;
        if (next == null || next.certificate().isDue(now)) {
            next = new Successor(AdmissionCertificate.issue(settings.names(), now, random), null);
        }
        next = switch (tell(List.of(current.authority(), next.certificate().authority()), now)) {
            case NOT -> new Successor(next.certificate(), null);
            case NOW -> new Successor(next.certificate(), now);
            case BEFORE -> next.told() == null ? new Successor(next.certificate(), now) : next;
        };
        successor = next;
        if (next.isHeard(now) || current.isOver(now)) {
            change(next.certificate());
        }
    }

    private void change(AdmissionCertificate next) {
        try {
            tls.reload(_ -> use(next));
            certificate = next;
            successor = null;
            log.atInfo().addKeyValue("until", next.until()).log("Renewed the webhook's certificate");
        } catch (Exception e) {
            log.atError().setCause(e).log("The webhook's certificate cannot be renewed");
        }
    }

    // What holds of every configuration.
    @CanIgnoreReturnValue
    private CaBundle.Told tell(List<X509Certificate> ours, Instant now) {
        var told = CaBundle.Told.BEFORE;
        for (var bundle : bundles) {
            var here = bundle.publish(ours, now);
            told = here.compareTo(told) < 0 ? here : told;
        }
        return told;
    }

    @Override
    public void close() {
        if (clockwork != null) {
            clockwork.close();
        }
        try {
            server.stop();
        } catch (Exception e) {
            log.atWarn().setCause(e).log("The webhook does not stop");
        }
        handler.close();
    }
}
