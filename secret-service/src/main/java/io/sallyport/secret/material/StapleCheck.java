package io.sallyport.secret.material;

import java.io.IOException;
import java.time.Instant;
import java.util.List;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.ocsp.BasicOCSPResp;
import org.bouncycastle.cert.ocsp.CertificateStatus;
import org.bouncycastle.cert.ocsp.OCSPException;
import org.bouncycastle.cert.ocsp.OCSPResp;
import org.bouncycastle.cert.ocsp.OCSPRespBuilder;

/// Says whether a stapled OCSP response may be served. Envoy refuses a whole secret for a staple of another
/// certificate, so one that does not fit is left out, with a warning.
final class StapleCheck {

    private static final int MAX_BYTES = 64 * 1024;
    private static final byte[] NONE = {};

    private StapleCheck() {}

    /// The staple, or nothing.
    static byte[] usable(byte[] staple, X509CertificateHolder leaf, Instant now, List<String> warnings) {
        if (staple.length == 0) {
            return NONE;
        }
        var problem = problem(staple, leaf, now);
        if (problem.isEmpty()) {
            return staple;
        }
        warnings.add("tls.ocsp-staple is not served: " + problem);
        return NONE;
    }

    private static String problem(byte[] staple, X509CertificateHolder leaf, Instant now) {
        if (staple.length > MAX_BYTES) {
            return "%d bytes (expected: at most %d)".formatted(staple.length, MAX_BYTES);
        }
        try {
            var response = new OCSPResp(staple);
            if (response.getStatus() != OCSPRespBuilder.SUCCESSFUL
                    || !(response.getResponseObject() instanceof BasicOCSPResp basic)
                    || basic.getResponses().length != 1) {
                return "no successful answer about one certificate";
            }
            var answer = basic.getResponses()[0];
            if (!answer.getCertID().getSerialNumber().equals(leaf.getSerialNumber())) {
                return "it is of another certificate";
            }
            if (answer.getCertStatus() != CertificateStatus.GOOD) {
                return "it says that the certificate is revoked";
            }
            if (answer.getThisUpdate().toInstant().isAfter(now)) {
                return "it is of the future";
            }
            var until = answer.getNextUpdate();
            return until == null || until.toInstant().isBefore(now) ? "it has expired" : "";
        } catch (IOException | OCSPException | RuntimeException broken) {
            return "it cannot be read";
        }
    }
}
