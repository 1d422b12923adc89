package io.sallyport.secret.material;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class SecretReaderTest {

    private static final Issued ROOT = Issued.authority("root");
    private static final Issued LEAF = Issued.leaf("shop.test", Issued.ec(), ROOT);
    private static final Issued OTHER = Issued.leaf("other.test", Issued.ec(), ROOT);

    @Test
    @Tag("T8")
    void servesAKubernetesTlsSecret() {
        var read = usable(tls(LEAF.certPem(), LEAF.keyPem()));

        assertThat(read.value().names()).containsExactly("shop.test");
        assertThat(read.value().serialText()).isEqualTo("4e:1a:07");
        assertThat(read.value().chainPem().toStringUtf8()).contains("BEGIN CERTIFICATE");
        assertThat(new String(read.value().key().reveal(), US_ASCII)).startsWith("-----BEGIN PRIVATE KEY-----");
        assertThat(read.warnings()).isEmpty();
    }

    @Test
    @Tag("T8")
    void prefersCertAndKeyOverTlsCrtAndTlsKey() {
        var entries = tls(OTHER.certPem(), OTHER.keyPem());
        entries.put("cert", LEAF.certPem());
        entries.put("key", LEAF.keyPem());

        assertThat(usable(entries).value().names()).containsExactly("shop.test");
    }

    @Test
    @Tag("S59")
    void readsPkcs1AndSec1Keys() throws Exception {
        var rsa = Issued.leaf("rsa.test", Issued.rsa(2048), null);
        var pkcs1 = org.bouncycastle.asn1.pkcs.PrivateKeyInfo.getInstance(
                        rsa.keys().getPrivate().getEncoded())
                .parsePrivateKey()
                .toASN1Primitive()
                .getEncoded();

        assertThat(usable(tls(rsa.certPem(), block("RSA PRIVATE KEY", pkcs1)))
                        .value()
                        .names())
                .containsExactly("rsa.test");
        assertThat(usable(tls(LEAF.certPem(), LEAF.sec1KeyPem())).value().names())
                .containsExactly("shop.test");
    }

    @Test
    @Tag("H41")
    void ordersAChainThatWasGivenBackwards() {
        var read = usable(tls(Issued.chainPem(ROOT, OTHER, LEAF), LEAF.keyPem()));

        assertThat(read.value().chainPem().toStringUtf8()).isEqualTo(new String(Issued.chainPem(LEAF, ROOT), US_ASCII));
        assertThat(read.warnings())
                .containsExactly("1 certificates of tls.crt do not belong to the chain and are left out");
    }

    @Test
    @Tag("H38")
    void refusesTheKeyOfAnotherCertificate() {
        assertThat(reason(tls(LEAF.certPem(), OTHER.keyPem()))).isEqualTo("key does not belong to certificate");
    }

    @Test
    @Tag("H38")
    void refusesKeysThatAreNone() {
        assertThat(reason(tls(LEAF.certPem(), new byte[0]))).isEqualTo("tls.key is empty");
        assertThat(reason(tls(LEAF.certPem(), LEAF.certPem())))
                .isEqualTo("tls.key has a \"CERTIFICATE\" block (expected: a private key)");
        assertThat(reason(tls(LEAF.certPem(), Issued.join(List.of(LEAF.keyPem(), OTHER.keyPem())))))
                .isEqualTo("tls.key has 2 private keys (expected: 1)");
        assertThat(reason(tls(LEAF.certPem(), block("ENCRYPTED PRIVATE KEY", new byte[] {1, 2, 3}))))
                .isEqualTo("tls.key is encrypted (expected: a key without a passphrase)");
        assertThat(reason(tls(Issued.join(List.of(LEAF.certPem(), LEAF.keyPem())), LEAF.keyPem())))
                .contains("tls.crt has a")
                .contains("PRIVATE KEY");
    }

    @Test
    @Tag("H38")
    void namesTheMissingHalf() {
        var entries = tls(LEAF.certPem(), LEAF.keyPem());
        entries.remove("tls.key");

        assertThat(reason(entries)).isEqualTo("tls.key is missing beside tls.crt (found: tls.crt)");
    }

    @Test
    @Tag("H39")
    void refusesBrokenPem() {
        var pem = new String(LEAF.certPem(), US_ASCII);

        assertThat(reason(tls(pem.substring(0, pem.length() / 2).getBytes(US_ASCII), LEAF.keyPem())))
                .startsWith("tls.crt has a");
        assertThat(reason(tls(pem.replaceAll("[a-m]", "!").getBytes(US_ASCII), LEAF.keyPem())))
                .contains("tls.crt");
        assertThat(reason(tls("hello".getBytes(US_ASCII), LEAF.keyPem())))
                .isEqualTo("tls.crt has no PEM block (expected: \"-----BEGIN …\")");
        assertThat(reason(tls("-----BEGIN ".repeat(100_000).getBytes(US_ASCII), LEAF.keyPem())))
                .isEqualTo("tls.crt has 1100000 bytes (expected: at most 131072)");
    }

    @Test
    @Tag("H39")
    void toleratesWindowsLinesAndTextAround() {
        var pem = "Bag Attributes\r\n  " + new String(LEAF.certPem(), US_ASCII).replace("\n", "\r\n") + "\r\nbye";

        assertThat(usable(tls(pem.getBytes(US_ASCII), LEAF.keyPem()))
                        .value()
                        .chainPem()
                        .toStringUtf8())
                .isEqualTo(new String(LEAF.certPem(), US_ASCII));
    }

    @Test
    @Tag("H40")
    void refusesWhatIsNotValidNow() {
        var past = Issued.issue("a.test", Issued.ec(), ROOT, false, Issued.FROM, Issued.NOW.minus(Duration.ofDays(1)));
        var future =
                Issued.issue("a.test", Issued.ec(), ROOT, false, Issued.NOW.plus(Duration.ofDays(1)), Issued.UNTIL);

        assertThat(reason(tls(past.certPem(), past.keyPem()))).isEqualTo("tls.crt expired on 2026-05-31T00:00:00Z");
        assertThat(reason(tls(future.certPem(), future.keyPem())))
                .isEqualTo("tls.crt is not valid before 2026-06-02T00:00:00Z");
    }

    @Test
    @Tag("H42")
    void refusesWeakAndUnservedKeys() {
        var weak = Issued.leaf("a.test", Issued.rsa(1024), null);
        var dsa = Issued.leaf("a.test", Issued.keys("DSA", 2048), null);
        var edwards = Issued.leaf("a.test", Issued.keys("Ed25519", 0), null);

        assertThat(reason(tls(weak.certPem(), weak.keyPem())))
                .contains("RSA key of 1024 bits (expected: 2048 to 8192)");
        assertThat(reason(tls(dsa.certPem(), dsa.keyPem()))).contains("expected: RSA, or ECDSA on P-256");
        assertThat(reason(tls(edwards.certPem(), edwards.keyPem()))).contains("expected: RSA, or ECDSA on P-256");
    }

    @Test
    @Tag("T7")
    void prefersCacertOverCaCrt() {
        var entries = Map.of("cacert", ROOT.certPem(), "ca.crt", "garbage".getBytes(US_ASCII));

        assertThat(SecretReader.trust(entries, Issued.NOW))
                .isInstanceOfSatisfying(
                        Outcome.Usable.class,
                        usable -> assertThat(((TrustBundle) usable.value()).source())
                                .isEqualTo("cacert"));
    }

    @Test
    @Tag("H45")
    void refusesGarbageAmongGoodAuthorities() {
        var entries = Map.of("ca.crt", Issued.join(List.of(ROOT.certPem(), block("CERTIFICATE", new byte[] {1, 2}))));

        assertThat(SecretReader.trust(entries, Issued.NOW))
                .isEqualTo(new Outcome.Unusable<>("certificate 2 of ca.crt cannot be read"));
        assertThat(SecretReader.trust(Map.of("ca.crt", new byte[0]), Issued.NOW))
                .isEqualTo(new Outcome.Unusable<>("ca.crt is empty"));
    }

    @Test
    @Tag("H45")
    void keepsADuplicateAuthorityOnce() {
        var read = SecretReader.trust(Map.of("ca.crt", Issued.chainPem(ROOT, ROOT)), Issued.NOW);

        assertThat(read).isInstanceOfSatisfying(Outcome.Usable.class, usable -> {
            assertThat(((TrustBundle) usable.value()).subjects()).containsExactly("CN=root");
            assertThat(usable.warnings().toString()).contains("stand there twice");
        });
    }

    @Test
    @Tag("V7")
    void neverPrintsAKey() {
        var read = usable(tls(LEAF.certPem(), LEAF.keyPem()));

        assertThat(read.toString()).contains("[redacted]").doesNotContain("PRIVATE KEY");
    }

    @Test
    void aSecretWithoutCertificatesIsNeitherGoodNorBad() {
        assertThat(SecretReader.certificate(Map.of("password", new byte[] {1}), Issued.NOW))
                .isEqualTo(new Outcome.Absent<>());
    }

    private static Map<String, byte[]> tls(byte[] cert, byte[] key) {
        return new HashMap<>(Map.of("tls.crt", cert, "tls.key", key));
    }

    private static byte[] block(String type, byte[] content) {
        return Issued.pem(new org.bouncycastle.util.io.pem.PemObject(type, content));
    }

    @SuppressWarnings("unchecked")
    private static Outcome.Usable<ServerCertificate> usable(Map<String, byte[]> entries) {
        var outcome = SecretReader.certificate(entries, Issued.NOW);
        assertThat(outcome).isInstanceOf(Outcome.Usable.class);
        return (Outcome.Usable<ServerCertificate>) outcome;
    }

    private static String reason(Map<String, byte[]> entries) {
        var outcome = SecretReader.certificate(entries, Issued.NOW);
        assertThat(outcome).isInstanceOf(Outcome.Unusable.class);
        return ((Outcome.Unusable<?>) outcome).reason();
    }
}
