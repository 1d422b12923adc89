package io.sallyport.translation.egress;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.translation.Translator;
import io.sallyport.translation.egress.Coverage.Contradiction;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("B7")
class CoverageTest {

    private static List<Coverage.Cell> cells(String... documents) {
        var coverage = new Coverage(Checked.of(documents), new Translator());
        return coverage.clients().stream()
                .flatMap(client -> coverage.cells(client).stream())
                .toList();
    }

    @Test
    @Tag("P13")
    void twoServicesOfBytesOnOnePortAreToldAsMisrouted() {
        var cells = cells(database("one", "2026-01-01T00:00:00Z", ""), database("two", "2026-01-02T00:00:00Z", ""));

        assertThat(cells)
                .filteredOn(cell -> cell.place().host().equals("two.test"))
                .singleElement()
                .satisfies(cell -> assertThat(cell.contradictions())
                        .extracting(Contradiction::sort)
                        .containsExactly(Contradiction.Sort.MISROUTED));
        assertThat(cells)
                .filteredOn(cell -> cell.place().host().equals("one.test"))
                .singleElement()
                .satisfies(cell -> assertThat(cell.contradictions()).isEmpty());
    }

    @Test
    @Tag("P13")
    @Tag("E1")
    void theAddressThatIsProposedTellsThemApart() {
        var one = database("one", "2026-01-01T00:00:00Z", "");
        var two = database("two", "2026-01-02T00:00:00Z", "");
        var told = Checked.of(one, two).findings().stream()
                .filter(finding -> finding.code().id().equals("SP3109"))
                .map(finding -> finding.message())
                .toList();
        assertThat(told).singleElement().asString().contains("addresses: [240.240.");
        var address = told.getFirst().replaceAll(".*addresses: \\[([0-9.]+)\\].*", "$1");

        assertThat(cells(one, database("two", "2026-01-02T00:00:00Z", "addresses: [" + address + "]")))
                .hasSize(2)
                .allSatisfy(cell -> assertThat(cell.contradictions()).isEmpty());
    }

    private static String database(String name, String created, String addresses) {
        return """
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: %1$s, namespace: default, creationTimestamp: "%2$s"}
                spec:
                  hosts: [%1$s.test]
                  ports: [{number: 5432, name: tcp, protocol: TCP}]
                  resolution: DNS
                  %3$s
                """.formatted(name, created, addresses);
    }

    @Test
    void aPolicyForSomeClientsOfANamespaceContradictsNothing() {
        var cells = cells("""
                apiVersion: sallyport.io/v1alpha1
                kind: EgressPolicy
                metadata: {name: pay, namespace: default}
                spec:
                  from: [{labels: {app: cart}}]
                  hosts: [pay.test]
                  ports: [{number: 443, protocol: TLS}]
                """, """
                mesh: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}}
                proxies:
                - {name: cart, namespace: default, labels: {app: cart}, kind: sidecar, listen: {http-proxy: 15002}}
                """);

        assertThat(cells).extracting(cell -> cell.place().host()).containsOnly("pay.test");
        assertThat(cells).allSatisfy(cell -> assertThat(cell.contradictions()).isEmpty());
    }

    @Test
    void aGatewayThatDoesNotServeWhatItIsSentIsADeadEnd() {
        var cells = cells("""
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: bank, namespace: default}
                spec:
                  hosts: [bank.test]
                  ports: [{number: 80, name: http, protocol: HTTP}]
                  resolution: DNS
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: bank, namespace: default}
                spec:
                  hosts: [bank.test]
                  http:
                  - route: [{destination: {host: out.istio-system.svc.cluster.local, port: {number: 80}}}]
                ---
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: out, namespace: default}
                spec:
                  selector: {istio: out}
                  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [other.test]}]
                """, """
                proxies:
                - {name: out, namespace: istio-system, labels: {istio: out}, listen: {80: 8080}}
                - {name: sleep, namespace: default, kind: sidecar, listen: {http-proxy: 15002}}
                """);

        assertThat(cells)
                .filteredOn(cell -> cell.place().host().equals("bank.test"))
                .singleElement()
                .satisfies(cell -> {
                    assertThat(cell.contradictions())
                            .extracting(Contradiction::sort)
                            .containsExactly(Contradiction.Sort.DEAD_END);
                    assertThat(cell.verdict())
                            .isInstanceOfSatisfying(
                                    Verdict.Blocked.class,
                                    blocked -> assertThat(blocked.symptom().status())
                                            .isEqualTo(404));
                });
    }

    @Test
    void everyNamespaceThatASidecarTreatsOnItsOwnIsAClassOfItsOwn() {
        var coverage = new Coverage(Checked.of("""
                apiVersion: networking.istio.io/v1
                kind: Sidecar
                metadata: {name: narrow, namespace: shop}
                spec:
                  workloadSelector: {labels: {app: cart}}
                  egress: [{hosts: ["./*"]}]
                """), new Translator());

        assertThat(coverage.clients()).singleElement().satisfies(client -> {
            assertThat(client.namespace()).isEqualTo("shop");
            assertThat(client.labels()).containsEntry("app", "cart");
        });
    }
}
