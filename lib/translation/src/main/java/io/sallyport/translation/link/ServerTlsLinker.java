package io.sallyport.translation.link;

import io.sallyport.analysis.text.CipherSuites;
import io.sallyport.analysis.text.Pins;
import io.sallyport.analysis.world.MeshSettings;
import io.sallyport.model.Gateway.ServerTlsSettings;
import io.sallyport.model.Gateway.TlsMode;
import io.sallyport.model.Gateway.TlsProtocol;
import io.sallyport.model.MeshConfig;
import io.sallyport.translation.LentSecret;
import io.sallyport.translation.plan.Chain.Tls;
import io.sallyport.translation.plan.Chain.Tls.Authority;
import io.sallyport.translation.plan.Chain.Tls.Certificate;
import io.sallyport.translation.plan.Chain.Tls.Clients;
import io.sallyport.translation.plan.Chain.Tls.Version;
import io.sallyport.translation.plan.Revocations;
import java.util.List;
import java.util.Optional;

/// How a server ends TLS. A secret is named and no more: whoever delivers secrets finds it, and says what it lacks.
/// (Istio: `BuildListenerTLSContext` in `pilot/pkg/networking/core/listener.go` and
/// `pilot/pkg/security/model/authentication.go`.)
final class ServerTlsLinker {

    // What a client may speak inside, best first.
    private static final List<String> HTTP = List.of("h2", "http/1.1");
    private static final List<String> CURVES = List.of("X25519MLKEM768", "X25519", "P-256", "P-384", "P-521");
    private static final String AUTHORITY_SUFFIX = "-cacert";

    private final ServerTlsSettings settings;
    private final Borrower borrower;
    private final Optional<MeshConfig.TlsConfig> defaults;

    private ServerTlsLinker(ServerTlsSettings settings, MeshSettings mesh, Borrower borrower) {
        this.borrower = borrower;
        this.settings = settings;
        this.defaults = mesh.tlsDefaults();
    }

    /// Whether the proxy itself ends TLS, with a certificate that somebody gives it.
    static boolean isTerminated(ServerTlsSettings settings, MeshSettings mesh) {
        return settings.mode() == TlsMode.SIMPLE
                || isMutual(settings)
                || (settings.mode() == TlsMode.ISTIO_MUTUAL
                        && mesh.workloadSecret().isPresent());
    }

    /// Whether TLS goes on to a backend as it came.
    static boolean isPassedOn(ServerTlsSettings settings) {
        return settings.mode() == TlsMode.PASSTHROUGH;
    }

    /// Misses when no certificate is named, or none for clients where they are asked.
    static Optional<Tls> link(ServerTlsSettings settings, MeshSettings mesh, boolean http, Borrower borrower) {
        if (settings.mode() == TlsMode.ISTIO_MUTUAL) {
            return mesh.workloadSecret().map(secret -> ofWorkload(settings, secret, http));
        }
        return new ServerTlsLinker(settings, mesh, borrower).link(http);
    }

    // Versions, ciphers and curves of the server or the mesh do not count here (T12).
    private static Tls ofWorkload(ServerTlsSettings settings, String secret, boolean http) {
        return new Tls.Terminate(
                List.of(new Certificate.Secret(secret)),
                new Clients.Asked(
                        true,
                        true,
                        new Authority.Secret(authorityOf(secret)),
                        Revocations.file(settings.caCrl()),
                        settings.subjectAltNames(),
                        List.of(),
                        List.of()),
                Version.TLS1_2,
                Version.TLS1_3,
                List.of(),
                List.of(),
                http ? HTTP : List.of());
    }

    private Optional<Tls> link(boolean http) {
        var certificates = certificates();
        var clients = clients();
        if (certificates.isEmpty() || clients.isEmpty()) {
            return Optional.empty();
        }
        var newest = version(settings.maxProtocolVersion()).orElse(Version.TLS1_3);
        var oldest = version(settings.minProtocolVersion())
                .or(() -> defaults.map(MeshConfig.TlsConfig::minProtocolVersion).flatMap(ServerTlsLinker::version))
                .orElse(Version.TLS1_2);
        return Optional.of(new Tls.Terminate(
                certificates,
                clients.get(),
                oldest.compareTo(newest) > 0 ? newest : oldest,
                newest,
                ciphers(),
                defaults.map(MeshConfig.TlsConfig::ecdhCurves).stream()
                        .flatMap(List::stream)
                        .filter(CURVES::contains)
                        .distinct()
                        .toList(),
                http ? HTTP : List.of()));
    }

    private List<Certificate> certificates() {
        var names = credentials();
        if (!names.isEmpty()) {
            return names.stream().<Certificate>map(Certificate.Secret::new).toList();
        }
        if (!settings.tlsCertificates().isEmpty()) {
            return settings.tlsCertificates().stream()
                    .<Certificate>map(files -> new Certificate.File(files.serverCertificate(), files.privateKey()))
                    .toList();
        }
        return settings.serverCertificate().isEmpty() || settings.privateKey().isEmpty()
                ? List.of()
                : List.of(new Certificate.File(settings.serverCertificate(), settings.privateKey()));
    }

    private List<String> credentials() {
        var written =
                settings.credentialNames().isEmpty() ? List.of(settings.credentialName()) : settings.credentialNames();
        return written.stream()
                .filter(name -> !name.isEmpty())
                .map(borrower::named)
                .toList();
    }

    private Optional<Clients> clients() {
        if (!isMutual(settings)) {
            return Optional.of(new Clients.Unasked());
        }
        return authority()
                .map(authority -> new Clients.Asked(
                        settings.mode() == TlsMode.MUTUAL,
                        !settings.insecureSkipVerify(),
                        authority,
                        Revocations.file(settings.caCrl()),
                        settings.subjectAltNames(),
                        keyPins(),
                        certificatePins()));
    }

    // Envoy refuses a listener for one pin that it cannot read. Such pins go, and where no other is left, a key that
    // nobody has stands for them: a server that was meant for few stays closed.
    private List<String> keyPins() {
        var pins =
                settings.verifyCertificateSpki().stream().filter(Pins::isKeyPin).toList();
        boolean pinned = !settings.verifyCertificateSpki().isEmpty()
                || !settings.verifyCertificateHash().isEmpty();
        return pinned && pins.isEmpty() && certificatePins().isEmpty() ? List.of(Pins.NOBODY) : pins;
    }

    private List<String> certificatePins() {
        return settings.verifyCertificateHash().stream()
                .filter(Pins::isCertificatePin)
                .toList();
    }

    // Of several credentials the first one's authority counts for all.
    private Optional<Authority> authority() {
        if (!settings.caCertCredentialName().isEmpty()) {
            return Optional.of(new Authority.Secret(authorityOf(borrower.named(settings.caCertCredentialName()))));
        }
        var names = credentials();
        if (!names.isEmpty()) {
            return Optional.of(new Authority.Secret(authorityOf(names.getFirst())));
        }
        return settings.caCertificates().isEmpty()
                ? Optional.empty()
                : Optional.of(new Authority.File(settings.caCertificates()));
    }

    /// The secret with the authorities that belong to a credential. A name that says where it is from
    /// (`configmap://shop/ca`) says all.
    static String authorityOf(String credential) {
        var lent = LentSecret.authorityOf(credential);
        if (lent.isPresent()) {
            return lent.get();
        }
        return credential.contains("://") || credential.endsWith(AUTHORITY_SUFFIX)
                ? credential
                : credential + AUTHORITY_SUFFIX;
    }

    private List<String> ciphers() {
        var own = settings.cipherSuites();
        var wanted = own.isEmpty()
                ? defaults.map(MeshConfig.TlsConfig::cipherSuites).stream()
                        .flatMap(List::stream)
                        .toList()
                : own;
        return wanted.stream().filter(CipherSuites::accepts).distinct().toList();
    }

    private static boolean isMutual(ServerTlsSettings settings) {
        return settings.mode() == TlsMode.MUTUAL || settings.mode() == TlsMode.OPTIONAL_MUTUAL;
    }

    private static Optional<Version> version(TlsProtocol protocol) {
        return switch (protocol) {
            case TLS_AUTO -> Optional.empty();
            case TLSV1_0 -> Optional.of(Version.TLS1_0);
            case TLSV1_1 -> Optional.of(Version.TLS1_1);
            case TLSV1_2 -> Optional.of(Version.TLS1_2);
            case TLSV1_3 -> Optional.of(Version.TLS1_3);
        };
    }
}
