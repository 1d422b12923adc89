package io.sallyport.secret.grant;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.model.ConfigObject;
import io.sallyport.model.read.YamlReader;
import io.sallyport.secret.sds.Lendings;
import io.sallyport.secret.sds.Lendings.Verdict;
import io.sallyport.secret.sds.Node;
import io.sallyport.secret.store.FilePlace;
import io.sallyport.translation.LentSecret;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("P3")
@Tag("V6")
@Tag("M17")
@Tag("T11")
class LendingTableTest {

    private static final Node EDGE = new Node("edge", "istio-system", new TreeMap<>(Map.of("app", "edge")));
    private static final Node OTHER = new Node("other", "istio-system", new TreeMap<>(Map.of("app", "other")));
    private static final String GATEWAY = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {namespace: shop, name: edge}
            spec:
              selector: {app: edge}
              servers:
              - {port: {number: 443, name: a, protocol: HTTPS}, hosts: [pay.test], tls: {mode: SIMPLE, credentialName: pay/cert}}
              - {port: {number: 443, name: b, protocol: HTTPS}, hosts: [other.test], tls: {mode: SIMPLE, credentialName: pay/cert}}
              - {port: {number: 443, name: c, protocol: HTTPS}, hosts: [f.test], tls: {mode: SIMPLE, serverCertificate: /etc/certs/a, privateKey: /etc/certs/b}}
            ---
            """;
    private static final String GRANT = """
            apiVersion: sallyport.io/v1alpha1
            kind: SecretGrant
            metadata: {namespace: pay, name: lend}
            spec: {secrets: [cert], gateways: [{namespace: shop, name: edge}], hosts: ["*.test"]}
            """;

    @Test
    void aLentSecretIsForTheGatewayAndItsProxy() {
        var table = table(GATEWAY + GRANT);

        assertThat(table.lends(claim("pay.test"), EDGE)).isEqualTo(Verdict.YES);
        assertThat(table.lends(claim("pay.test"), OTHER))
                .as("a proxy that does not run it")
                .isEqualTo(Verdict.NO);
        assertThat(table.lends(claim("third.test"), EDGE)).as("no such server").isEqualTo(Verdict.NO);
    }

    @Test
    void onlyServersWhoseHostsAreAllLentGetIt() {
        var table = table(GATEWAY + GRANT.replace("*.test", "pay.test"));

        assertThat(table.lends(claim("pay.test"), EDGE)).isEqualTo(Verdict.YES);
        assertThat(table.lends(claim("other.test"), EDGE)).isEqualTo(Verdict.NO_MORE);
    }

    @Test
    void withoutAGrantOrWithAnothersNothingIsLent() {
        assertThat(table(GATEWAY).lends(claim("pay.test"), EDGE)).isEqualTo(Verdict.NO_MORE);
        assertThat(table(GATEWAY + GRANT.replace("namespace: pay", "namespace: shop"))
                        .lends(claim("pay.test"), EDGE))
                .as("the borrower grants it to himself")
                .isEqualTo(Verdict.NO_MORE);
        assertThat(table(GATEWAY + GRANT.replace("[cert]", "[cert2]")).lends(claim("pay.test"), EDGE))
                .isEqualTo(Verdict.NO_MORE);
    }

    @Test
    @Tag("S28")
    @Tag("H63")
    void filesAreForWhoNamesThem() {
        var table = table(GATEWAY);

        assertThat(table.names(
                        FilePlace.parse("file-cert:/etc/certs/a~/etc/certs/b").orElseThrow(), EDGE))
                .isEqualTo(Verdict.YES);
        assertThat(table.names(FilePlace.parse("file-root:/etc/certs/c").orElseThrow(), EDGE))
                .isEqualTo(Verdict.NO);
    }

    @Test
    void whoFollowsNothingLendsNothing() {
        assertThat(Lendings.NONE.lends(claim("pay.test"), EDGE)).isEqualTo(Verdict.NO);
        assertThat(Lendings.UNKNOWN.lends(claim("pay.test"), EDGE)).isEqualTo(Verdict.NOT_YET);
    }

    @Test
    void theAnswerIsAnOracleOverTheGrants() {
        var random = new Random(6);
        var names = List.of("a", "b", "c");
        for (var round = 0; round < 200; round++) {
            var host = pick(names, random) + ".test";
            var lender = pick(names, random);
            var secret = pick(names, random);
            var borrower = pick(names, random);
            var text = new StringBuilder("""
                    apiVersion: networking.istio.io/v1
                    kind: Gateway
                    metadata: {namespace: shop, name: %s}
                    spec: {servers: [{port: {number: 443, name: a, protocol: HTTPS}, hosts: [%s], tls: {mode: SIMPLE, credentialName: %s/%s}}]}
                    """.formatted(borrower, host, lender, secret));
            var isLent = false;
            for (var n = 0; n < 5; n++) {
                var grant = List.of(
                        pick(names, random), pick(names, random), pick(names, random), pick(names, random) + ".test");
                isLent |= grant.equals(List.of(lender, secret, borrower, host));
                text.append("""
                        ---
                        apiVersion: sallyport.io/v1alpha1
                        kind: SecretGrant
                        metadata: {namespace: %s, name: g%d}
                        spec: {secrets: [%s], gateways: [{namespace: shop, name: %s}], hosts: [%s]}
                        """.formatted(grant.get(0), n, grant.get(1), grant.get(2), grant.get(3)));
            }
            var claim = new LentSecret(lender, secret, "shop/" + borrower, LentSecret.digest(List.of(host)));

            assertThat(table(text.toString()).lends(claim, EDGE) == Verdict.YES)
                    .as("%s in %s", claim, text)
                    .isEqualTo(isLent);
        }
    }

    private static LentSecret claim(String host) {
        return LentSecret.parse(LentSecret.named("pay/cert", "shop/edge", List.of(host)))
                .orElseThrow();
    }

    private static LendingTable table(String text) {
        var objects = new ArrayList<ConfigObject<?>>();
        new YamlReader()
                .read("in.yaml", text.getBytes(StandardCharsets.UTF_8))
                .documents()
                .forEach(document -> {
                    if (document.object() == null) {
                        throw new AssertionError(document.findings());
                    }
                    objects.add(document.object());
                });
        return LendingTable.of(objects);
    }

    private static String pick(List<String> names, Random random) {
        return names.get(random.nextInt(names.size()));
    }
}
