package io.sallyport.runtime.tls;

import io.grpc.ChannelCredentials;
import io.grpc.ServerCredentials;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettySslContextChannelCredentials;
import io.grpc.netty.NettySslContextServerCredentials;
import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.AdvancedTlsX509TrustManager;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.sallyport.runtime.SteadyLoop;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Collections;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The certificate of this process and whom it believes, kept as the files are: handshakes that begin after a
/// change use what is new, calls under way go on. Files that do not fit each other (one is written, the other
/// not yet) or cannot be read leave the last good ones in force.
///
/// A server of this takes callers with a certificate that it can verify, and callers without one, who must
/// prove themselves by a token. A caller with a certificate that it cannot verify is refused in the handshake.
/// A client of this verifies the server's chain and its name before anything else is sent.
public final class Tls implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Tls.class);
    private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};
    private static final Duration LOOK = Duration.ofSeconds(2);
    private static final Duration WARNED = Duration.ofDays(14);

    private final TlsFiles files;
    private final InstantSource clock;
    private final AdvancedTlsX509KeyManager key = new AdvancedTlsX509KeyManager();
    private final AdvancedTlsX509TrustManager judge;
    private final PeerTrust trust;
    private @Nullable SteadyLoop looks;
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private volatile TlsMaterial current;
    // Of the looking thread alone.
    private @Nullable Instant warned;
    private String complaint = "";

    private Tls(TlsFiles files, TlsMaterial first, InstantSource clock) throws IOException {
        this.files = files;
        this.clock = clock;
        this.current = first;
        try {
            this.judge = AdvancedTlsX509TrustManager.newBuilder().build();
        } catch (CertificateException e) {
            throw new IllegalStateException(e);
        }
        this.trust = new PeerTrust(judge, files.ca().toString(), true);
        take(first);
    }

    /// Reads the files and follows them. The message of a failure names the file.
    public static Tls follow(TlsFiles files, InstantSource clock) throws IOException {
        return follow(files, clock, LOOK);
    }

    static Tls follow(TlsFiles files, InstantSource clock, Duration every) throws IOException {
        var tls = new Tls(files, TlsMaterial.read(files), clock);
        tls.looks = SteadyLoop.every("tls-files", every, _ -> tls.look());
        return tls;
    }

    private void take(TlsMaterial material) throws IOException {
        try {
            key.updateIdentityCredentials(material.chain().toArray(X509Certificate[]::new), material.key());
            judge.updateTrustCredentials(material.authorities().toArray(X509Certificate[]::new));
        } catch (GeneralSecurityException e) {
            throw new IOException(files.ca() + ": cannot be trusted: " + e.getMessage(), e);
        }
        current = material;
    }

    private void look() {
        lookOnce();
        warnOfTheEnd();
    }

    private void lookOnce() {
        try {
            if (TlsMaterial.digest(files).equals(current.digest())) {
                complaint = "";
                return;
            }
            var next = TlsMaterial.read(files);
            take(next);
            listeners.forEach(Runnable::run);
            complaint = "";
            warned = null;
            log.atInfo()
                    .addKeyValue("names", PeerNames.of(next.chain().getFirst()))
                    .addKeyValue("expires", next.expires())
                    .addKeyValue("authorities", next.authorities().size())
                    .log("Took a new certificate");
        } catch (IOException e) {
            var reason = String.valueOf(e.getMessage());
            if (!reason.equals(complaint)) {
                complaint = reason;
                log.atWarn()
                        .addKeyValue("reason", reason)
                        .log("New certificate cannot be used; the last good one stays");
            }
        }
    }

    private void warnOfTheEnd() {
        var now = clock.instant();
        var last = warned;
        if (current.expires().minus(WARNED).isBefore(now)
                && (last == null || last.plus(Duration.ofHours(1)).isBefore(now))) {
            warned = now;
            log.atWarn()
                    .addKeyValue("file", files.certificate())
                    .addKeyValue("expires", current.expires())
                    .log("Our certificate ends soon; peers refuse it from then on");
        }
    }

    /// For a gRPC server: verifies callers who show a certificate, lets in those who do not.
    public ServerCredentials server() {
        try {
            // Resumed sessions skip the check of the peer, so they are short.
            return NettySslContextServerCredentials.create(GrpcSslContexts.configure(
                            SslContextBuilder.forServer((KeyManager) key)
                                    .trustManager((TrustManager) trust)
                                    .clientAuth(ClientAuth.OPTIONAL)
                                    .protocols(PROTOCOLS)
                                    .sessionTimeout(1),
                            SslProvider.JDK)
                    .build());
        } catch (SSLException e) {
            throw new IllegalStateException(e);
        }
    }

    /// For a gRPC channel: shows our certificate, verifies the server and its name.
    public ChannelCredentials client() {
        var context = context(key, trust);
        // A session that is resumed speaks for the certificate that it began with.
        listeners.add(() -> forget(context.sessionContext()));
        return NettySslContextChannelCredentials.create(context);
    }

    private static void forget(SSLSessionContext sessions) {
        for (var id : Collections.list(sessions.getIds())) {
            var session = sessions.getSession(id);
            if (session != null) {
                session.invalidate();
            }
        }
    }

    /// For a client without files to follow, such as the command line. Without `authorities` the system's are
    /// trusted.
    ///
    /// @param certificate with `key`: the certificate that is shown; neither: none is
    public static ChannelCredentials client(Optional<Path> authorities, Optional<Path> certificate, Optional<Path> key)
            throws IOException {
        if (certificate.isPresent() != key.isPresent()) {
            throw new IOException("a certificate needs its key, and a key its certificate (expected: both or neither)");
        }
        try {
            var judge = AdvancedTlsX509TrustManager.newBuilder().build();
            if (authorities.isPresent()) {
                var file = authorities.get();
                judge.updateTrustCredentials(
                        PemFiles.certificates(file, PemFiles.bytes(file)).toArray(X509Certificate[]::new));
            } else {
                judge.useSystemDefaultTrustCerts();
            }
            var own = certificate.isPresent() ? key(certificate.get(), key.orElseThrow()) : null;
            return NettySslContextChannelCredentials.create(context(
                    own,
                    new PeerTrust(
                            judge, authorities.map(Path::toString).orElse("an authority of this system"), false)));
        } catch (GeneralSecurityException e) {
            throw new IOException("certificates cannot be used: " + e.getMessage(), e);
        }
    }

    private static KeyManager key(Path certificate, Path key) throws IOException {
        var chain = PemFiles.certificates(certificate, PemFiles.bytes(certificate));
        var own = PemFiles.key(key, PemFiles.bytes(key));
        if (!PemFiles.belongs(own, chain.getFirst())) {
            throw new IOException(key + ": is not the key of the certificate in " + certificate);
        }
        var shown = new AdvancedTlsX509KeyManager();
        shown.updateIdentityCredentials(chain.toArray(X509Certificate[]::new), own);
        return shown;
    }

    private static SslContext context(@Nullable KeyManager key, PeerTrust trust) {
        try {
            var builder = SslContextBuilder.forClient()
                    .trustManager((TrustManager) trust)
                    .protocols(PROTOCOLS);
            if (key != null) {
                builder.keyManager(key);
            }
            return GrpcSslContexts.configure(builder, SslProvider.JDK).build();
        } catch (SSLException e) {
            throw new IllegalStateException(e);
        }
    }

    /// For an HTTP client that trusts the authorities of a file and shows nothing.
    public static SSLContext trusting(Path authorities) throws IOException {
        try {
            var judge = AdvancedTlsX509TrustManager.newBuilder().build();
            judge.updateTrustCredentials(PemFiles.certificates(authorities, PemFiles.bytes(authorities))
                    .toArray(X509Certificate[]::new));
            var context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new PeerTrust(judge, authorities.toString(), true)}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException(authorities + ": cannot be trusted: " + e.getMessage(), e);
        }
    }

    /// For an HTTP server or client of plain Java.
    public SSLContext context() {
        try {
            var context = SSLContext.getInstance("TLS");
            context.init(new KeyManager[] {key}, new TrustManager[] {trust}, null);
            context.getServerSessionContext().setSessionTimeout(1);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Why a certificate that was good at the handshake is not any more; empty: it is. Connections live longer
    /// than certificates, and longer than authorities that are taken out of the file.
    public Optional<String> objection(List<X509Certificate> chain) {
        var leaf = chain.getFirst();
        var now = clock.instant();
        if (leaf.getNotAfter().toInstant().isBefore(now)) {
            return Optional.of("the certificate of " + PeerNames.of(leaf) + " expired at "
                    + leaf.getNotAfter().toInstant());
        }
        try {
            var anchors = Arrays.stream(judge.getAcceptedIssuers())
                    .map(authority -> new TrustAnchor(authority, null))
                    .collect(Collectors.toSet());
            var parameters = new PKIXParameters(anchors);
            parameters.setRevocationEnabled(false);
            parameters.setDate(Date.from(now));
            var path = chain.stream()
                    .filter(each -> anchors.stream()
                            .noneMatch(anchor -> anchor.getTrustedCert().equals(each)))
                    .toList();
            CertPathValidator.getInstance("PKIX")
                    .validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
            return Optional.empty();
        } catch (GeneralSecurityException e) {
            return Optional.of("the certificate of " + PeerNames.of(leaf)
                    + " is trusted no more (expected: one issued by " + files.ca() + ")");
        }
    }

    /// Runs something after each change, such as the closing of connections that still show the old certificate.
    public void whenChanged(Runnable listener) {
        listeners.add(listener);
    }

    /// Changes when the files do.
    public String version() {
        return current.digest();
    }

    /// When our own certificate ends.
    public Instant expires() {
        return current.expires();
    }

    /// Shows when the certificate ends, for an alert some days before.
    public void measure(MeterRegistry registry) {
        TimeGauge.builder(
                        "sallyport_tls_certificate_expires",
                        this,
                        TimeUnit.SECONDS,
                        tls -> Duration.between(tls.clock.instant(), tls.expires())
                                .toSeconds())
                .description("Until the certificate that this service shows to others ends.")
                .register(registry);
    }

    @Override
    public void close() {
        if (looks != null) {
            looks.close();
        }
    }
}
