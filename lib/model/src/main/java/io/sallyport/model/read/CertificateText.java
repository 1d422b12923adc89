package io.sallyport.model.read;

import com.google.common.collect.ImmutableList;
import io.sallyport.model.PublicCertificate;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/// Reads the first certificate of a Secret, to say before anybody runs it which hosts it is for and until when. What is
/// no certificate is simply unknown here: secret-service judges it, bounds and all.
final class CertificateText {

    private static final String BEGIN = "-----BEGIN CERTIFICATE-----";
    private static final String END = "-----END CERTIFICATE-----";
    private static final int LONGEST = 256 << 10;
    private static final int DNS = 2;
    private static final int ADDRESS = 7;
    // One more than is served, so that who asks sees that there are too many.
    private static final int MOST_NAMES = PublicCertificate.MOST_NAMES + 1;

    private CertificateText() {}

    /// @param encoded whether the text is base64 once more, as under `data`
    static Optional<PublicCertificate> read(String text, boolean encoded) {
        if (text.length() > LONGEST) {
            return Optional.empty();
        }
        try {
            var pem = encoded ? new String(Base64.getMimeDecoder().decode(text), StandardCharsets.ISO_8859_1) : text;
            int from = pem.indexOf(BEGIN);
            int to = pem.indexOf(END, Math.max(from, 0));
            if (from < 0 || to < 0) {
                return Optional.empty();
            }
            var bytes = Base64.getMimeDecoder().decode(pem.substring(from + BEGIN.length(), to));
            var made = CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(bytes));
            return made instanceof X509Certificate certificate ? Optional.of(summary(certificate)) : Optional.empty();
        } catch (CertificateException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static PublicCertificate summary(X509Certificate certificate) throws CertificateException {
        var names = ImmutableList.<String>builder();
        Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
        if (alternatives != null) {
            alternatives.stream()
                    .filter(name -> name.get(0) instanceof Integer type && (type == DNS || type == ADDRESS))
                    .limit(MOST_NAMES)
                    .forEach(name -> names.add(String.valueOf(name.get(1))));
        }
        return new PublicCertificate(
                names.build(),
                certificate.getNotBefore().toInstant().getEpochSecond(),
                certificate.getNotAfter().toInstant().getEpochSecond());
    }
}
