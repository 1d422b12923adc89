package io.sallyport.runtime.tls;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObject;

/// An authority that issues certificates for tests, in memory and within a few milliseconds.
public final class TestAuthority {

    // Handshakes are judged by the clock of the machine.
    private final Instant now = Instant.now();

    private final String name;
    private final KeyPair keys;
    private final X509CertificateHolder own;
    private long serial = 100;

    /// A key pair as PEM.
    public record Issued(String certificate, String key) {

        /// Writes it as cert-manager's Secret has it, with the authorities to trust.
        public TlsFiles in(Path folder, String authorities) throws IOException {
            Files.createDirectories(folder);
            return new TlsFiles(
                    Files.writeString(folder.resolve("tls.crt"), certificate),
                    Files.writeString(folder.resolve("tls.key"), key),
                    Files.writeString(folder.resolve("ca.crt"), authorities));
        }
    }

    public TestAuthority(String name) {
        this.name = name;
        this.keys = keys();
        this.own = certificate(name, keys, name, keys, true, BigInteger.ONE, now.plus(Duration.ofDays(30)));
    }

    /// Its own certificate.
    public String pem() {
        return write(own);
    }

    /// For names like `localhost`, `127.0.0.1` or `spiffe://cluster.local/ns/shop/sa/edge`.
    public Issued issue(String... names) {
        return issueUntil(now.plus(Duration.ofDays(20)), names);
    }

    /// One that ended a while ago.
    public Issued issueExpired(String... names) {
        return issueUntil(now.minus(Duration.ofHours(1)), names);
    }

    public Issued issueUntil(Instant end, String... names) {
        var own = keys();
        return new Issued(
                write(certificate("leaf", own, name, keys, false, BigInteger.valueOf(serial++), end, names)),
                write(new PemObject("PRIVATE KEY", own.getPrivate().getEncoded())));
    }

    /// One whose key is written as cert-manager does by default for elliptic curves.
    public Issued issueOlder(String... names) {
        var own = keys();
        var end = now.plus(Duration.ofDays(20));
        try {
            var key = new ECPrivateKey(
                    256,
                    ((java.security.interfaces.ECPrivateKey) own.getPrivate()).getS(),
                    SECObjectIdentifiers.secp256r1);
            return new Issued(
                    write(certificate("leaf", own, name, keys, false, BigInteger.valueOf(serial++), end, names)),
                    write(new PemObject("EC PRIVATE KEY", key.getEncoded())));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /// One that nobody vouches for.
    public static Issued selfSigned(String... names) {
        var own = keys();
        return new Issued(
                write(certificate(
                        "self",
                        own,
                        "self",
                        own,
                        false,
                        BigInteger.TWO,
                        Instant.now().plus(Duration.ofDays(1)),
                        names)),
                write(new PemObject("PRIVATE KEY", own.getPrivate().getEncoded())));
    }

    private static KeyPair keys() {
        try {
            var generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static X509CertificateHolder certificate(
            String subject,
            KeyPair keys,
            String issuer,
            KeyPair issuerKeys,
            boolean isAuthority,
            BigInteger serial,
            Instant end,
            String... names) {
        try {
            var builder = new X509v3CertificateBuilder(
                    new X500Name("CN=" + issuer),
                    serial,
                    Date.from(end.minus(Duration.ofDays(60))),
                    Date.from(end),
                    new X500Name("CN=" + subject),
                    SubjectPublicKeyInfo.getInstance(keys.getPublic().getEncoded()));
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(isAuthority));
            if (names.length > 0) {
                builder.addExtension(
                        Extension.subjectAlternativeName,
                        false,
                        new GeneralNames(Arrays.stream(names)
                                .map(TestAuthority::alternative)
                                .toArray(GeneralName[]::new)));
            }
            return builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(issuerKeys.getPrivate()));
        } catch (IOException | OperatorCreationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static GeneralName alternative(String name) {
        if (name.contains("://")) {
            return new GeneralName(GeneralName.uniformResourceIdentifier, name);
        }
        return new GeneralName(name.matches("[0-9.]+") ? GeneralName.iPAddress : GeneralName.dNSName, name);
    }

    private static String write(Object object) {
        var text = new StringWriter();
        try (var writer = new JcaPEMWriter(text)) {
            writer.writeObject(object);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return text.toString();
    }
}
