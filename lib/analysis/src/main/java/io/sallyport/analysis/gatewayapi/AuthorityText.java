package io.sallyport.analysis.gatewayapi;

import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.Optional;

/// Reads authorities as a ConfigMap has them, to refuse those with which Envoy would refuse the whole cluster: text
/// that looks like a certificate and is none. What stands between certificates counts as a comment, as everywhere.
final class AuthorityText {

    private static final String BEGIN = "-----BEGIN CERTIFICATE-----";
    private static final String END = "-----END CERTIFICATE-----";
    private static final int LONGEST = 1 << 20;
    private static final int MOST = 1_000;

    private AuthorityText() {}

    /// What is wrong with it; empty: it holds certificates and nothing that is broken.
    static Optional<String> problem(String text) {
        if (text.length() > LONGEST) {
            return Optional.of("%d characters (expected: at most %d)".formatted(text.length(), LONGEST));
        }
        int at = text.indexOf(BEGIN);
        if (at < 0) {
            return Optional.of("no certificates (expected: PEM)");
        }
        for (int number = 1; at >= 0; number++) {
            int end = text.indexOf(END, at);
            if (number > MOST) {
                return Optional.of("too many certificates (expected: at most " + MOST + ")");
            }
            if (end < 0 || !isCertificate(text.substring(at + BEGIN.length(), end))) {
                return Optional.of("certificate " + number + " cannot be read (expected: X.509 in PEM)");
            }
            at = text.indexOf(BEGIN, end);
        }
        return Optional.empty();
    }

    private static boolean isCertificate(String base64) {
        try {
            var bytes = Base64.getMimeDecoder().decode(base64);
            return CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(bytes)) != null;
        } catch (CertificateException | IllegalArgumentException e) {
            return false;
        }
    }
}
