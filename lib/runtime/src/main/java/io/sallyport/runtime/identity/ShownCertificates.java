package io.sallyport.runtime.identity;

import io.grpc.Metadata;
import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;

/// Takes what a caller showed at one door of a process to another inside it: a servlet that calls a service in its own
/// process hands on the certificates that its connection was verified with, as it does with a token. Only a guard of
/// calls within the process reads them, see [Guard#inside]; from any other place they are so many bytes.
public final class ShownCertificates {

    private static final Metadata.Key<byte[]> KEY =
            Metadata.Key.of("sallyport-shown-certificates-bin", Metadata.BINARY_BYTE_MARSHALLER);
    // The standard form of a path of certificates (RFC 5280): first the authority's, last the caller's.
    private static final String FORM = "PkiPath";

    private ShownCertificates() {}

    /// Adds a verified chain, the caller's own certificate first, to the headers of a call.
    public static void attach(Metadata headers, List<X509Certificate> chain) {
        try {
            headers.put(
                    KEY,
                    CertificateFactory.getInstance("X.509")
                            .generateCertPath(chain)
                            .getEncoded(FORM));
        } catch (CertificateException e) {
            throw new IllegalStateException("a certificate of a handshake cannot be encoded", e);
        }
    }

    /// Those of a call; empty: none were shown.
    static List<X509Certificate> of(Metadata headers) {
        var bytes = headers.get(KEY);
        if (bytes == null) {
            return List.of();
        }
        try {
            return CertificateFactory.getInstance("X.509")
                    .generateCertPath(new ByteArrayInputStream(bytes), FORM)
                    .getCertificates()
                    .stream()
                    .map(X509Certificate.class::cast)
                    .toList();
        } catch (CertificateException e) {
            throw new IllegalStateException("certificates within one process cannot be read", e);
        }
    }
}
