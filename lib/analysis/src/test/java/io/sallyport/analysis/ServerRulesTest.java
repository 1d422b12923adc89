package io.sallyport.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.model.Finding;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Which rules and ports of a VirtualService no server of its gateways asks for.
@Tag("G14")
@Tag("T4")
class ServerRulesTest {

    private static final String ROUTE = "route: [{destination: {host: cart}}]";
    private static final String HTTP = "http: [{directResponse: {status: 200}}]";
    private static final String TLS = "tls: [{match: [{sniHosts: [a.test]}], " + ROUTE + "}]";
    private static final String TCP = "tcp: [{" + ROUTE + "}]";

    private static final String READS = "{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*.test']}";
    private static final String ENDS =
            "{port: {number: 443, name: https, protocol: HTTPS}, hosts: ['*.test'], tls: {mode: SIMPLE, credentialName: a}}";
    private static final String PASSES =
            "{port: {number: 8443, name: pass, protocol: HTTPS}, hosts: ['*.test'], tls: {mode: PASSTHROUGH}}";
    private static final String UNSAID =
            "{port: {number: 8443, name: pass, protocol: TLS}, hosts: ['*.test'], tls: {}}";
    private static final String BYTES = "{port: {number: 5432, name: tcp, protocol: TCP}, hosts: ['*']}";
    private static final String ENDED_BYTES =
            "{port: {number: 5433, name: tls, protocol: TLS}, hosts: ['*.test'], tls: {mode: SIMPLE, credentialName: a}}";

    @ParameterizedTest
    @ValueSource(strings = {PASSES, UNSAID, BYTES, ENDED_BYTES})
    void requestsAreNotReadThere(String server) {
        assertThat(findings(server, HTTP)).singleElement().satisfies(finding -> {
            assertThat(finding.code().id()).isEqualTo("SP2124");
            assertThat(finding.location().path()).hasToString("spec.http");
            assertThat(finding.message()).contains("\"shop/edge\"").contains("server of HTTP");
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {READS, ENDS, BYTES, ENDED_BYTES})
    void tlsIsNotPassedOnThere(String server) {
        assertThat(findings(server, TLS)).singleElement().satisfies(finding -> {
            assertThat(finding.code().id()).isEqualTo("SP2124");
            assertThat(finding.location().path()).hasToString("spec.tls");
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {READS, ENDS, PASSES})
    void bytesAreNotCarriedThere(String server) {
        assertThat(findings(server, TCP)).singleElement().satisfies(finding -> {
            assertThat(finding.code().id()).isEqualTo("SP2124");
            assertThat(finding.location().path()).hasToString("spec.tcp");
        });
    }

    @Test
    void eachListHasAServerOfItsKind() {
        assertThat(findings(READS + ", " + UNSAID + ", " + ENDED_BYTES, HTTP + ", " + TLS + ", " + TCP))
                .isEmpty();
        assertThat(findings(ENDS + ", " + BYTES, HTTP + ", " + TCP)).isEmpty();
    }

    @Test
    void aServerOfOtherHostsDoesNotCount() {
        assertThat(findings(PASSES + ", " + READS.replace("*.test", "b.test"), HTTP))
                .extracting(finding -> finding.code().id())
                .containsExactly("SP2124");
    }

    @Test
    void clientsOfTheMeshAskAllRules() {
        assertThat(findings("edge, mesh", PASSES, HTTP)).isEmpty();
        assertThat(findings("edge, unknown", PASSES, HTTP)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {80, 443})
    void aMatchAsksForThePortOfTheServer(int port) {
        assertThat(findings(READS + ", " + ENDS + ", " + PASSES, forPort(port))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {8080, 8443})
    void noServerOfRequestsHasThePort(int port) {
        assertThat(findings(READS + ", " + ENDS + ", " + PASSES, forPort(port)))
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.code().id()).isEqualTo("SP2125");
                    assertThat(finding.location().path()).hasToString("spec.http[0].match[0].port");
                    assertThat(finding.message()).contains("port " + port, "80 or 443");
                });
    }

    private static String forPort(int port) {
        return "http: [{match: [{port: %d}], directResponse: {status: 200}}]".formatted(port);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "tls: [{match: [{port: 443, sniHosts: [a.test]}], " + ROUTE + "}]",
                "tcp: [{match: [{port: 443}], " + ROUTE + "}]",
                "http: [{match: [{port: 444, gateways: [edge]}], directResponse: {status: 200}}]"
            })
    void everyKindOfRuleAsksForAPort(String rules) {
        assertThat(findings(READS + ", " + PASSES + ", " + BYTES, rules))
                .extracting(finding -> finding.code().id())
                .containsExactly("SP2125");
    }

    @Test
    void aPortOfTheMeshIsAnyPort() {
        var rules = "http: [{match: [{port: 9000, gateways: [mesh]}], directResponse: {status: 200}}, "
                + "{match: [{port: 81, gateways: [edge]}], directResponse: {status: 200}}]";
        assertThat(findings("mesh, edge", READS, rules))
                .singleElement()
                .satisfies(finding -> assertThat(finding.location().path()).hasToString("spec.http[1].match[0].port"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    {port: 5432} | {port: 5432, sourceLabels: {app: web}} | true
                    {destinationSubnets: [10.0.0.0/8]} | {port: 5432} | true
                    {port: 5432} | {port: 5433} | false
                    {port: 5432, gateways: [other]} | {port: 5432} | false
                    {port: 5432} | {port: 5432, gateways: [edge]} | true
                    """)
    void theFirstRuleOfAPortTakesItsConnections(String first, String later, boolean isTaken) {
        var service = service(
                "shop",
                "edge, other",
                "tcp: [{match: [%s], %s}, {match: [%s], %s}]".formatted(first, ROUTE, later, ROUTE));
        assertThat(codes(service).contains("SP4222")).isEqualTo(isTaken);
    }

    @Test
    void clientsOfTheMeshCompareMoreThanPorts() {
        assertThat(codes(service(
                        "shop",
                        "edge, mesh",
                        "tcp: [{match: [{port: 1}], %s}, {match: [{port: 1, sourceLabels: {a: b}}], %s}]"
                                .formatted(ROUTE, ROUTE))))
                .doesNotContain("SP4222");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    tcp: [{match: [{port: 5432}], ROUTE}] | tcp: [{match: [{port: 5432}], ROUTE}] | true
                    tcp: [{ROUTE}] | tcp: [{match: [{port: 5432}], ROUTE}] | true
                    tcp: [{match: [{port: 5432}], ROUTE}] | tcp: [{ROUTE}] | true
                    tcp: [{match: [{port: 5433}], ROUTE}] | tcp: [{ROUTE}] | false
                    tcp: [{match: [{gateways: [other]}], ROUTE}] | tcp: [{ROUTE}] | false
                    http: [{directResponse: {status: 200}}] | tcp: [{ROUTE}] | false
                    """)
    void theOldestServiceHasThePort(String older, String younger, boolean isTaken) {
        var found = codes(gateway(BYTES + ", " + READS)
                + service("a-old", "edge", older.replace("ROUTE", ROUTE))
                + service("young", "edge", younger.replace("ROUTE", ROUTE)));
        assertThat(found.contains("SP3114")).isEqualTo(isTaken);
    }

    @Test
    void aRuleThatAnotherServerUsesIsOfUse() {
        var older = service("a-old", "edge", "tcp: [{match: [{port: 5432}], %s}]".formatted(ROUTE));
        var younger = service("young", "edge", TCP);
        var servers = BYTES + ", " + BYTES.replace("5432", "5434").replace("tcp,", "tcp-2,");
        assertThat(codes(gateway(servers) + older + younger)).doesNotContain("SP3114");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    edge | other | true
                    edge | mesh | true
                    edge | shop/edge | false
                    'mesh, edge' | mesh | false
                    edge | pay/edge | true
                    """)
    void aMatchChoosesAmongTheGatewaysOfItsService(String gateways, String matched, boolean isMissed) {
        for (var rules : List.of(
                "http: [{match: [{gateways: [%s]}], directResponse: {status: 200}}]",
                "tls: [{match: [{sniHosts: [a.test], gateways: [%s]}], " + ROUTE + "}]",
                "tcp: [{match: [{gateways: [%s]}], " + ROUTE + "}]")) {
            assertThat(codes(gateway(READS) + service("shop", gateways, rules.formatted(matched)))
                            .contains("SP2126"))
                    .isEqualTo(isMissed);
        }
    }

    @Test
    void gatewaysOfTlsAndTcpMatchesAreLookedUpToo() {
        var rules =
                "tls: [{match: [{sniHosts: [a.test], gateways: [nix]}], %s}], tcp: [{match: [{gateways: [nix]}], %s}]"
                        .formatted(ROUTE, ROUTE);
        assertThat(Documents.findings(gateway(READS) + service("shop", "edge", rules)))
                .filteredOn(finding -> finding.code().id().equals("SP2101"))
                .extracting(finding -> finding.location().path().toString())
                .containsExactlyInAnyOrder("spec.tls[0].match[0].gateways[0]", "spec.tcp[0].match[0].gateways[0]");
    }

    private static List<String> codes(String documents) {
        return Documents.findings(documents).stream()
                .map(finding -> finding.code().id())
                .toList();
    }

    private static List<Finding> findings(String servers, String rules) {
        return findings("edge", servers, rules);
    }

    private static List<Finding> findings(String gateways, String servers, String rules) {
        return Documents.findings(gateway(servers) + service("shop", gateways, rules)).stream()
                .filter(finding -> Set.of("SP2124", "SP2125", "SP3114", "SP4222", "SP2126")
                        .contains(finding.code().id()))
                .toList();
    }

    private static String gateway(String servers) {
        return """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {namespace: shop, name: edge}
                spec: {servers: [%s]}
                ---
                """.formatted(servers);
    }

    private static String service(String name, String gateways, String rules) {
        return """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {namespace: shop, name: %s}
                spec: {hosts: [a.test], gateways: [%s], %s}
                ---
                """.formatted(name, gateways, rules);
    }
}
