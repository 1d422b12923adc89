package io.sallyport.secret.material;

import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.x509.AccessDescription;
import org.bouncycastle.asn1.x509.AuthorityInformationAccess;
import org.bouncycastle.cert.X509CertificateHolder;

/// A leaf without its intermediate: browsers that have met it elsewhere trust it, and `curl` does not. That a
/// chain ends at a leaf is no fault where a root issued it. But a leaf that says where its issuer can be
/// fetched has one that clients are not expected to know.
final class ChainGap {

    private ChainGap() {}

    static Optional<String> of(List<X509CertificateHolder> chain) {
        var leaf = chain.getFirst();
        if (chain.size() > 1 || leaf.getSubject().equals(leaf.getIssuer()) || !saysWhereItsIssuerIs(leaf)) {
            return Optional.empty();
        }
        return Optional.of("its issuer \"%s\" is missing: clients that do not know it refuse the certificate"
                .formatted(leaf.getIssuer()));
    }

    private static boolean saysWhereItsIssuerIs(X509CertificateHolder leaf) {
        try {
            var access = AuthorityInformationAccess.fromExtensions(leaf.getExtensions());
            if (access == null) {
                return false;
            }
            for (var description : access.getAccessDescriptions()) {
                if (AccessDescription.id_ad_caIssuers.equals(description.getAccessMethod())) {
                    return true;
                }
            }
            return false;
        } catch (IllegalArgumentException | IllegalStateException unreadable) {
            return false;
        }
    }
}
