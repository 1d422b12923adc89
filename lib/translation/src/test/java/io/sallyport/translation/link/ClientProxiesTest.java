package io.sallyport.translation.link;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.Analyzer;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.ResourceType;
import io.sallyport.translation.Translator;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// What client proxies are told: the names that Istio's users look for, and how much an edit costs.
class ClientProxiesTest {

    private static final String ENTRIES = """
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {namespace: shop, name: web}
            spec:
              hosts: [www.google.com]
              ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}]
              resolution: DNS
            ---
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {namespace: shop, name: database}
            spec:
              hosts: [db.test]
              addresses: [10.9.0.1]
              ports: [{number: 3306, name: mysql, protocol: MYSQL}]
              resolution: STATIC
              endpoints: [{address: 10.0.0.1}]
            """;

    private static ProxyClass client(Map<String, Integer> listen) {
        return Images.client("default", "sleep", Map.of("app", "sleep"), listen);
    }

    private static EnvoyResources translated(String yaml, ProxyClass proxy) {
        return new Translator().translate(new Analyzer().check(Images.image(yaml)), proxy);
    }

    @Test
    @Tag("E3")
    @Tag("E6")
    void aProxyThatSaysNothingAboutPortsIsBuiltAsIstiosAre() {
        var resources = translated(ENTRIES, client(Map.of()));

        assertThat(resources.withheld()).isEmpty();
        assertThat(resources.all(ResourceType.LISTENER).keySet())
                .containsExactlyInAnyOrder("virtualOutbound", "0.0.0.0_80", "0.0.0.0_443", "10.9.0.1_3306");
        assertThat(resources.all(ResourceType.ROUTES).keySet()).containsExactly("80");
        assertThat(resources.all(ResourceType.CLUSTER).keySet())
                .containsExactlyInAnyOrder(
                        "PassthroughCluster",
                        "BlackHoleCluster",
                        "outbound|80||www.google.com",
                        "outbound|443||www.google.com",
                        "outbound|3306||db.test");
    }

    @Test
    @Tag("E5")
    void aDoorForClientsOfAProxyHasItsOwnRoutes() {
        var resources = translated(ENTRIES, client(Map.of("http-proxy", 15_002)));

        assertThat(resources.withheld()).isEmpty();
        assertThat(resources.all(ResourceType.LISTENER).keySet()).containsExactly("127.0.0.1_15002");
        assertThat(resources.all(ResourceType.ROUTES).keySet()).containsExactly("http_proxy");
        assertThat(resources.all(ResourceType.CLUSTER).keySet())
                .contains("AllowAnyDynamicDNSCluster", "outbound|443||www.google.com")
                .doesNotContain("PassthroughCluster");
    }

    @Test
    void anEndpointThatMovesIsOneUpstreamAndTheTunnelsThatNameItsText() {
        var linker = new Linker(client(Map.of("outbound", 15_001, "http-proxy", 15_002)));
        var analyzer = new Analyzer();
        var image = Images.image(ENTRIES);
        var before = linker.link(analyzer.check(image));

        var after = linker.link(analyzer.check(Images.edited(image, """
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {namespace: shop, name: database}
                spec:
                  hosts: [db.test]
                  addresses: [10.9.0.1]
                  ports: [{number: 3306, name: mysql, protocol: MYSQL}]
                  resolution: STATIC
                  endpoints: [{address: 10.0.0.2}]
                """)));

        var change = after.changesSince(before);
        assertThat(change.listeners()).isEmpty();
        assertThat(change.sites()).hasToString("{proxied=[10.9.0.1:3306, db.test:3306]}");
        assertThat(change.upstreams()).hasSize(1);
    }

    // A server that speaks first keeps names from being read on its port, which has no listener of its own here:
    // clients come in by the door for those that know of the proxy.
    @Test
    @Tag("E5")
    void aTunnelComesWithTheNamesOfItsPortWithoutAListener() {
        var proxy = client(Map.of("http-proxy", 15_002));
        var linker = new Linker(proxy);
        var analyzer = new Analyzer();
        var image = Images.image(database(443) + """
                ---
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {namespace: shop, name: pay}
                spec:
                  hosts: [pay.test]
                  ports: [{number: 443, name: tls, protocol: TLS}]
                  resolution: NONE
                """);
        assertThat(PlanText.of(linker.link(analyzer.check(image)))).doesNotContain("pay.test:443:443");

        var checked = analyzer.check(Images.edited(image, database(3306)));
        var after = linker.link(checked);

        assertThat(PlanText.of(after)).contains("pay.test:443:443");
        assertThat(after).isEqualTo(new Linker(proxy).link(checked));
    }

    @Test
    @Tag("E5")
    void aTunnelLeadsToATlsServiceWithAnAddressOfItsOwnToo() {
        var entry = """
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {namespace: shop, name: pay}
                spec:
                  hosts: [pay.test]
                  addresses: [10.9.0.2]
                  ports: [{number: 443, name: tls, protocol: TLS}]
                  resolution: STATIC
                  endpoints: [{address: 10.0.0.1}]
                """;
        var rules = """
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {namespace: shop, name: detour}
                spec:
                  hosts: [pay.test]
                  tls:
                  - match: [{sniHosts: [pay.test]}]
                    route: [{destination: {host: www.google.com, port: {number: 443}}}]
                """;

        assertThat(plan(entry))
                .contains(
                        "10.9.0.2:443:443\n    \"tunnel\" CONNECT -> pay.test:443",
                        "pay.test:443:443\n    \"tunnel\" CONNECT -> pay.test:443");
        assertThat(plan(entry + rules)).contains("pay.test:443:443\n    \"tunnel\" CONNECT -> www.google.com:443");
    }

    private static String plan(String yaml) {
        return PlanText.of(new Linker(client(Map.of("http-proxy", 15_002)))
                .link(new Analyzer().check(Images.image(ENTRIES + "---\n" + yaml))));
    }

    private static String database(int port) {
        return """
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {namespace: shop, name: database}
                spec:
                  hosts: [db.test]
                  ports: [{number: %d, name: mysql, protocol: MYSQL}]
                  resolution: STATIC
                  endpoints: [{address: 10.0.0.1}]
                """.formatted(port);
    }
}
