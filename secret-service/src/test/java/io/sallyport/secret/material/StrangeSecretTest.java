package io.sallyport.secret.material;

import static io.sallyport.secret.material.HostileSecretTest.certificate;
import static io.sallyport.secret.material.HostileSecretTest.key;
import static io.sallyport.secret.material.HostileSecretTest.list;
import static io.sallyport.secret.material.HostileSecretTest.reason;
import static io.sallyport.secret.material.HostileSecretTest.tls;
import static io.sallyport.secret.material.HostileSecretTest.usable;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.bouncycastle.asn1.x509.AccessDescription;
import org.bouncycastle.asn1.x509.AuthorityInformationAccess;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// What Envoy serves and somebody regrets: the list of secrets says so, in the words of whoever will refuse it.
@Tag("V18")
class StrangeSecretTest {

    private static final Issued ROOT = Issued.authority("root");
    private static final Issued OTHER = Issued.authority("other");
    private static final Issued LEAF = Issued.leaf("shop.test", Issued.ec(), ROOT);

    @Test
    @Tag("H41")
    void aMissingIntermediateIsNamedByItsIssuer() throws Exception {
        var keys = Issued.ec();
        var fetchable = certificate(
                keys,
                builder -> builder.addExtension(
                        Extension.authorityInfoAccess,
                        false,
                        new AuthorityInformationAccess(
                                AccessDescription.id_ad_caIssuers,
                                new GeneralName(GeneralName.uniformResourceIdentifier, "http://ca.test/inter.crt"))));

        assertThat(usable(tls(fetchable, key(keys))).warnings())
                .contains("its issuer \"CN=root\" is missing: clients that do not know it refuse the certificate");
        assertThat(usable(tls(Issued.join(List.of(fetchable, ROOT.certPem())), key(keys)))
                        .warnings())
                .noneMatch(warning -> warning.contains("is missing"));
    }

    @Test
    @Tag("H41")
    @Tag("S59")
    void aCertificateThatSignsItselfIsAWholeChain() {
        var own = Issued.leaf("shop.test", Issued.rsa(2048), null);

        assertThat(usable(tls(own.certPem(), own.keyPem())).warnings()).isEmpty();
    }

    @Test
    @Tag("H41")
    void duplicatesAndStrangersAreLeftOutAndThousandsAreNotRead() {
        var read = usable(tls(Issued.chainPem(OTHER, LEAF, LEAF, ROOT, ROOT), LEAF.keyPem()));

        assertThat(read.value().chainPem().toStringUtf8().split("BEGIN", -1)).hasSize(3);
        assertThat(read.warnings())
                .containsExactly("3 certificates of tls.crt do not belong to the chain and are left out");
        assertThat(reason(tls(Issued.join(Collections.nCopies(1_000, LEAF.certPem())), LEAF.keyPem())))
                .contains("expected: at most 131072");
    }

    @Test
    @Tag("H43")
    @Tag("S59")
    void namesAreReadAsPeopleWriteThem() throws Exception {
        var keys = Issued.ec();
        var named = certificate(
                keys,
                builder -> builder.addExtension(
                        Extension.subjectAlternativeName, false, new GeneralNames(new GeneralName[] {
                            new GeneralName(GeneralName.dNSName, "*.shop.test"),
                            new GeneralName(GeneralName.iPAddress, "127.0.0.1"),
                            new GeneralName(GeneralName.iPAddress, "2001:db8::1"),
                            new GeneralName(GeneralName.uniformResourceIdentifier, "spiffe://mesh/ns/shop/sa/cart"),
                        })));

        assertThat(usable(tls(named, key(keys))).value().names())
                .containsExactly("*.shop.test", "127.0.0.1", "2001:db8::1");
    }

    @Test
    @Tag("H43")
    @Tag("H44")
    void aCertificateWithACommonNameAloneOrTheWrongUseIsServedWithAWarning() throws Exception {
        var keys = Issued.ec();
        var common = certificate(keys, builder -> {
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign));
            builder.addExtension(
                    Extension.nameConstraints,
                    true,
                    new NameConstraints(
                            new GeneralSubtree[] {new GeneralSubtree(new GeneralName(GeneralName.dNSName, "a.test"))},
                            null));
        });

        assertThat(usable(tls(common, key(keys))).warnings())
                .containsExactly(
                        "no subject alternative name: browsers refuse it",
                        "its key usage is not for signing: browsers refuse it");
    }

    @Test
    @Tag("H45")
    void whoIsNoAuthorityIsNamed() {
        assertThat(warnings(Map.of("ca.crt", LEAF.certPem())))
                .containsExactly("\"CN=shop.test\" is not a certificate authority");
    }

    @Test
    @Tag("H46")
    void aRevocationListOfAnotherIssuerIsNamedAndTheAuthorityWithoutOne() throws Exception {
        var strange = Issued.pem(list(OTHER, Issued.NOW.plus(Duration.ofDays(1))));

        assertThat(warnings(Map.of("ca.crt", ROOT.certPem(), "ca.crl", strange)))
                .containsExactly(
                        "ca.crl has a list of \"CN=other\", which is none of the authorities",
                        "ca.crl has no list of \"CN=root\": its clients are refused");
    }

    @Test
    @Tag("H46")
    void aRevocationListOfMillionsIsNotRead() {
        assertThat(SecretReader.trust(Map.of("ca.crt", ROOT.certPem(), "ca.crl", new byte[40 << 20]), Issued.NOW))
                .isInstanceOfSatisfying(
                        Outcome.Unusable.class,
                        refused -> assertThat(refused.reason())
                                .startsWith("ca.crl has 41943040 bytes (expected: at most"));
    }

    private static List<String> warnings(Map<String, byte[]> entries) {
        var outcome = SecretReader.trust(entries, Issued.NOW);
        assertThat(outcome).isInstanceOf(Outcome.Usable.class);
        return ((Outcome.Usable<?>) outcome).warnings();
    }
}
