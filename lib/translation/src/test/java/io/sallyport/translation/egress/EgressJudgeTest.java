package io.sallyport.translation.egress;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.Translator;
import io.sallyport.translation.egress.Errand.Protocol;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class EgressJudgeTest {

    private static final ProxyClass CLIENT = new ProxyClass(
            ProxyClass.Role.SIDECAR,
            "default",
            "",
            new TreeMap<>(Map.of("app", "sleep")),
            new TreeMap<>(),
            "0.0.0.0",
            true);

    private static final ProxyClass WITH_DOOR = new ProxyClass(
            ProxyClass.Role.SIDECAR,
            "default",
            "sleep",
            new TreeMap<>(Map.of("app", "sleep")),
            new TreeMap<>(Map.of("http-proxy", 15_002, "80", 10_080, "443", 10_443)),
            "127.0.0.1",
            true);

    private static final String CLOSED = """
            kind: ConfigMap
            apiVersion: v1
            metadata: {namespace: istio-system, name: istio}
            data:
              mesh: |
                outboundTrafficPolicy: {mode: REGISTRY_ONLY}
            """;

    private static final String GOOGLE = """
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {name: google, namespace: istio-system}
            spec:
              hosts: [www.google.com, google.com]
              ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}]
              resolution: DNS
            """;

    private static final String EGRESS = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {name: istio-egressgateway, namespace: command-runner}
            spec:
              selector: {istio: egressgateway}
              servers:
              - {port: {number: 80, name: http, protocol: HTTP}, hosts: [www.google.com, google.com]}
              - {port: {number: 443, name: tls, protocol: TLS}, hosts: [www.google.com, google.com], tls: {mode: PASSTHROUGH}}
            ---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: google, namespace: command-runner}
            spec:
              hosts: [www.google.com, google.com]
              gateways: [mesh, istio-egressgateway]
              http:
              - match: [{gateways: [mesh], port: 80}]
                route: [{destination: {host: istio-egressgateway.istio-system.svc.cluster.local, subset: google, port: {number: 80}}}]
              - match: [{gateways: [istio-egressgateway], port: 80}]
                route: [{destination: {host: www.google.com, port: {number: 80}}}]
              tls:
              - match: [{gateways: [mesh], port: 443, sniHosts: [SNI]}]
                route: [{destination: {host: istio-egressgateway.istio-system.svc.cluster.local, subset: google, port: {number: 443}}}]
              - match: [{gateways: [istio-egressgateway], port: 443, sniHosts: [SNI]}]
                route: [{destination: {host: www.google.com, port: {number: 443}}}]
            """;

    private static final String SUBSET = """
            apiVersion: networking.istio.io/v1
            kind: DestinationRule
            metadata: {name: egressgateway-for-google, namespace: istio-system}
            spec:
              host: istio-egressgateway.istio-system.svc.cluster.local
              subsets: [{name: google}]
            """;

    private static final String PLATFORM = """
            proxies:
            - {name: istio-egressgateway, namespace: istio-system, labels: {istio: egressgateway}, listen: {80: 8080, 443: 8443}}
            - {name: sleep, namespace: default, labels: {app: sleep}, kind: sidecar, listen: {http-proxy: 15002}}
            """;

    private static Verdict judge(Door door, String host, int port, Protocol protocol, String... documents) {
        return judge(door == Door.REDIRECTED ? CLIENT : WITH_DOOR, door, new Errand(host, port, protocol), documents);
    }

    private static Verdict judge(ProxyClass client, Door door, Errand errand, String... documents) {
        return new EgressJudge(Checked.of(documents), new Translator()).judge(client, door, errand);
    }

    @Test
    @Tag("S48")
    void whatNobodyNamesIsLetOutByDefault() {
        var verdict = judge(Door.REDIRECTED, "example.com", 443, Protocol.TLS);

        assertThat(verdict).isInstanceOfSatisfying(Verdict.Direct.class, direct -> {
            assertThat(direct.byDefault()).isTrue();
            assertThat(direct.reason().text()).contains("ALLOW_ANY is the default");
            assertThat(direct.reason().origin()).isEmpty();
        });
    }

    @Test
    @Tag("S49")
    void aBlockedRequestIs502WhereSomeServiceHasThePort() {
        var verdict = judge(Door.REDIRECTED, "example.com", 80, Protocol.HTTP, CLOSED, GOOGLE);

        assertThat(verdict).isInstanceOfSatisfying(Verdict.Blocked.class, blocked -> {
            assertThat(blocked.symptom().status()).isEqualTo(502);
            assertThat(blocked.reason().text()).contains("ConfigMap istio-system/istio says REGISTRY_ONLY");
        });
    }

    @Test
    @Tag("S49")
    void aBlockedRequestEndsWithoutAnAnswerWhereNoServiceHasThePort() {
        var verdict = judge(Door.REDIRECTED, "example.com", 8081, Protocol.HTTP, CLOSED, GOOGLE);

        assertThat(verdict).isInstanceOfSatisfying(Verdict.Blocked.class, blocked -> {
            assertThat(blocked.symptom().status()).isZero();
            assertThat(blocked.symptom().text()).contains("curl: (52)");
        });
    }

    @Test
    void aBlockedTunnelIsForbidden() {
        var verdict = judge(Door.HTTP_PROXY, "example.com", 443, Protocol.TLS, CLOSED, GOOGLE);

        assertThat(verdict)
                .isInstanceOfSatisfying(
                        Verdict.Blocked.class,
                        blocked -> assertThat(blocked.symptom().status()).isEqualTo(403));
    }

    @Test
    void aTunnelToAPortOfRequestsFindsNoRoute() {
        var verdict = judge(Door.HTTP_PROXY, "www.google.com", 80, Protocol.TLS, CLOSED, GOOGLE);

        assertThat(verdict).isInstanceOfSatisfying(Verdict.Blocked.class, blocked -> {
            assertThat(blocked.symptom().status()).isEqualTo(404);
            assertThat(blocked.symptom().text()).isEqualTo("CONNECT www.google.com:80 is answered 404 (curl: (56))");
        });
    }

    @Test
    void aRuleThatTheClientDoesNotSeeIsNotCalledOneForOtherNames() {
        var sidecar = """
                apiVersion: networking.istio.io/v1
                kind: Sidecar
                metadata: {name: default, namespace: default}
                spec: {egress: [{hosts: ["istio-system/*"]}]}
                """;
        var egress = EGRESS.replace("SNI", "www.google.com");
        var verdict = judge(Door.REDIRECTED, "www.google.com", 443, Protocol.TLS, GOOGLE, egress, PLATFORM, sidecar);

        assertThat(verdict.toString()).contains("lists www.google.com, but").doesNotContain("has sniHosts");
    }

    @Test
    @Tag("S50")
    void aDeclaredHostGoesOutDirectlyAndNamesItsEntry() {
        for (var door : Door.values()) {
            var verdict = judge(door, "www.google.com", 443, Protocol.TLS, CLOSED, GOOGLE);

            assertThat(verdict).as("%s", door).isInstanceOfSatisfying(Verdict.Direct.class, direct -> {
                assertThat(direct.byDefault()).isFalse();
                assertThat(direct.reason().text())
                        .isEqualTo("ServiceEntry istio-system/google allows www.google.com:443");
                assertThat(direct.nearest()).isEmpty();
            });
        }
    }

    @Test
    @Tag("S53")
    @Tag("B7")
    void aRuleOfTheMeshLeadsThroughTheGateway() {
        for (var door : Door.values()) {
            for (var errand : new Errand[] {
                new Errand("www.google.com", 80, Protocol.HTTP), new Errand("www.google.com", 443, Protocol.TLS)
            }) {
                var verdict = judge(
                        door == Door.REDIRECTED ? CLIENT : WITH_DOOR,
                        door,
                        errand,
                        CLOSED,
                        GOOGLE,
                        EGRESS.replace("SNI", "www.google.com"),
                        SUBSET,
                        PLATFORM);

                assertThat(verdict)
                        .as("%s by %s", errand, door)
                        .isInstanceOfSatisfying(Verdict.ThroughGateway.class, by -> {
                            assertThat(by.gateway()).isEqualTo("istio-system/istio-egressgateway");
                            assertThat(by.reason().text()).startsWith("VirtualService command-runner/google sends to");
                            assertThat(by.onward().text())
                                    .isEqualTo("VirtualService command-runner/google sends to www.google.com:"
                                            + errand.port());
                        });
            }
        }
    }

    @Test
    @Tag("S56")
    @Tag("B7")
    void aHostThatTheGatewayListsAndNoTlsRuleNamesLeaksAndIsTold() {
        var verdict = judge(
                Door.REDIRECTED,
                "google.com",
                443,
                Protocol.TLS,
                GOOGLE,
                EGRESS.replace("SNI", "www.google.com"),
                SUBSET,
                PLATFORM);

        assertThat(verdict)
                .isInstanceOfSatisfying(
                        Verdict.Direct.class,
                        direct -> assertThat(direct.nearest())
                                .extracting(Reason::text)
                                .containsExactly(
                                        "Gateway command-runner/istio-egressgateway lists google.com, but no tls route of"
                                                + " VirtualService command-runner/google has sniHosts google.com (only www.google.com)"));
    }

    @Test
    @Tag("S57")
    void withoutTheSubsetTheClientSees503() {
        var verdict = judge(
                Door.REDIRECTED,
                "www.google.com",
                80,
                Protocol.HTTP,
                GOOGLE,
                EGRESS.replace("SNI", "www.google.com"),
                PLATFORM);

        assertThat(verdict).isInstanceOfSatisfying(Verdict.Blocked.class, blocked -> {
            assertThat(blocked.symptom().status()).isEqualTo(503);
            assertThat(blocked.symptom().flags()).isEqualTo("NC");
        });
    }

    @Test
    @Tag("S52")
    void anEntryOfAnotherNamespaceThatIsNotExportedIsTheNearestMiss() {
        var verdict = judge(
                Door.REDIRECTED,
                "www.google.com",
                443,
                Protocol.TLS,
                CLOSED,
                GOOGLE.replace("resolution: DNS", "resolution: DNS\n  exportTo: [\".\"]"));

        assertThat(verdict)
                .isInstanceOfSatisfying(
                        Verdict.Blocked.class,
                        blocked -> assertThat(blocked.nearest())
                                .extracting(Reason::text)
                                .containsExactly(
                                        "ServiceEntry istio-system/google declares it, but exports it to . (expected:"
                                                + " \"default\" or \"*\")"));
    }

    @Test
    void anotherPortOfADeclaredHostIsTheNearestMiss() {
        var verdict = judge(Door.REDIRECTED, "www.google.com", 8443, Protocol.TLS, CLOSED, GOOGLE);

        assertThat(verdict)
                .isInstanceOfSatisfying(
                        Verdict.Blocked.class,
                        blocked -> assertThat(blocked.nearest())
                                .extracting(Reason::text)
                                .containsExactly(
                                        "ServiceEntry istio-system/google declares it on 80 HTTP, 443 TLS (expected: 8443)"));
    }

    @Test
    void aNameWithATypingErrorIsTheNearestMiss() {
        var verdict = judge(Door.REDIRECTED, "www.goggle.com", 443, Protocol.TLS, CLOSED, GOOGLE);

        assertThat(verdict)
                .isInstanceOfSatisfying(
                        Verdict.Blocked.class,
                        blocked -> assertThat(blocked.nearest())
                                .extracting(Reason::text)
                                .containsExactly(
                                        "ServiceEntry istio-system/google declares \"www.google.com\" (expected: \"www.goggle.com\")"));
    }

    @Test
    void aSidecarThatDoesNotLetAHostInIsTheNearestMiss() {
        var verdict = judge(Door.REDIRECTED, "www.google.com", 443, Protocol.TLS, GOOGLE, """
                apiVersion: networking.istio.io/v1
                kind: Sidecar
                metadata: {name: narrow, namespace: default}
                spec:
                  egress: [{hosts: ["./*"]}]
                  outboundTrafficPolicy: {mode: REGISTRY_ONLY}
                """);

        assertThat(verdict).isInstanceOfSatisfying(Verdict.Blocked.class, blocked -> {
            assertThat(blocked.reason().text()).contains("Sidecar default/narrow says REGISTRY_ONLY");
            assertThat(blocked.nearest())
                    .extracting(Reason::text)
                    .containsExactly("ServiceEntry istio-system/google declares it, but Sidecar default/narrow does"
                            + " not let it in (expected: \"istio-system/www.google.com\" in egress hosts)");
        });
    }

    @Test
    void anAddressOfAServiceIsItsOwnWayOut() {
        var database = """
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: database, namespace: default}
                spec:
                  hosts: [db.test]
                  addresses: [203.0.113.7]
                  ports: [{number: 5432, name: tcp, protocol: TCP}]
                  resolution: STATIC
                  endpoints: [{address: 203.0.113.7}]
                """;

        assertThat(judge(Door.REDIRECTED, "203.0.113.7", 5432, Protocol.TCP, CLOSED, database))
                .isInstanceOf(Verdict.Direct.class);
        assertThat(judge(Door.REDIRECTED, "db.test", 5432, Protocol.TCP, CLOSED, database))
                .isInstanceOf(Verdict.Direct.class);
        assertThat(judge(Door.REDIRECTED, "203.0.113.8", 5432, Protocol.TCP, CLOSED, database))
                .isInstanceOf(Verdict.Blocked.class);
    }

    @Test
    void aNetworkIsAWayOutForEachOfItsAddresses() {
        var network = """
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: office, namespace: default}
                spec:
                  hosts: [office.test]
                  addresses: [203.0.113.0/28]
                  ports: [{number: 5432, name: tcp, protocol: TCP}]
                  resolution: NONE
                """;

        assertThat(judge(Door.REDIRECTED, "203.0.113.15", 5432, Protocol.TCP, CLOSED, network))
                .isInstanceOf(Verdict.Direct.class);
        assertThat(judge(Door.REDIRECTED, "203.0.113.16", 5432, Protocol.TCP, CLOSED, network))
                .isInstanceOf(Verdict.Blocked.class);
    }
}
