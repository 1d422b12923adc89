package io.sallyport.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Who has a name of a TLS port: check says of each server what the listener says.
@Tag("G6")
class TlsHostsOnceTest {

    @Test
    void serverThatIsWithheldHoldsNoNameAgainstLaterOnes() {
        var gateways = gateway("old", server("a.test")) + gateway("young", server("b.test, a.test"), server("b.test"));

        assertThat(Documents.findings(gateways))
                .filteredOn(finding -> finding.code().id().equals("SP3102"))
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.location().path()).hasToString("spec.servers[0].hosts[1]");
                    assertThat(finding.message()).contains("\"a.test\"", "Gateway shop/old spec.servers[0]");
                });
    }

    @Test
    void eachOtherServerOfAChainIsWithheld() {
        assertThat(Documents.findings(chain(20)))
                .filteredOn(finding -> finding.code().id().equals("SP3102"))
                .extracting("location.object.name")
                .containsExactlyInAnyOrder("g1", "g3", "g5", "g7", "g9", "g11", "g13", "g15", "g17", "g19");
    }

    @Test
    void chainWithoutAnEndIsJudgedAllTheSame() {
        assertThat(Documents.findings(chain(1_500)))
                .filteredOn(finding -> finding.code().id().equals("SP3102"))
                .hasSizeGreaterThan(700);
    }

    private static String chain(int length) {
        return IntStream.range(0, length)
                .mapToObj(i -> gateway("g" + i, server("h%d.test, h%d.test".formatted(i, i + 1))))
                .collect(Collectors.joining());
    }

    @Test
    void olderServerHoldsItsName() {
        assertThat(Documents.findings(gateway("old", server("a.test")) + gateway("young", server("a.test, b.test"))))
                .extracting(finding -> finding.code().id())
                .contains("SP3102");
    }

    private static String gateway(String name, String... servers) {
        return """
                ---
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {namespace: shop, name: %s}
                spec:
                  servers:
                %s""".formatted(name, String.join("", servers));
    }

    private static String server(String hosts) {
        return "  - {port: {number: 443, name: %s, protocol: HTTPS}, hosts: [%s], tls: {mode: SIMPLE, credentialName: c}}\n"
                .formatted(hosts.replace(".test", "").replace(", ", ""), hosts);
    }
}
