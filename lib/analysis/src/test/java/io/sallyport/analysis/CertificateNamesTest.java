package io.sallyport.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.model.Finding;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What `check` says of the names in a certificate, hostile and strange ones too. `certificates/` has them
/// without their keys; the zero byte and the letter beyond ASCII were put in afterwards.
@Tag("H43")
class CertificateNamesTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    zero     | has the name "good.test\\x00.evil.test" and is not served
                    thousand | has more than 1,000 names and is not served
                    common   | has no alternative name
                    star     | has the name "*", which no client takes
                    unicode  | which no client takes
                    """)
    void aCertificateThatHelpsNobodyIsNamedWithItsSecret(String certificate, String said) {
        var findings = findings(certificate, "good.test");

        assertThat(findings)
                .extracting(Documents::line)
                .anyMatch(line -> line.contains("SP2116")
                        && line.contains("Gateway shop/edge spec.servers[0].tls.credentialName")
                        && line.contains("Secret istio-system/shop-cert")
                        && line.contains(said));
        assertThat(findings)
                .filteredOn(finding -> finding.code().id().equals("SP2116"))
                .allSatisfy(finding -> assertThat(finding.related()).hasSize(1));
    }

    @ParameterizedTest
    @CsvSource({
        "zero, good.test",
        "zero, a.evil.test",
        "common, good.test",
        "star, good.test",
        "star, a.b.good.test",
        "star, ab.good.test",
        "unicode, good.test",
        "plain, other.test",
        "plain, a.b.api.good.test",
        "plain, api.good.test"
    })
    void aHostThatNoNameIsForIsReported(String certificate, String host) {
        assertThat(findings(certificate, host))
                .extracting(finding -> finding.code().id())
                .contains("SP2113");
    }

    @Test
    void anAddressAndAUriAndAWildcardAreNamesLikeOthers() {
        for (var host : List.of("good.test", "a.api.good.test", "192.0.2.1")) {
            assertThat(findings("plain", host))
                    .extracting(finding -> finding.code().id())
                    .doesNotContain("SP2113", "SP2116");
        }
    }

    private static List<Finding> findings(String certificate, String host) {
        return Documents.findings("""
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {namespace: shop, name: edge}
                spec: {servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: [%s], tls: {mode: SIMPLE, credentialName: shop-cert}}]}
                ---
                apiVersion: v1
                kind: Secret
                metadata: {namespace: istio-system, name: shop-cert}
                type: kubernetes.io/tls
                stringData:
                  tls.key: ""
                  tls.crt: |
                %s""".formatted(host, pem(certificate).indent(4)));
    }

    private static String pem(String name) {
        try (var file = CertificateNamesTest.class.getResourceAsStream("/certificates/" + name + ".pem")) {
            assertThat(file).as(name).isNotNull();
            return new String(file.readAllBytes(), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
