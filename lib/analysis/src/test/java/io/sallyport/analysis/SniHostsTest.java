package io.sallyport.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.model.Finding;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Which matches for TLS a gateway never comes to, because an earlier one has their SNI host.
@Tag("T4")
class SniHostsTest {

    private static final String MATCH = "{match: [{sniHosts: [b.a.test]%s}], route: [{destination: {host: first}}]}, "
            + "{match: [{sniHosts: [c.a.test, %s]%s}], route: [{destination: {host: later}}]}";

    @ParameterizedTest
    @ValueSource(strings = {"b.a.test", "B.a.test"})
    void anEarlierMatchHasTheHost(String host) {
        assertThat(findings("edge", MATCH.formatted("", host, ", port: 443")))
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.location().path()).hasToString("spec.tls[1].match[0].sniHosts[1]");
                    assertThat(finding.message()).contains("\"" + host + "\"", "spec.tls[0].match[0]");
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {", port: 443", ", gateways: [edge]"})
    void anEarlierMatchForOtherServersTakesNothing(String limit) {
        assertThat(findings("edge, other", MATCH.formatted(limit, "b.a.test", "")))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"mesh", "edge, mesh"})
    void clientsOfTheMeshCompareMore(String gateways) {
        assertThat(findings(gateways, MATCH.formatted(", sourceLabels: {app: web}", "b.a.test", "")))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.test", "'*.test'", "'*'"})
    void anOlderServiceHasTheHost(String olderHost) {
        assertThat(acrossServices("hosts: [%s], gateways: [edge]".formatted(olderHost), ""))
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.location().path()).hasToString("spec.tls[0].match[0].sniHosts[1]");
                    assertThat(finding.message()).contains("VirtualService shop/old", "\"A.test\"");
                });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "hosts: [a.test], gateways: [other]",
                "hosts: [a.test], gateways: [edge], exportTo: ['.']",
                "hosts: [b.a.test], gateways: [edge]"
            })
    void anOlderServiceOfAnotherPlaceTakesNothing(String older) {
        assertThat(acrossServices(older, "")).isEmpty();
    }

    @Test
    void anOlderMatchForAnotherPortTakesNothing() {
        assertThat(acrossServices("hosts: [a.test], gateways: [edge]", ", port: 443"))
                .isEmpty();
    }

    private static List<Finding> acrossServices(String older, String limit) {
        return Documents.findings("""
                        apiVersion: networking.istio.io/v1
                        kind: VirtualService
                        metadata: {namespace: shop, name: old}
                        spec: {%s, tls: [{match: [{sniHosts: [a.test]%s}], route: [{destination: {host: first}}]}]}
                        ---
                        apiVersion: networking.istio.io/v1
                        kind: VirtualService
                        metadata: {namespace: shop, name: young}
                        spec: {hosts: ["*.test"], gateways: [edge], tls: [{match: [{sniHosts: [c.test, A.test]}], route: [{destination: {host: later}}]}]}
                        """.formatted(older, limit)).stream()
                .filter(finding -> finding.code().id().equals("SP3113"))
                .toList();
    }

    private static List<Finding> findings(String gateways, String tls) {
        return Documents.findings("""
                        apiVersion: networking.istio.io/v1
                        kind: VirtualService
                        metadata: {namespace: shop, name: names}
                        spec:
                          hosts: ["*.a.test"]
                          gateways: [%s]
                          tls: [%s]
                        """.formatted(gateways, tls)).stream()
                .filter(finding -> finding.code().id().equals("SP4221"))
                .toList();
    }
}
