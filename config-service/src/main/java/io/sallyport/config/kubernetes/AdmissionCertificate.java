package io.sallyport.config.kubernetes;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/// A certificate for the webhook and the authority that signed it. The authority's key is forgotten once it has signed:
/// each certificate has one of its own, and each replica makes its own, so that no key is ever stored or shared.
record AdmissionCertificate(X509Certificate authority, KeyStore keys, Instant from, Instant until) {

    static final Duration LIFE = Duration.ofDays(30);
    private static final Duration CLOCKS_DIFFER = Duration.ofHours(1);
    private static final char[] NO_PASSWORD = {};

    /// For the names by which the API server calls the webhook.
    static AdmissionCertificate issue(List<String> names, Instant now, SecureRandom random) {
        try {
            var from = now.minus(CLOCKS_DIFFER);
            var until = now.plus(LIFE);
            var authorityKeys = keys(random);
            var keys = keys(random);
            var issuer = new X500Name("CN=Sallyport admission " + new BigInteger(40, random).toString(36));
            var authority = builder(issuer, issuer, authorityKeys.getPublic(), from, until, random)
                    .addExtension(Extension.basicConstraints, true, new BasicConstraints(0))
                    .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign));
            var alternatives = names.stream()
                    .map(name -> new GeneralName(
                            name.matches("[0-9.]+") ? GeneralName.iPAddress : GeneralName.dNSName, name))
                    .toArray(GeneralName[]::new);
            var leaf = builder(issuer, new X500Name("CN=sallyport-admission"), keys.getPublic(), from, until, random)
                    .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
                    .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
                    .addExtension(
                            Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth))
                    .addExtension(Extension.subjectAlternativeName, false, new GeneralNames(alternatives));
            var signed = signed(authority, authorityKeys.getPrivate());
            var store = KeyStore.getInstance("PKCS12");
            store.load(null, NO_PASSWORD);
            store.setKeyEntry("admission", keys.getPrivate(), NO_PASSWORD, new Certificate[] {
                signed(leaf, authorityKeys.getPrivate()), signed
            });
            return new AdmissionCertificate(signed, store, now, until);
        } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
            throw new IllegalStateException("the webhook's certificate cannot be made", e);
        }
    }

    private static KeyPair keys(SecureRandom random) throws GeneralSecurityException {
        var generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"), random);
        return generator.generateKeyPair();
    }

    private static JcaX509v3CertificateBuilder builder(
            X500Name issuer, X500Name subject, PublicKey key, Instant from, Instant until, SecureRandom random) {
        return new JcaX509v3CertificateBuilder(
                issuer, new BigInteger(120, random), Date.from(from), Date.from(until), subject, key);
    }

    private static X509Certificate signed(org.bouncycastle.cert.X509v3CertificateBuilder builder, PrivateKey key)
            throws GeneralSecurityException, OperatorCreationException {
        return new JcaX509CertificateConverter()
                .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(key)));
    }

    /// Whether two thirds of its life are over, so that there is time for the API server to learn of the next one.
    boolean isDue(Instant now) {
        return !now.isBefore(from.plus(LIFE.multipliedBy(2).dividedBy(3)));
    }

    boolean isOver(Instant now) {
        return !now.isBefore(until);
    }

    static String pem(X509Certificate certificate) {
        var text = new StringWriter();
        try (var writer = new JcaPEMWriter(text)) {
            writer.writeObject(certificate);
        } catch (IOException e) {
            throw new IllegalStateException("a certificate cannot be written as PEM", e);
        }
        return text.toString();
    }
}
