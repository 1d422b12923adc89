package io.sallyport.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Whether the proxies of a gateway see what they are to serve.
@Tag("R18")
@Tag("S52")
class ExportReachesTest {

    private static final String GATEWAY = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {namespace: team, name: edge}
            spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
            ---
            """;

    // A second proxy with the labels, of the team's own.
    private static final String DEDICATED = """
            apiVersion: v1
            kind: Service
            metadata: {namespace: team, name: own-gateway}
            spec: {selector: {istio: ingressgateway, app: own}, ports: [{port: 80, name: http}]}
            ---
            """;

    private static final String ELSEWHERE = """
            apiVersion: sallyport.io/v1alpha1
            kind: Platform
            metadata: {namespace: istio-system, name: sallyport}
            proxies: [{name: gw, namespace: team, labels: {istio: ingressgateway}}, {name: c, namespace: shop, labels: {istio: ingressgateway}, kind: sidecar}]
            ---
            """;

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    "."                | true
                    team               | true
                    istio-system       | false
                    "*"                | false
                    ".", istio-system  | false
                    """)
    void aVirtualServiceIsSeenFromTheNamespaceOfTheProxies(String exportTo, boolean isHidden) {
        assertThat(codes(GATEWAY
                                + service(
                                        "exportTo: [%s], http: [{directResponse: {status: 200}}]".formatted(exportTo)))
                        .contains("SP2127"))
                .isEqualTo(isHidden);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    "."           | true
                    istio-system  | false
                    "*"           | false
                    """)
    void aDestinationIsSeenFromTheNamespaceOfTheProxies(String exportTo, boolean isHidden) {
        assertThat(codes(GATEWAY
                                + entry("shop", exportTo)
                                + service("http: [{route: [{destination: {host: cart.test}}]}]"))
                        .contains("SP2128"))
                .isEqualTo(isHidden);
    }

    @ParameterizedTest
    @ValueSource(strings = {DEDICATED, ELSEWHERE})
    void proxiesOfAnotherNamespaceCount(String proxies) {
        assertThat(codes(proxies
                        + GATEWAY
                        + entry("shop", "team")
                        + service("exportTo: [team], http: [{route: [{destination: {host: cart.test}}]}]")))
                .doesNotContain("SP2127", "SP2128");
    }

    @Test
    void onePublicEntryIsEnough() {
        assertThat(codes(GATEWAY
                        + entry("shop", "\".\"")
                        + entry("pay", "\"*\"")
                        + service("http: [{route: [{destination: {host: cart.test}}]}]")))
                .doesNotContain("SP2128");
    }

    @Test
    void proxiesThatNobodyDescribesMaySeeAnything() {
        assertThat(codes(GATEWAY.replace("ingressgateway", "other")
                        + service("exportTo: [\".\"], http: [{directResponse: {status: 200}}]")))
                .doesNotContain("SP2127");
    }

    private static String entry(String namespace, String exportTo) {
        return """
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {namespace: %s, name: cart}
                spec: {hosts: [cart.test], exportTo: [%s], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
                ---
                """.formatted(namespace, exportTo);
    }

    private static String service(String rest) {
        return """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {namespace: shop, name: shop}
                spec: {hosts: [a.test], gateways: [team/edge], %s}
                """.formatted(rest);
    }

    private static List<String> codes(String documents) {
        return Documents.findings(documents).stream()
                .map(finding -> finding.code().id())
                .toList();
    }
}
