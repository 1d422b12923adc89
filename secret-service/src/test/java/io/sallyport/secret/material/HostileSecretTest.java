package io.sallyport.secret.material;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X962Parameters;
import org.bouncycastle.asn1.x9.X9ECParameters;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.cert.X509CRLHolder;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.ocsp.BasicOCSPRespBuilder;
import org.bouncycastle.cert.ocsp.CertificateID;
import org.bouncycastle.cert.ocsp.CertificateStatus;
import org.bouncycastle.cert.ocsp.OCSPRespBuilder;
import org.bouncycastle.cert.ocsp.RespID;
import org.bouncycastle.cert.ocsp.RevokedStatus;
import org.bouncycastle.crypto.ec.CustomNamedCurves;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemReader;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What somebody might put into a secret to hurt. Whatever it is, the answer is an [Outcome], and a quick
/// one: the whole class hangs if one of these costs more than it should.
@Tag("V18")
@Tag("M16")
@Timeout(60)
class HostileSecretTest {

    private static final Issued ROOT = Issued.authority("root");
    private static final Issued LEAF = Issued.leaf("shop.test", Issued.ec(), ROOT);

    @Test
    @Tag("H39")
    // The long form is many, not slow.
    @Timeout(7_200)
    void noMutationOfASecretIsMoreThanAnOutcome() {
        var random = new Random(18);
        var rounds = Boolean.getBoolean("sallyport.nightly") ? 200_000 : 3_000;
        for (var round = 0; round < rounds; round++) {
            var entries = tls(LEAF.certPem(), LEAF.keyPem());
            entries.put("ca.crt", ROOT.certPem());
            var name = List.of("tls.crt", "tls.key", "ca.crt").get(random.nextInt(3));
            var pem = entries.getOrDefault(name, new byte[0]);
            entries.put(name, random.nextBoolean() ? mutated(pem, random) : damaged(pem, random));

            assertThat(SecretReader.certificate(entries, Issued.NOW)).isNotNull();
            assertThat(SecretReader.trust(entries, Issued.NOW)).isNotNull();
        }
    }

    // What is encoded is changed, and the PEM around it stays whole.
    private static byte[] damaged(byte[] pem, Random random) {
        var block = block(pem);
        var content = block.getContent();
        for (var change = 0; change <= random.nextInt(3); change++) {
            content[random.nextInt(content.length)] = (byte) random.nextInt(256);
        }
        return SecretReader.pem(List.of(new PemObject(block.getType(), content)));
    }

    private static PemObject block(byte[] pem) {
        try (var reader = new PemReader(new InputStreamReader(new ByteArrayInputStream(pem), US_ASCII))) {
            return reader.readPemObject();
        } catch (IOException malformed) {
            throw new UncheckedIOException(malformed);
        }
    }

    @Test
    @Tag("H39")
    void aWholePemAroundDamageIsToldApart() {
        var damaged = LEAF.damagedPem("shop.test");

        assertThat(reason(tls(damaged, LEAF.keyPem())))
                .isEqualTo("tls.crt is damaged: its PEM is whole, what it encodes is not (expected: as it was issued)");
    }

    @Test
    @Tag("H39")
    void partsNestedInPartsEndInAnOutcome() {
        var nested = new byte[60_000];
        for (int i = 0; i < nested.length; i += 2) {
            nested[i] = 0x30;
            nested[i + 1] = (byte) 0x80;
        }
        for (var type : List.of("CERTIFICATE", "PRIVATE KEY", "EC PRIVATE KEY")) {
            var pem = SecretReader.pem(List.of(new PemObject(type, nested)));
            assertThat(reason(tls(pem, LEAF.keyPem()))).isNotEmpty();
            assertThat(reason(tls(LEAF.certPem(), pem))).isNotEmpty();
        }
    }

    private static byte[] mutated(byte[] pem, Random random) {
        var text = new StringBuilder(new String(pem, US_ASCII));
        for (var change = 0; change <= random.nextInt(4) && !text.isEmpty(); change++) {
            var at = random.nextInt(text.length());
            switch (random.nextInt(4)) {
                case 0 -> text.setCharAt(at, (char) random.nextInt(256));
                case 1 -> text.deleteCharAt(at);
                case 2 -> text.insert(at, "-----BEGIN CERTIFICATE-----\n".substring(random.nextInt(20)));
                default -> text.setLength(Math.max(1, at));
            }
        }
        return text.toString().getBytes(US_ASCII);
    }

    @Test
    @Tag("H40")
    void datesThatMakeNoSenseAreRefusedAndFarOnesAreNot() {
        var backwards = Issued.issue("a.test", Issued.ec(), ROOT, false, Issued.UNTIL, Issued.FROM);
        var far = Issued.issue("a.test", Issued.ec(), ROOT, false, Issued.FROM, Instant.parse("9999-12-31T23:59:59Z"));

        assertThat(reason(tls(backwards.certPem(), backwards.keyPem()))).isEqualTo("tls.crt ends before it begins");
        assertThat(SecretReader.certificate(tls(far.certPem(), far.keyPem()), Issued.NOW))
                .isInstanceOf(Outcome.Usable.class);
    }

    @Test
    @Tag("H41")
    void chainsThatRunInACircleOrOnAndOnEnd() {
        var a = Issued.ec();
        var b = Issued.ec();
        var first = Issued.issue("a", a, null, true, Issued.FROM, Issued.UNTIL);
        var second = Issued.issue("b", b, first, true, Issued.FROM, Issued.UNTIL);
        var again = Issued.issue("a", a, second, true, Issued.FROM, Issued.UNTIL);
        assertThat(usable(tls(Issued.chainPem(again, second), again.keyPem()))
                        .value()
                        .chainPem()
                        .toStringUtf8()
                        .split("BEGIN", -1))
                .as("a signs b signs a: each once")
                .hasSize(3);

        var chain = new ArrayList<Issued>(List.of(ROOT));
        for (var n = 0; n < 12; n++) {
            chain.add(Issued.issue("ca-" + n, Issued.ec(), chain.getLast(), true, Issued.FROM, Issued.UNTIL));
        }
        assertThat(reason(tls(
                        Issued.chainPem(chain.toArray(Issued[]::new)),
                        chain.getLast().keyPem())))
                .isEqualTo("chain of tls.crt is longer than 10");
    }

    @Test
    @Tag("H42")
    void keysThatAreWeakOrStrangeAreRefusedBeforeAnyArithmetic() throws Exception {
        var rsa = Issued.rsa(2048);
        var modulus = ((RSAPublicKey) rsa.getPublic()).getModulus();
        assertThat(reason(withKey(rsa(modulus, BigInteger.ONE)))).contains("nonsensical modulus or exponent");
        assertThat(reason(withKey(rsa(modulus.add(BigInteger.ONE), BigInteger.valueOf(65_537)))))
                .contains("nonsensical modulus or exponent");
        assertThat(reason(withKey(rsa(BigInteger.ONE.shiftLeft(16_383).add(BigInteger.ONE), BigInteger.valueOf(3)))))
                .contains("16384 bits");

        var curve = CustomNamedCurves.getByName("P-256");
        var explicit = new X962Parameters(new X9ECParameters(
                curve.getCurve(), curve.getBaseEntry(), curve.getN(), curve.getH(), curve.getSeed()));
        var point = SubjectPublicKeyInfo.getInstance(Issued.ec().getPublic().getEncoded())
                .getPublicKeyData()
                .getBytes();
        assertThat(reason(withKey(new SubjectPublicKeyInfo(
                        new AlgorithmIdentifier(X9ObjectIdentifiers.id_ecPublicKey, explicit), point))))
                .contains("elliptic curve that Envoy does not serve");
        assertThat(reason(withKey(new SubjectPublicKeyInfo(
                        new AlgorithmIdentifier(
                                X9ObjectIdentifiers.id_ecPublicKey, new ASN1ObjectIdentifier("1.3.132.0.38")),
                        point))))
                .as("a binary field")
                .contains("elliptic curve that Envoy does not serve");
    }

    @Test
    @Tag("H43")
    void namesWithZeroBytesOrWithoutEndAreRefused() throws Exception {
        var keys = Issued.ec();
        var zero = certificate(
                keys,
                builder -> builder.addExtension(
                        Extension.subjectAlternativeName,
                        false,
                        new GeneralNames(new GeneralName(GeneralName.dNSName, "good.test\0.evil.test"))));
        var names = new GeneralName[1_001];
        for (var n = 0; n < names.length; n++) {
            names[n] = new GeneralName(GeneralName.dNSName, "n" + n + ".test");
        }
        var many = certificate(
                keys,
                builder -> builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(names)));

        assertThat(reason(tls(zero, key(keys)))).contains("NUL byte");
        assertThat(reason(tls(many, key(keys)))).contains("1001 subject alternative names");
    }

    @Test
    @Tag("H44")
    void whatABrowserRefusesIsServedWithAWarning() throws Exception {
        var keys = Issued.ec();
        var client = certificate(keys, builder -> {
            builder.addExtension(
                    Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_clientAuth));
            builder.addExtension(new ASN1ObjectIdentifier("1.2.3.4.5"), true, new DEROctetString(new byte[] {1}));
        });

        assertThat(usable(tls(client, key(keys))).warnings())
                .contains(
                        "its extended key usage is not for servers: browsers refuse it",
                        "critical extension 1.2.3.4.5 is unknown: browsers refuse it");
    }

    @Test
    @Tag("H45")
    void tooManyAuthoritiesAreRefused() {
        var many = new ArrayList<byte[]>();
        for (var n = 0; n < 1_001; n++) {
            many.add(ROOT.certPem());
        }

        assertThat(SecretReader.trust(Map.of("ca.crt", Issued.join(many)), Issued.NOW))
                .isEqualTo(new Outcome.Unusable<>("ca.crt has 1001 certificates (expected: at most 1000)"));
    }

    @Test
    @Tag("H46")
    void aRevocationListThatExpiredIsRefusedAndOneThatWillSaysWhen() throws Exception {
        var expired = list(Issued.NOW.minus(Duration.ofDays(1)));
        var good = list(Issued.NOW.plus(Duration.ofDays(1)));

        assertThat(SecretReader.trust(Map.of("ca.crt", ROOT.certPem(), "ca.crl", Issued.pem(expired)), Issued.NOW))
                .isEqualTo(new Outcome.Unusable<>("ca.crl expired on 2026-05-31T00:00:00Z"));
        assertThat(SecretReader.trust(Map.of("ca.crt", ROOT.certPem(), "ca.crl", Issued.pem(good)), Issued.NOW))
                .isInstanceOfSatisfying(
                        Outcome.Usable.class,
                        usable -> assertThat(((TrustBundle) usable.value()).until())
                                .isEqualTo("2026-06-02T00:00:00Z"));
    }

    @Test
    @Tag("H46")
    void aStapleThatDoesNotFitIsNotServed() throws Exception {
        var good = staple(LEAF, CertificateStatus.GOOD, Issued.NOW.plus(Duration.ofDays(1)));
        assertThat(withStaple(good).value().ocspStaple().toByteArray()).isEqualTo(good);
        assertThat(withStaple(good).warnings()).isEmpty();

        var wrong = Map.of(
                "it cannot be read", new byte[] {1, 2, 3},
                "it has expired", staple(LEAF, CertificateStatus.GOOD, Issued.NOW.minus(Duration.ofDays(1))),
                "it says that the certificate is revoked",
                        staple(
                                LEAF,
                                new RevokedStatus(Date.from(Issued.FROM), 1),
                                Issued.NOW.plus(Duration.ofDays(1))));
        wrong.forEach((reason, staple) -> {
            assertThat(withStaple(staple).value().ocspStaple().isEmpty())
                    .as(reason)
                    .isTrue();
            assertThat(withStaple(staple).warnings()).containsExactly("tls.ocsp-staple is not served: " + reason);
        });
    }

    private static Outcome.Usable<ServerCertificate> withStaple(byte[] staple) {
        var entries = tls(LEAF.certPem(), LEAF.keyPem());
        entries.put("tls.ocsp-staple", staple);
        return usable(entries);
    }

    private static byte[] staple(Issued leaf, CertificateStatus status, Instant until) throws Exception {
        var digests = new JcaDigestCalculatorProviderBuilder().build().get(CertificateID.HASH_SHA1);
        return new OCSPRespBuilder()
                .build(
                        OCSPRespBuilder.SUCCESSFUL,
                        new BasicOCSPRespBuilder(new RespID(ROOT.certificate().getSubject()))
                                .addResponse(
                                        new CertificateID(
                                                digests,
                                                ROOT.certificate(),
                                                leaf.certificate().getSerialNumber()),
                                        status,
                                        Date.from(Issued.NOW.minus(Duration.ofDays(2))),
                                        Date.from(until))
                                .build(
                                        new JcaContentSignerBuilder("SHA256withECDSA")
                                                .build(ROOT.keys().getPrivate()),
                                        null,
                                        Date.from(Issued.NOW)))
                .getEncoded();
    }

    private static X509CRLHolder list(Instant next) throws Exception {
        return list(ROOT, next);
    }

    static X509CRLHolder list(Issued authority, Instant next) throws Exception {
        return new X509v2CRLBuilder(authority.certificate().getSubject(), Date.from(Issued.FROM))
                .setNextUpdate(Date.from(next))
                .build(new JcaContentSignerBuilder("SHA256withECDSA")
                        .build(authority.keys().getPrivate()));
    }

    interface Change {
        void to(X509v3CertificateBuilder builder) throws java.io.IOException;
    }

    static byte[] certificate(java.security.KeyPair keys, Change change) throws Exception {
        return certificate(SubjectPublicKeyInfo.getInstance(keys.getPublic().getEncoded()), change);
    }

    private static byte[] certificate(SubjectPublicKeyInfo key, Change change) throws Exception {
        var builder = new X509v3CertificateBuilder(
                ROOT.certificate().getSubject(),
                BigInteger.TEN,
                Date.from(Issued.FROM),
                Date.from(Issued.UNTIL),
                new X500Name("CN=hostile"),
                key);
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
        change.to(builder);
        return Issued.pem(builder.build(
                new JcaContentSignerBuilder("SHA256withECDSA").build(ROOT.keys().getPrivate())));
    }

    private static Map<String, byte[]> withKey(SubjectPublicKeyInfo key) throws Exception {
        return tls(certificate(key, _ -> {}), LEAF.keyPem());
    }

    private static SubjectPublicKeyInfo rsa(BigInteger modulus, BigInteger exponent) throws Exception {
        return new SubjectPublicKeyInfo(
                new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption, DERNull.INSTANCE),
                new org.bouncycastle.asn1.pkcs.RSAPublicKey(modulus, exponent));
    }

    static byte[] key(java.security.KeyPair keys) {
        return Issued.pem(new PemObject("PRIVATE KEY", keys.getPrivate().getEncoded()));
    }

    static Map<String, byte[]> tls(byte[] cert, byte[] key) {
        return new HashMap<>(Map.of("tls.crt", cert, "tls.key", key));
    }

    @SuppressWarnings("unchecked")
    static Outcome.Usable<ServerCertificate> usable(Map<String, byte[]> entries) {
        var outcome = SecretReader.certificate(entries, Issued.NOW);
        assertThat(outcome).isInstanceOf(Outcome.Usable.class);
        return (Outcome.Usable<ServerCertificate>) outcome;
    }

    static String reason(Map<String, byte[]> entries) {
        var outcome = SecretReader.certificate(entries, Issued.NOW);
        assertThat(outcome).isInstanceOf(Outcome.Unusable.class);
        return ((Outcome.Unusable<?>) outcome).reason();
    }
}
