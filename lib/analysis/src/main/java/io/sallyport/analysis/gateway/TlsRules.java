package io.sallyport.analysis.gateway;

import static io.sallyport.model.Severity.ERROR;
import static io.sallyport.model.Severity.INFO;
import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.text.CipherSuites;
import io.sallyport.analysis.text.Pins;
import io.sallyport.analysis.text.Protocol;
import io.sallyport.model.Gateway;
import io.sallyport.model.Gateway.Server;
import io.sallyport.model.Gateway.ServerTlsSettings;
import io.sallyport.model.Gateway.TlsCertificate;
import io.sallyport.model.Gateway.TlsMode;
import io.sallyport.model.Gateway.TlsProtocol;
import io.sallyport.model.Kind;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;

/// How a Gateway's servers answer TLS.
final class TlsRules {

    private static final String HTTPS = "port: {number: 443, name: https, protocol: HTTPS}, hosts: [\"*\"]";

    private TlsRules() {}

    static List<Rule<?>> all() {
        return List.of(
                new TlsFitsProtocol(),
                new IstioMutualIsBare(),
                new CertificateIsComplete(),
                new CredentialIsOne(),
                new RevocationListFitsMode(),
                new SecretPathIsNotNamed(),
                new PassthroughHasNoCertificate(),
                new CipherIsKnown(),
                new CipherIsName(),
                new OldTlsHasCiphers(),
                new VersionsAreOrdered(),
                new PinCanBeCompared());
    }

    private static Stream<At<ServerTlsSettings>> tls(At<Gateway> gateway) {
        return ServerRules.servers(gateway).flatMap(server -> server.field("tls", Server::tls));
    }

    private static boolean usesCredential(ServerTlsSettings tls) {
        return !tls.credentialName().isEmpty() || !tls.credentialNames().isEmpty();
    }

    private static boolean asks(TlsMode mode) {
        return mode == TlsMode.MUTUAL || mode == TlsMode.OPTIONAL_MUTUAL;
    }

    private static boolean terminates(TlsMode mode) {
        return mode == TlsMode.SIMPLE || mode == TlsMode.MUTUAL || mode == TlsMode.OPTIONAL_MUTUAL;
    }

    /// SP1310: TLS on a plain port, or none on a TLS port.
    static final class TlsFitsProtocol extends ObjectRule<Gateway> {
        TlsFitsProtocol() {
            super(
                    "SP1310",
                    ERROR,
                    "TLS settings do not fit the protocol",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "HTTPS and TLS servers need tls; HTTP servers may only say tls.httpsRedirect; others have none.",
                            "{servers: [{" + HTTPS + "}]}",
                            "{servers: [{" + HTTPS + ", tls: {mode: SIMPLE, credentialName: shop-cert}}]}"));
        }

        @Override
        public void check(At<Gateway> gateway, Report report) {
            ServerRules.servers(gateway)
                    .filter(server -> ServerRules.hasValidPort(server.value()))
                    .forEach(server -> ServerRules.protocol(server.value())
                            .ifPresent(protocol -> check(server, protocol, report)));
        }

        private static void check(At<Server> server, Protocol protocol, Report report) {
            var tls = server.value().tls();
            if (protocol.isTls() && tls == null) {
                report.at(server, "%s server without tls (expected: tls with a mode)".formatted(protocol));
            }
            if (protocol.isTls() || tls == null) {
                return;
            }
            boolean passes = tls.mode() == TlsMode.PASSTHROUGH || tls.mode() == TlsMode.AUTO_PASSTHROUGH;
            boolean bare = passes
                    && tls.caCertificates().isEmpty()
                    && tls.privateKey().isEmpty()
                    && tls.serverCertificate().isEmpty();
            if (!protocol.isHttp()) {
                report.at(
                        server.below("tls"), "tls on a %s port (expected: none; or protocol TLS)".formatted(protocol));
            } else if (!bare) {
                report.at(
                        server.below("tls"),
                        "tls on a plain %s port (expected: httpsRedirect only; or protocol HTTPS)".formatted(protocol));
            }
        }
    }

    /// SP1311: Istio brings its own certificates.
    static final class IstioMutualIsBare extends ObjectRule<Gateway> {
        IstioMutualIsBare() {
            super(
                    "SP1311",
                    ERROR,
                    "ISTIO_MUTUAL with a certificate",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "ISTIO_MUTUAL uses the workload's own certificate, so none may be given.",
                            "{servers: [{" + HTTPS + ", tls: {mode: ISTIO_MUTUAL, credentialName: c}}]}",
                            "{servers: [{" + HTTPS + ", tls: {mode: MUTUAL, credentialName: c}}]}"));
        }

        @Override
        public void check(At<Gateway> gateway, Report report) {
            tls(gateway)
                    .filter(tls -> tls.value().mode() == TlsMode.ISTIO_MUTUAL)
                    .forEach(tls -> {
                        none(tls, "serverCertificate", tls.value().serverCertificate(), report);
                        none(tls, "privateKey", tls.value().privateKey(), report);
                        none(tls, "caCertificates", tls.value().caCertificates(), report);
                        none(tls, "credentialName", tls.value().credentialName(), report);
                        none(
                                tls,
                                "credentialNames",
                                String.join(", ", tls.value().credentialNames()),
                                report);
                        if (!tls.value().tlsCertificates().isEmpty()) {
                            report.at(
                                    tls.below("tlsCertificates"), "tlsCertificates with ISTIO_MUTUAL (expected: none)");
                        }
                    });
        }

        private static void none(At<ServerTlsSettings> tls, String name, String value, Report report) {
            if (!value.isEmpty()) {
                report.at(tls.below(name), "%s \"%s\" with ISTIO_MUTUAL (expected: none)".formatted(name, value));
            }
        }
    }

    /// SP1312: TLS without a certificate.
    static final class CertificateIsComplete extends ObjectRule<Gateway> {
        CertificateIsComplete() {
            super(
                    "SP1312",
                    ERROR,
                    "TLS server has no certificate",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "Terminating TLS needs credentialName, or files: certificate and key, and a CA for mutual TLS.",
                            "{servers: [{" + HTTPS + ", tls: {mode: SIMPLE}}]}",
                            "{servers: [{" + HTTPS + ", tls: {mode: SIMPLE, credentialName: shop-cert}}]}"));
        }

        @Override
        public void check(At<Gateway> gateway, Report report) {
            tls(gateway)
                    .filter(tls -> terminates(tls.value().mode()) && !usesCredential(tls.value()))
                    .forEach(tls -> {
                        var settings = tls.value();
                        if (settings.mode() != TlsMode.SIMPLE
                                && settings.caCertificates().isEmpty()) {
                            report.at(
                                    tls,
                                    "%s without CA (expected: credentialName or caCertificates)"
                                            .formatted(settings.mode()));
                        }
                        if (!settings.tlsCertificates().isEmpty()) {
                            tls.each("tlsCertificates", ServerTlsSettings::tlsCertificates)
                                    .forEach(pair -> pair(pair, report));
                            return;
                        }
                        if (settings.serverCertificate().isEmpty()) {
                            report.at(
                                    tls,
                                    "%s without certificate (expected: credentialName or serverCertificate)"
                                            .formatted(settings.mode()));
                        }
                        if (settings.privateKey().isEmpty()) {
                            report.at(
                                    tls,
                                    "%s without key (expected: credentialName or privateKey)"
                                            .formatted(settings.mode()));
                        }
                    });
        }

        private static void pair(At<TlsCertificate> pair, Report report) {
            if (pair.value().serverCertificate().isEmpty()
                    || pair.value().privateKey().isEmpty()) {
                report.at(pair, "certificate without serverCertificate or privateKey (expected: both)");
            }
        }
    }

    /// SP1313: several sources of one certificate.
    static final class CredentialIsOne extends ObjectRule<Gateway> {
        private static final int MOST = 2;

        CredentialIsOne() {
            super(
                    "SP1313",
                    ERROR,
                    "Certificate comes from several places",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "Give one of credentialName, credentialNames, tlsCertificates, and serverCertificate with privateKey; the lists hold at most two (RSA and ECDSA).",
                            "{servers: [{" + HTTPS
                                    + ", tls: {mode: SIMPLE, credentialName: a, credentialNames: [b, c]}}]}",
                            "{servers: [{" + HTTPS + ", tls: {mode: SIMPLE, credentialNames: [b, c]}}]}"));
        }

        @Override
        public void check(At<Gateway> gateway, Report report) {
            tls(gateway)
                    .filter(tls -> tls.value().mode() != TlsMode.ISTIO_MUTUAL)
                    .forEach(tls -> {
                        var settings = tls.value();
                        boolean hasFiles = !settings.serverCertificate().isEmpty()
                                && !settings.privateKey().isEmpty();
                        boolean hasOthers = usesCredential(settings)
                                || !settings.tlsCertificates().isEmpty();
                        if (hasFiles && hasOthers) {
                            report.at(
                                    tls.below("serverCertificate"),
                                    "serverCertificate and privateKey beside another source (expected: one of the two)");
                        }
                        if (!settings.credentialName().isEmpty()
                                && !settings.credentialNames().isEmpty()) {
                            report.at(
                                    tls.below("credentialNames"),
                                    "credentialNames beside credentialName (expected: one of the two)");
                        }
                        if (usesCredential(settings)
                                && !settings.tlsCertificates().isEmpty()) {
                            report.at(
                                    tls.below("tlsCertificates"),
                                    "tlsCertificates beside a credential (expected: one of the two)");
                        }
                        if (settings.credentialNames().size() > MOST) {
                            report.at(
                                    tls.below("credentialNames"),
                                    "%d credentialNames (expected: at most 2)"
                                            .formatted(
                                                    settings.credentialNames().size()));
                        }
                        if (settings.tlsCertificates().size() > MOST) {
                            report.at(
                                    tls.below("tlsCertificates"),
                                    "%d tlsCertificates (expected: at most 2)"
                                            .formatted(
                                                    settings.tlsCertificates().size()));
                        }
                    });
        }
    }

    /// SP1314: a list that nobody reads.
    static final class RevocationListFitsMode extends ObjectRule<Gateway> {
        RevocationListFitsMode() {
            super(
                    "SP1314",
                    ERROR,
                    "Revocation list without client certificates",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "caCrl belongs to files and client certificates; with SIMPLE nobody shows one.",
                            "{servers: [{" + HTTPS
                                    + ", tls: {mode: SIMPLE, serverCertificate: /c, privateKey: /k, caCrl: /crl}}]}",
                            "{servers: [{" + HTTPS
                                    + ", tls: {mode: MUTUAL, serverCertificate: /c, privateKey: /k, caCertificates: /ca, caCrl: /crl}}]}"));
        }

        // With a credential Istio stops reading before it comes to the list.
        @Override
        public void check(At<Gateway> gateway, Report report) {
            tls(gateway)
                    .filter(tls -> !tls.value().caCrl().isEmpty())
                    .filter(tls -> tls.value().mode() != TlsMode.ISTIO_MUTUAL)
                    .filter(tls -> !(terminates(tls.value().mode()) && usesCredential(tls.value())))
                    .forEach(tls -> {
                        if (tls.value().mode() == TlsMode.SIMPLE) {
                            report.at(tls.below("caCrl"), "caCrl with SIMPLE (expected: none; or MUTUAL)");
                        }
                        if (!tls.value().credentialName().isEmpty()) {
                            report.at(
                                    tls.below("caCrl"),
                                    "caCrl beside credentialName (expected: the list in the credential)");
                        }
                    });
        }
    }

    /// SP1315: files that are secrets of the gateway itself.
    static final class SecretPathIsNotNamed extends ObjectRule<Gateway> {
        SecretPathIsNotNamed() {
            super(
                    "SP1315",
                    ERROR,
                    "Path of a secret of the gateway",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "Certificates are never read from /proc, /sys, or the gateway's own tokens.",
                            "{servers: [{" + HTTPS
                                    + ", tls: {mode: SIMPLE, serverCertificate: /proc/self/environ, privateKey: /k}}]}",
                            "{servers: [{" + HTTPS
                                    + ", tls: {mode: SIMPLE, serverCertificate: /etc/certs/cert.pem, privateKey: /etc/certs/key.pem}}]}"));
        }

        @Override
        public void check(At<Gateway> gateway, Report report) {
            tls(gateway)
                    .flatMap(tls -> Stream.of(
                                    tls.field("serverCertificate", ServerTlsSettings::serverCertificate),
                                    tls.field("privateKey", ServerTlsSettings::privateKey),
                                    tls.field("caCertificates", ServerTlsSettings::caCertificates),
                                    tls.field("caCrl", ServerTlsSettings::caCrl))
                            .flatMap(part -> part))
                    .filter(path -> isSecret(path.value()))
                    .forEach(path ->
                            report.at(path, "path \"%s\" (expected: a certificate file)".formatted(path.value())));
        }

        private static boolean isSecret(String path) {
            return path.startsWith("/proc/")
                    || path.startsWith("/sys/")
                    || path.contains("/../")
                    || path.startsWith("/var/run/secrets/kubernetes.io/")
                    || path.startsWith("/run/secrets/kubernetes.io/")
                    || path.startsWith("/var/run/secrets/tokens/")
                    || path.startsWith("/run/secrets/tokens/");
        }
    }

    /// SP4302: Istio warns too.
    static final class PassthroughHasNoCertificate extends ObjectRule<Gateway> {
        PassthroughHasNoCertificate() {
            super(
                    "SP4302",
                    WARNING,
                    "PASSTHROUGH with a certificate",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "The gateway does not decrypt, so it ignores certificates.",
                            "{servers: [{" + HTTPS + ", tls: {mode: PASSTHROUGH, credentialName: c}}]}",
                            "{servers: [{" + HTTPS + ", tls: {mode: PASSTHROUGH}}]}"));
        }

        @Override
        public void check(At<Gateway> gateway, Report report) {
            tls(gateway)
                    .filter(tls -> tls.value().mode() == TlsMode.PASSTHROUGH
                            || tls.value().mode() == TlsMode.AUTO_PASSTHROUGH)
                    .filter(tls -> !tls.value().caCrl().isEmpty()
                            || !tls.value().serverCertificate().isEmpty()
                            || !tls.value().privateKey().isEmpty()
                            || !tls.value().caCertificates().isEmpty()
                            || !tls.value().tlsCertificates().isEmpty()
                            || usesCredential(tls.value()))
                    .forEach(tls -> report.at(
                            tls,
                            "certificates with %s are ignored (expected: none)"
                                    .formatted(tls.value().mode())));
        }
    }

    /// SP4303: ciphers that are left out. Istio warns too.
    static final class CipherIsKnown extends ObjectRule<Gateway> {
        CipherIsKnown() {
            super(
                    "SP4303",
                    WARNING,
                    "Cipher suite is unknown or repeated",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "Unknown and repeated cipher suites are left out; if none remains, Envoy's defaults hold.",
                            "{servers: [{" + HTTPS
                                    + ", tls: {mode: SIMPLE, credentialName: c, cipherSuites: [NULL-MD5]}}]}",
                            "{servers: [{" + HTTPS
                                    + ", tls: {mode: SIMPLE, credentialName: c, cipherSuites: [ECDHE-RSA-AES128-GCM-SHA256]}}]}"));
        }

        @Override
        public void check(At<Gateway> gateway, Report report) {
            tls(gateway).forEach(tls -> {
                var seen = new HashSet<String>();
                tls.each("cipherSuites", ServerTlsSettings::cipherSuites).forEach(cipher -> {
                    if (!CipherSuites.accepts(cipher.value()) && !CipherSuites.isExpression(cipher.value())) {
                        report.at(
                                cipher,
                                "cipher suite \"%s\" is left out (expected: a name of BoringSSL)"
                                        .formatted(cipher.value()));
                    } else if (!seen.add(cipher.value())) {
                        report.at(cipher, "cipher suite \"%s\" is repeated (expected: once)".formatted(cipher.value()));
                    }
                });
            });
        }
    }

    /// SP4319: what Istio passes on, and Envoy refuses.
    static final class CipherIsName extends ObjectRule<Gateway> {
        CipherIsName() {
            super(
                    "SP4319",
                    INFO,
                    "Cipher expression is left out",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "Expressions such as \"-ALL\" or \"@STRENGTH\" would make Envoy refuse the listener; the names beside them hold.",
                            "{servers: [{" + HTTPS
                                    + ", tls: {mode: SIMPLE, credentialName: c, cipherSuites: [\"-ALL\", ECDHE-RSA-AES128-GCM-SHA256]}}]}",
                            "{servers: [{" + HTTPS
                                    + ", tls: {mode: SIMPLE, credentialName: c, cipherSuites: [ECDHE-RSA-AES128-GCM-SHA256]}}]}"));
        }

        @Override
        public void check(At<Gateway> gateway, Report report) {
            tls(gateway)
                    .flatMap(tls -> tls.each("cipherSuites", ServerTlsSettings::cipherSuites))
                    .filter(cipher -> CipherSuites.isExpression(cipher.value()))
                    .forEach(cipher -> report.at(
                            cipher, "expression \"%s\" is left out (expected: names)".formatted(cipher.value())));
        }
    }

    /// SP4304: Istio warns too.
    static final class OldTlsHasCiphers extends ObjectRule<Gateway> {
        OldTlsHasCiphers() {
            super(
                    "SP4304",
                    WARNING,
                    "TLS 1.0 or 1.1 without ciphers for it",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "The default cipher suites fit TLS 1.2 and later only.",
                            "{servers: [{" + HTTPS
                                    + ", tls: {mode: SIMPLE, credentialName: c, minProtocolVersion: TLSV1_1}}]}",
                            "{servers: [{" + HTTPS
                                    + ", tls: {mode: SIMPLE, credentialName: c, minProtocolVersion: TLSV1_2}}]}"));
        }

        @Override
        public void check(At<Gateway> gateway, Report report) {
            tls(gateway)
                    .filter(tls -> tls.value().minProtocolVersion() == TlsProtocol.TLSV1_0
                            || tls.value().minProtocolVersion() == TlsProtocol.TLSV1_1)
                    .filter(tls -> tls.value().cipherSuites().isEmpty())
                    .forEach(tls -> report.at(
                            tls.below("minProtocolVersion"),
                            "minProtocolVersion %s without cipherSuites (expected: suites that fit it)"
                                    .formatted(tls.value().minProtocolVersion())));
        }
    }

    /// SP4305: no version is both. Envoy would refuse the listener; the server is withheld.
    static final class VersionsAreOrdered extends ObjectRule<Gateway> {
        VersionsAreOrdered() {
            super(
                    "SP4305",
                    WARNING,
                    "Lowest TLS version is above the highest",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "No handshake can succeed, so the server is withheld.",
                            "{servers: [{" + HTTPS
                                    + ", tls: {mode: SIMPLE, credentialName: c, minProtocolVersion: TLSV1_3, maxProtocolVersion: TLSV1_2}}]}",
                            "{servers: [{" + HTTPS
                                    + ", tls: {mode: SIMPLE, credentialName: c, minProtocolVersion: TLSV1_2, maxProtocolVersion: TLSV1_3}}]}"));
        }

        @Override
        public void check(At<Gateway> gateway, Report report) {
            tls(gateway)
                    .filter(tls -> tls.value().maxProtocolVersion() != TlsProtocol.TLS_AUTO)
                    .filter(tls -> tls.value()
                                    .minProtocolVersion()
                                    .compareTo(tls.value().maxProtocolVersion())
                            > 0)
                    .forEach(tls -> report.at(
                            tls.below("minProtocolVersion"),
                            "minProtocolVersion %s is above maxProtocolVersion %s (expected: at most that)"
                                    .formatted(
                                            tls.value().minProtocolVersion(),
                                            tls.value().maxProtocolVersion())));
        }
    }

    /// SP4307: Istio takes any text for a pin, and Envoy refuses the listener for it.
    static final class PinCanBeCompared extends ObjectRule<Gateway> {
        private static final String MUTUAL = "tls: {mode: MUTUAL, credentialName: c, verifyCertificateHash: [\"%s\"]}";

        PinCanBeCompared() {
            super(
                    "SP4307",
                    WARNING,
                    "Pin of a client certificate cannot be compared",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "A pin is SHA-256: of a public key in base64 (44 characters), or of a certificate in hexadecimal (64 digits, or 95 with colons). Another one is left out; where none is left, no client gets in.",
                            "{servers: [{" + HTTPS + ", " + MUTUAL.formatted("d34db33f") + "}]}",
                            "{servers: [{" + HTTPS + ", " + MUTUAL.formatted("d34db33f".repeat(8)) + "}]}"));
        }

        @Override
        public void check(At<Gateway> gateway, Report report) {
            // Servers that ask for no certificate compare none.
            tls(gateway).filter(tls -> asks(tls.value().mode())).forEach(tls -> {
                tls.each("verifyCertificateSpki", ServerTlsSettings::verifyCertificateSpki)
                        .filter(pin -> !Pins.isKeyPin(pin.value()))
                        .forEach(pin -> report.at(
                                pin,
                                "pin \"%s\" is left out (expected: SHA-256 of a public key, 44 characters of base64)"
                                        .formatted(pin.value())));
                tls.each("verifyCertificateHash", ServerTlsSettings::verifyCertificateHash)
                        .filter(pin -> !Pins.isCertificatePin(pin.value()))
                        .forEach(pin -> report.at(
                                pin,
                                "pin \"%s\" is left out (expected: SHA-256 of a certificate, 64 hexadecimal digits, or 95 characters with colons)"
                                        .formatted(pin.value())));
            });
        }
    }
}
