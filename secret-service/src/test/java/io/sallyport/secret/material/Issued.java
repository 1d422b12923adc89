package io.sallyport.secret.material;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
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
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObject;
import org.jspecify.annotations.Nullable;

/// A certificate made for a test, with the key that belongs to it.
public record Issued(X509CertificateHolder certificate, KeyPair keys) {

    public static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");
    public static final Instant FROM = Instant.parse("2026-01-01T00:00:00Z");
    public static final Instant UNTIL = Instant.parse("2027-01-01T00:00:00Z");

    public static KeyPair rsa(int bits) {
        return keys("RSA", bits);
    }

    public static KeyPair ec() {
        return keys("EC", 256);
    }

    public static KeyPair keys(String algorithm, int bits) {
        try {
            var generator = KeyPairGenerator.getInstance(algorithm);
            if (bits > 0) {
                generator.initialize(bits);
            }
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    public static Issued authority(String name) {
        return issue(name, ec(), null, true, FROM, UNTIL);
    }

    public static Issued leaf(String name, KeyPair keys, @Nullable Issued issuer) {
        return issue(name, keys, issuer, false, FROM, UNTIL);
    }

    public static Issued issue(
            String name, KeyPair keys, @Nullable Issued issuer, boolean isAuthority, Instant from, Instant until) {
        try {
            var subject = new X500Name("CN=" + name);
            var signer = issuer == null ? keys : issuer.keys;
            var builder = new X509v3CertificateBuilder(
                    issuer == null ? subject : issuer.certificate.getSubject(),
                    BigInteger.valueOf(0x4e1a07),
                    Date.from(from),
                    Date.from(until),
                    subject,
                    SubjectPublicKeyInfo.getInstance(keys.getPublic().getEncoded()));
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(isAuthority));
            if (!isAuthority) {
                builder.addExtension(
                        Extension.subjectAlternativeName,
                        false,
                        new GeneralNames(new GeneralName(GeneralName.dNSName, name)));
            }
            var algorithm = switch (signer.getPrivate().getAlgorithm()) {
                case "RSA" -> "SHA256withRSA";
                case "EC" -> "SHA256withECDSA";
                case "DSA" -> "SHA256withDSA";
                case "EdDSA" -> "Ed25519";
                case String other -> other;
            };
            return new Issued(builder.build(new JcaContentSignerBuilder(algorithm).build(signer.getPrivate())), keys);
        } catch (IOException | OperatorCreationException e) {
            throw new IllegalStateException(e);
        }
    }

    /// When the first certificate of a PEM text ends.
    public static Instant until(byte[] pem) {
        try (var reader = new PEMParser(new StringReader(new String(pem, StandardCharsets.US_ASCII)))) {
            return ((X509CertificateHolder) reader.readObject()).getNotAfter().toInstant();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    public byte[] certPem() {
        return pem(certificate);
    }

    /// A whole PEM around damage: the first place where `name` stands is no UTF-8 any more.
    public byte[] damagedPem(String name) {
        var bytes = encoded();
        bytes[new String(bytes, StandardCharsets.ISO_8859_1).indexOf(name)] = (byte) 0xff;
        return pem(new PemObject("CERTIFICATE", bytes));
    }

    private byte[] encoded() {
        try {
            return certificate.getEncoded();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    public byte[] keyPem() {
        return pem(new PemObject("PRIVATE KEY", keys.getPrivate().getEncoded()));
    }

    /// The key as `openssl ecparam -genkey` writes it.
    public byte[] sec1KeyPem() {
        try {
            var key = (java.security.interfaces.ECPrivateKey) keys.getPrivate();
            return pem(new PemObject(
                    "EC PRIVATE KEY", new ECPrivateKey(256, key.getS(), SECObjectIdentifiers.secp256r1).getEncoded()));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    public static byte[] chainPem(Issued... chain) {
        return join(Arrays.stream(chain).map(Issued::certPem).toList());
    }

    public static byte[] join(List<byte[]> parts) {
        var text = new StringBuilder();
        parts.forEach(part -> text.append(new String(part, StandardCharsets.US_ASCII)));
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }

    public static byte[] pem(Object object) {
        var text = new StringWriter();
        try (var writer = new JcaPEMWriter(text)) {
            writer.writeObject(object);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }
}
