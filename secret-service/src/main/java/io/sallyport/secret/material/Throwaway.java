package io.sallyport.secret.material;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObject;

/// A certificate that convinces nobody: self-signed, for no name, expired since 1970, with a fresh key that was used
/// for it alone.
public final class Throwaway {

    private static final String SUBJECT = "CN=this secret was withdrawn";
    private static final int BITS = 256;
    private static final Instant BEGIN = Instant.EPOCH;
    private static final Instant END = BEGIN.plusSeconds(1);

    private final byte[] certificatePem;
    private final byte[] keyPem;

    private Throwaway(byte[] certificatePem, byte[] keyPem) {
        this.certificatePem = certificatePem;
        this.keyPem = keyPem;
    }

    public static Throwaway make() {
        try {
            var generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(BITS);
            var keys = generator.generateKeyPair();
            var name = new X500Name(SUBJECT);
            var certificate = new X509v3CertificateBuilder(
                            name,
                            BigInteger.ONE,
                            Date.from(BEGIN),
                            Date.from(END),
                            name,
                            SubjectPublicKeyInfo.getInstance(keys.getPublic().getEncoded()))
                    .build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate()));
            return new Throwaway(
                    SecretReader.pem(List.of(new PemObject("CERTIFICATE", certificate.getEncoded()))),
                    SecretReader.pem(List.of(
                            new PemObject("PRIVATE KEY", keys.getPrivate().getEncoded()))));
        } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
            throw new IllegalStateException("this Java makes no P-256 key", e);
        }
    }

    public byte[] certificatePem() {
        return certificatePem.clone();
    }

    public byte[] keyPem() {
        return keyPem.clone();
    }

    @Override
    public String toString() {
        return "[redacted]";
    }
}
