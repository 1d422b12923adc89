package io.sallyport.runtime.tls;

import io.grpc.util.CertificateUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;

/// Reads certificates and keys as PEM. Keys may be PKCS#8, PKCS#1 or SEC 1: cert-manager writes any of them.
final class PemFiles {

    private static final int MAX_BYTES = 1 << 20;

    private PemFiles() {}

    static byte[] bytes(Path file) throws IOException {
        try (var in = Files.newInputStream(file)) {
            var bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw new IOException(file + ": larger than 1 MiB (expected: PEM)");
            }
            return bytes;
        } catch (NoSuchFileException e) {
            throw new IOException(file + ": does not exist (expected: a PEM file)", e);
        }
    }

    static List<X509Certificate> certificates(Path file, byte[] pem) throws IOException {
        try {
            var read = CertificateUtils.getX509Certificates(new ByteArrayInputStream(pem));
            if (read.length == 0) {
                throw new IOException(file + ": holds no certificate (expected: PEM, -----BEGIN CERTIFICATE-----)");
            }
            return List.of(read);
        } catch (CertificateException e) {
            throw new IOException(file + ": holds no certificate that can be read: " + e.getMessage(), e);
        }
    }

    static PrivateKey key(Path file, byte[] pem) throws IOException {
        var expected = " (expected: PEM, an RSA or EC private key without a password)";
        try (var parser =
                new PEMParser(new InputStreamReader(new ByteArrayInputStream(pem), StandardCharsets.US_ASCII))) {
            for (var each = parser.readObject(); each != null; each = parser.readObject()) {
                var key = switch (each) {
                    case PEMKeyPair pair -> pair.getPrivateKeyInfo();
                    case PrivateKeyInfo plain -> plain;
                    default -> null;
                };
                if (key != null) {
                    return key(key);
                }
            }
            throw new IOException(file + ": holds no private key" + expected);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            // What the parser says may quote the key.
            throw new IOException(file + ": the private key cannot be read" + expected);
        }
    }

    private static PrivateKey key(PrivateKeyInfo key) throws IOException, GeneralSecurityException {
        var algorithm = key.getPrivateKeyAlgorithm().getAlgorithm();
        return KeyFactory.getInstance(algorithm.equals(PKCSObjectIdentifiers.rsaEncryption) ? "RSA" : "EC")
                .generatePrivate(new PKCS8EncodedKeySpec(key.getEncoded()));
    }

    /// Whether the key is the certificate's: what it signs is what the certificate verifies.
    static boolean belongs(PrivateKey key, X509Certificate certificate) {
        var algorithm = key.getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA";
        var text = "sallyport".getBytes(StandardCharsets.US_ASCII);
        try {
            var signing = Signature.getInstance(algorithm);
            signing.initSign(key);
            signing.update(text);
            var checking = Signature.getInstance(algorithm);
            checking.initVerify(certificate.getPublicKey());
            checking.update(text);
            return checking.verify(signing.sign());
        } catch (GeneralSecurityException e) {
            return false;
        }
    }
}
