package io.sallyport.charts;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The authority that the chart makes where cert-manager does not sign: what it signs is good, and an upgrade keeps it.
@Tag("V27")
class AuthorityTest {

    private static final String SPACE = "sallyport-system";
    private static final List<String> SERVICES = List.of("accesslog", "config", "egress", "secret", "xds");

    @TempDir
    Path folder;

    @BeforeEach
    @AfterEach
    void emptyCluster() {
        Install.CLUSTER.clear();
    }

    @Test
    void everyServiceHasACertificateOfTheAuthorityForItsOwnNames() throws Exception {
        var secrets = render();
        var authority = certificate(Yaml.map(secrets.get("sallyport-ca")), "tls.crt");

        for (var service : SERVICES) {
            var secret = Yaml.map(secrets.get("sallyport-" + service + "-tls"));
            var certificate = certificate(secret, "tls.crt");
            certificate.verify(authority.getPublicKey());
            var names = certificate.getSubjectAlternativeNames().stream()
                    .map(name -> String.valueOf(name.get(1)))
                    .toList();
            assertThat(names).contains("sallyport-" + service + "." + SPACE + ".svc");
            assertThat(certificate(secret, "ca.crt")).isEqualTo(authority);
        }
    }

    @Test
    void anUpgradeKeepsAuthorityCertificatesAndKeys() throws IOException {
        var first = render();
        hold(first);

        assertThat(render()).isEqualTo(first);
    }

    @Test
    void aCertificateThatHasLivedHalfOfItsLifeIsMadeAnewByTheSameAuthority() throws Exception {
        var first = render();
        annotations(Yaml.map(first.get("sallyport-xds-tls"))).put("sallyport.io/renew-after", "1000");
        hold(first);

        var second = render();

        assertThat(data(second, "sallyport-xds-tls", "tls.crt"))
                .isNotEqualTo(data(first, "sallyport-xds-tls", "tls.crt"));
        assertThat(second.get("sallyport-config-tls")).isEqualTo(first.get("sallyport-config-tls"));
        certificate(Yaml.map(second.get("sallyport-xds-tls")), "tls.crt")
                .verify(certificate(Yaml.map(first.get("sallyport-ca")), "tls.crt")
                        .getPublicKey());
    }

    @Test
    void anotherAuthoritySignsAnew() throws Exception {
        var first = render();
        var foreign = render();
        hold(first);
        hold(Map.of("sallyport-ca", Yaml.map(foreign.get("sallyport-ca"))));

        var second = render();

        certificate(Yaml.map(second.get("sallyport-xds-tls")), "tls.crt")
                .verify(certificate(Yaml.map(foreign.get("sallyport-ca")), "tls.crt")
                        .getPublicKey());
    }

    private Map<String, Map<String, Object>> render() throws IOException {
        var values = Files.writeString(folder.resolve("values.yaml"), "{}");
        var secrets = new HashMap<String, Map<String, Object>>();
        var text = new Install("sallyport", "sallyport", SPACE).text(values, Map.of());
        for (var secret : Cases.kind(Yaml.documents(text), "Secret")) {
            secrets.put(Cases.name(secret), secret);
        }
        return secrets;
    }

    private static void hold(Map<String, Map<String, Object>> secrets) {
        secrets.forEach((name, secret) -> Install.CLUSTER.put(SPACE + "/secrets/" + name, new Gson().toJson(secret)));
    }

    private static Map<String, Object> annotations(Map<String, Object> secret) {
        return Yaml.at(secret, "metadata.annotations");
    }

    private static String data(Map<String, Map<String, Object>> secrets, String name, String key) {
        return String.valueOf(Yaml.at(Yaml.map(secrets.get(name)), "data").get(key));
    }

    private static X509Certificate certificate(Map<String, Object> secret, String key) throws Exception {
        var pem = new String(
                Base64.getDecoder()
                        .decode(String.valueOf(Yaml.at(secret, "data").get(key))),
                StandardCharsets.UTF_8);
        return (X509Certificate) CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8)));
    }
}
