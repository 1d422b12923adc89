package io.sallyport.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.expansion.EgressExpansion;
import io.sallyport.model.Finding;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// What EgressPolicies stand for, and for how long.
@Tag("P14")
class EgressPoliciesTest {

    private static final String HEAD = """
            apiVersion: sallyport.io/v1alpha1
            kind: EgressPolicy
            metadata: {namespace: shop, name: pay}
            spec:
            """;
    private static final String GATEWAY = "  gateway: {namespace: istio-system, name: istio-egressgateway}\n";
    private static final Instant LONG_BEFORE = Instant.parse("2027-01-01T00:00:00Z");
    private static final Instant SHORTLY_BEFORE = Instant.parse("2027-06-17T00:00:00Z");
    private static final Instant END = Instant.parse("2027-07-01T00:00:00Z");

    private final Analyzer analyzer = new Analyzer();

    @Test
    void oneHostOfOnesOwnNamespaceIsOneServiceEntry() {
        assertThat(text("  hosts: [api.example.com]\n  ports: [{number: 443, protocol: HTTPS}]\n"))
                .isEqualTo("""
                        apiVersion: networking.istio.io/v1
                        kind: ServiceEntry
                        metadata:
                          name: pay-egress
                          namespace: shop
                        spec:
                          hosts:
                          - api.example.com
                          location: MESH_EXTERNAL
                          resolution: DNS
                          ports:
                          - number: 443
                            name: tls-443
                            protocol: TLS
                          exportTo:
                          - "."
                        """);
    }

    @Test
    void nothingIsSaidAboutWhatPoliciesStandFor() {
        var policies = List.of(
                "  hosts: [api.example.com, \"*.example.org\"]\n  ports: [{number: 443, protocol: TLS}, {number: 80, protocol: HTTP}]\n",
                "  from: [{namespace: \"*\"}]\n  hosts: [\"*.example.org\"]\n  ports: [{number: 443, protocol: TLS}, {number: 80, protocol: HTTP}]\n"
                        + GATEWAY,
                "  from: [{labels: {app: cart, on: \"true\"}}, {namespace: pay}]\n  hosts: [a.example.com, b.example.com]\n  ports: [{number: 443, protocol: TLS}, {number: 80, protocol: HTTP}]\n"
                        + GATEWAY,
                "  hosts: [db.example.com]\n  ports: [{number: 5432, protocol: TCP}, {number: 80, protocol: HTTP2}]\n"
                        + "  tlsOrigination: {mode: SIMPLE, subjectAltNames: [db.example.com], credentialName: roots}\n"
                        + GATEWAY,
                "  from: [{labels: {app: cart}}]\n  hosts: [db.example.com]\n  ports: [{number: 5432, protocol: TCP}]\n");
        for (var policy : policies) {
            assertThat(analyzer.check(Documents.image(PLATFORM + HEAD + policy)).findings().stream()
                            .filter(finding -> finding.code().severity() != io.sallyport.model.Severity.INFO)
                            .map(Documents::line))
                    .as(policy)
                    .isEmpty();
        }
    }

    private static final String PLATFORM = """
            apiVersion: v1
            kind: Service
            metadata: {namespace: istio-system, name: istio-egressgateway}
            spec: {ports: [{name: http-80, port: 80}, {name: tls-443, port: 443}, {name: tcp-5432, port: 5432}]}
            ---
            """;

    @Test
    void whatIsWrongWithAnObjectIsSaidOfThePolicy() {
        var image = Documents.image(PLATFORM + HEAD + """
                  hosts:
                  - a.example.com
                  ports:
                  - {number: 443, protocol: TLS}
                  - {number: 8080, protocol: HTTP}
                """ + GATEWAY);
        assertThat(analyzer.check(image).findings()).isNotEmpty().allSatisfy(finding -> {
            assertThat(finding.location().object()).isEqualTo(new ObjectRef(Kind.EGRESS_POLICY, "shop", "pay"));
            assertThat(finding.location().file()).isEqualTo("in.yaml");
            assertThat(finding.location().line()).isEqualTo(11);
            assertThat(finding.location().path().toString()).isEqualTo("spec.hosts[0]");
            assertThat(finding.message()).contains("VirtualService shop/pay-egress.a.example.com");
        });
    }

    @Test
    void policyEndsAtItsMomentAndSaysSoBefore() {
        var image = Documents.image(HEAD
                + "  hosts: [a.example.com]\n  ports: [{number: 80, protocol: HTTP}]\n  expires: \"2027-06-30\"\n");

        var far = analyzer.check(image, LONG_BEFORE);
        assertThat(far.findings()).isEmpty();
        assertThat(far.nextChange()).contains(SHORTLY_BEFORE);
        assertThat(far.world().hosts()).contains("a.example.com");

        var near = analyzer.check(image, SHORTLY_BEFORE);
        assertThat(near.findings()).extracting(finding -> finding.code().id()).containsExactly("SP4972");
        assertThat(near.nextChange()).contains(END);
        assertThat(near.world().hosts()).contains("a.example.com");

        assertThat(analyzer.check(image, END.minusNanos(1))).isSameAs(near);

        var over = analyzer.check(image, END);
        assertThat(over.findings()).extracting(finding -> finding.code().id()).containsExactly("SP4971");
        assertThat(over.nextChange()).isEmpty();
        assertThat(over.world().hosts()).doesNotContain("a.example.com");
        assertThat(over.source()).isSameAs(image);
    }

    @Test
    void endsAreDatesOrInstants() {
        assertThat(endOf("2027-06-30")).isEqualTo(END);
        assertThat(endOf("2027-06-30T12:00:00+02:00")).isEqualTo(Instant.parse("2027-06-30T10:00:00Z"));
        assertThat(analyzer.check(Documents.image(ending("soon")), LONG_BEFORE).findings())
                .extracting(finding -> finding.code().id())
                .containsExactly("SP1975");
    }

    private Instant endOf(String text) {
        return analyzer.check(Documents.image(ending(text)), END.minusSeconds(86_400))
                .nextChange()
                .orElseThrow();
    }

    private static String ending(String text) {
        return HEAD + "  hosts: [a.example.com]\n  ports: [{number: 80, protocol: HTTP}]\n  expires: \"" + text
                + "\"\n";
    }

    @Test
    void editsOfOthersLeaveWhatAPolicyStandsForTheSameObjects() {
        var policy = HEAD + "  hosts: [a.example.com]\n  ports: [{number: 80, protocol: HTTP}]\n";
        var image = Documents.image(policy);
        var ref = new ObjectRef(Kind.SERVICE_ENTRY, "shop", "pay-egress");
        var before = analyzer.check(image, LONG_BEFORE).image().find(ref).orElseThrow();
        var other = Documents.objects(policy.replace("name: pay", "name: other").replace("a.example", "b.example"));
        var next = image.with(2, other, List.of());
        assertThat(analyzer.check(next, LONG_BEFORE).image().find(ref).orElseThrow())
                .isSameAs(before);

        var gone = next.with(3, List.of(), List.of(new ObjectRef(Kind.EGRESS_POLICY, "shop", "pay")));
        assertThat(analyzer.check(gone, LONG_BEFORE).image().find(ref)).isEmpty();
        assertThat(analyzer.check(gone, LONG_BEFORE).world().hosts()).containsExactly("b.example.com");
    }

    @Test
    void whatSomebodyWroteCountsAndComesAndGoes() {
        var image = Documents.image(HEAD + "  hosts: [a.example.com]\n  ports: [{number: 80, protocol: HTTP}]\n");
        analyzer.check(image, LONG_BEFORE);
        var written = Documents.objects("""
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {namespace: shop, name: pay-egress}
                spec: {hosts: [other.example.com], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
                """);
        var both = image.with(2, written, List.of());
        assertThat(analyzer.check(both, LONG_BEFORE).world().hosts()).containsExactly("other.example.com");
        assertThat(analyzer.check(both, LONG_BEFORE).findings())
                .extracting(Finding::message)
                .singleElement()
                .asString()
                .contains("ServiceEntry shop/pay-egress has the name of an object");
        var again = both.with(3, List.of(), List.of(written.getFirst().ref()));
        assertThat(analyzer.check(again, LONG_BEFORE).world().hosts()).containsExactly("a.example.com");
        assertThat(analyzer.check(again, LONG_BEFORE).findings()).isEmpty();
    }

    private static String text(String spec) {
        return EgressExpansion.of(Documents.objects(HEAD + spec).getFirst()).stream()
                .map(EgressExpansion.Derived::text)
                .collect(Collectors.joining("---\n"));
    }
}
