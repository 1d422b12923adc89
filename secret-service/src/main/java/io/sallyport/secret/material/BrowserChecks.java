package io.sallyport.secret.material;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.oiw.OIWObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.cert.X509CertificateHolder;

/// What Envoy serves and clients refuse: said as a warning, because the owner may know his clients.
final class BrowserChecks {

    private static final Set<ASN1ObjectIdentifier> OLD_SIGNATURES = Set.of(
            PKCSObjectIdentifiers.md2WithRSAEncryption,
            PKCSObjectIdentifiers.md5WithRSAEncryption,
            PKCSObjectIdentifiers.sha1WithRSAEncryption,
            OIWObjectIdentifiers.sha1WithRSA,
            X9ObjectIdentifiers.ecdsa_with_SHA1);
    private static final Set<ASN1ObjectIdentifier> KNOWN = Set.of(
            Extension.basicConstraints,
            Extension.keyUsage,
            Extension.extendedKeyUsage,
            Extension.subjectAlternativeName,
            Extension.nameConstraints,
            Extension.certificatePolicies,
            Extension.policyConstraints,
            Extension.policyMappings,
            Extension.inhibitAnyPolicy);

    private BrowserChecks() {}

    static List<String> warnings(X509CertificateHolder leaf) throws UnusableException {
        var warnings = new ArrayList<String>();
        if (OLD_SIGNATURES.contains(leaf.getSignatureAlgorithm().getAlgorithm())) {
            warnings.add("signed with MD5 or SHA-1: browsers refuse it");
        }
        try {
            var usage = ExtendedKeyUsage.fromExtensions(leaf.getExtensions());
            if (usage != null
                    && !usage.hasKeyPurposeId(KeyPurposeId.id_kp_serverAuth)
                    && !usage.hasKeyPurposeId(KeyPurposeId.anyExtendedKeyUsage)) {
                warnings.add("its extended key usage is not for servers: browsers refuse it");
            }
        } catch (IllegalArgumentException | IllegalStateException broken) {
            throw new UnusableException("the certificate has an extended key usage that cannot be read");
        }
        try {
            var usage = KeyUsage.fromExtensions(leaf.getExtensions());
            if (usage != null && !usage.hasUsages(KeyUsage.digitalSignature)) {
                warnings.add("its key usage is not for signing: browsers refuse it");
            }
        } catch (IllegalArgumentException | IllegalStateException broken) {
            throw new UnusableException("the certificate has a key usage that cannot be read");
        }
        for (var critical : leaf.getCriticalExtensionOIDs()) {
            if (critical instanceof ASN1ObjectIdentifier extension && !KNOWN.contains(extension)) {
                warnings.add("critical extension " + extension + " is unknown: browsers refuse it");
            }
        }
        return warnings;
    }
}
