package io.sallyport.translation.link;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.Analyzer;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// What is stored, and never told to a proxy.
class WithheldTest {

    private static final String TEXT = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {namespace: istio-system, name: edge}
            spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
            ---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {namespace: istio-system, name: shop}
            spec: {hosts: [shop.test], gateways: [edge], http: [{route: [SHARES]}]}
            ---
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {namespace: istio-system, name: meta}
            spec:
              hosts: [meta.test]
              resolution: STATIC
              ports: [{number: 80, name: http, protocol: HTTP}]
              endpoints: [{address: 169.254.169.254}, {address: 10.0.0.1}, {address: "::ffff:169.254.169.254"}]
            """;

    @Test
    @Tag("H33")
    @Tag("V10")
    void linkLocalEndpointsAreLeftOut() {
        var plan = plan("{destination: {host: meta.test}}");

        assertThat(plan).contains("10.0.0.1").doesNotContain("169.254");
    }

    @Test
    @Tag("V9")
    void socketsOfTheProxyItselfAreLeftOut() {
        var text = TEXT.replace("169.254.169.254}, {address: 10", "unix:///run/app.sock}, {address: 10")
                .replace("\"::ffff:169.254.169.254\"", "\"unix:///var/run/sallyport/admin.sock\"");

        assertThat(plan(text, "{destination: {host: meta.test}}"))
                .contains("/run/app.sock")
                .doesNotContain("admin.sock");
    }

    @Test
    @Tag("V9")
    void doorsOfSallyportOnTheProxysMachineAreLeftOut() {
        var text = TEXT.replace(
                "[{address: 169.254.169.254}, {address: 10.0.0.1}, {address: \"::ffff:169.254.169.254\"}]", """
                [{address: 127.0.0.1}, {address: "::ffff:127.0.0.1", ports: {http: 15000}},
                 {address: localhost., ports: {http: 15010}}, {address: "::1", ports: {http: 15090}},
                 {address: 0.0.0.0, ports: {http: 15014}}, {address: 127.9.9.9, ports: {http: 8080}}]""");

        for (var resolution : List.of("STATIC", "DNS")) {
            assertThat(plan(text.replace("STATIC", resolution), "{destination: {host: meta.test}}"))
                    .as(resolution)
                    .contains("127.0.0.1:80", "127.9.9.9:8080")
                    .doesNotContain(":150");
        }
    }

    @Test
    @Tag("V9")
    void aHostThatIsThisMachineLeadsToNoDoorEither() {
        var text = TEXT.replaceFirst("(?m)^  endpoints: .*$", "")
                .replace("STATIC", "DNS")
                .replace("hosts: [meta.test]", "hosts: [a.localhost]");

        assertThat(plan(text, "{destination: {host: a.localhost}}")).contains("{[a.localhost:80]}");
        assertThat(plan(
                        text.replace("ports: [{number: 80", "ports: [{targetPort: 15010, number: 80"),
                        "{destination: {host: a.localhost}}"))
                .doesNotContain("a.localhost:15010");
    }

    @Test
    @Tag("H9")
    void ruleWhoseWeightsEnvoyCannotAddUpAnswers503() {
        var share = "{destination: {host: meta.test}, weight: 2147483647}, ";

        assertThat(plan(share.repeat(2))).contains("10.0.0.1").doesNotContain("respond");
        assertThat(plan(share.repeat(3))).contains("respond 503").doesNotContain("10.0.0.1");
    }

    private static String plan(String route) {
        return plan(TEXT, route);
    }

    private static String plan(String text, String route) {
        return PlanText.of(
                new Linker(Images.INGRESS).link(new Analyzer().check(Images.image(text.replace("SHARES", route)))));
    }
}
