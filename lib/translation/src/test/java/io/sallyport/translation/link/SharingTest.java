package io.sallyport.translation.link;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.Analyzer;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.translation.plan.ProxyPlan;
import io.sallyport.translation.plan.RouteTableId;
import io.sallyport.translation.plan.UpstreamId;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// An edit costs what it changes: every other node of the plan is the same object as before.
class SharingTest {

    private static final RouteTableId TABLE = new RouteTableId.Plain(8080, "");
    private static final int HOSTS = 2_000;

    private static final ConfigImage MANY = many();

    private final Analyzer analyzer = new Analyzer();
    private final Linker linker = new Linker(Images.INGRESS);

    private ConfigImage image = MANY;
    private final ProxyPlan before = link();

    @Test
    void oneVirtualServiceAmongManyIsOneSite() {
        image = Images.edited(image, virtualService(7, "/changed"));
        var after = link();

        assertThat(linker.lastWork()).isEqualTo(new Linker.Work(1, 1, 0));
        assertThat(changedSites(after)).containsExactly("host7.test");
        assertThat(after.listeners()).isEqualTo(before.listeners());
        assertThat(after.changesSince(before).upstreams()).isEmpty();
    }

    @Test
    void oneServiceEntryIsItsUpstreamAlone() {
        image = Images.edited(image, serviceEntry(3, "10.9.9.9"));
        var after = link();

        assertThat(linker.lastWork()).isEqualTo(new Linker.Work(0, 0, 1));
        assertThat(after.changesSince(before).sites()).isEmpty();
        assertThat(after.changesSince(before).upstreams()).containsExactly(new UpstreamId(80, "", "backend3.test"));
    }

    @Test
    void aDestinationRuleIsWhoeverNamesItsHost() {
        image = Images.edited(image, """
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {namespace: shop, name: three}
                spec:
                  host: backend3.test
                  trafficPolicy: {loadBalancer: {simple: RANDOM}}
                """);
        var after = link();

        assertThat(linker.lastWork()).isEqualTo(new Linker.Work(10, 10, 1));
        assertThat(after.changesSince(before).sites()).isEmpty();
        assertThat(after.changesSince(before).upstreams()).containsExactly(new UpstreamId(80, "", "backend3.test"));
    }

    @Test
    void anObjectThatNobodyNamesIsNothing() {
        image = Images.edited(image, serviceEntry(9_999, "10.9.9.9"));

        assertThat(link()).isSameAs(before);
    }

    @Test
    void aGatewayForOtherProxiesIsNothing() {
        image = Images.edited(image, """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {namespace: shop, name: other}
                spec:
                  selector: {istio: other}
                  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]
                """);

        assertThat(link()).isSameAs(before);
    }

    @Test
    void oneMoreServerSharesAllSites() {
        image = Images.edited(image, gateway("- {port: {number: 81, name: more, protocol: HTTP}, hosts: [a.test]}"));
        var after = link();

        assertThat(after.changesSince(before).listeners()).hasSize(1);
        assertThat(changedSites(after)).isEmpty();
        assertThat(after.tables().get(TABLE)).isSameAs(before.tables().get(TABLE));
    }

    @Test
    void whatGoesAwayTakesItsUpstreamsAlong() {
        var objects = new ArrayList<ObjectRef>();
        IntStream.range(0, HOSTS)
                .filter(n -> n % (HOSTS / 10) == 5)
                .forEach(n -> objects.add(new ObjectRef(Kind.VIRTUAL_SERVICE, "shop", "vs" + n)));
        image = image.with(2, List.of(), objects);
        var after = link();

        assertThat(changedSites(after)).hasSize(10);
        assertThat(after.upstreams()).doesNotContainKey(new UpstreamId(80, "", "backend5.test"));
    }

    private List<String> changedSites(ProxyPlan after) {
        var sites = after.changesSince(before).sites().get(TABLE);
        return sites == null ? List.of() : List.copyOf(sites);
    }

    private ProxyPlan link() {
        return linker.link(analyzer.check(image));
    }

    private static ConfigImage many() {
        var yaml = new StringBuilder(gateway(""));
        for (int n = 0; n < HOSTS / 10; n++) {
            yaml.append("---\n").append(serviceEntry(n, "10.0.0.1"));
        }
        for (int n = 0; n < HOSTS; n++) {
            yaml.append("---\n").append(virtualService(n, "/a"));
        }
        return Images.image(yaml.toString());
    }

    private static String gateway(String more) {
        return """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {namespace: shop, name: edge}
                spec:
                  servers:
                  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
                  %s
                """.formatted(more);
    }

    private static String virtualService(int n, String path) {
        return """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {namespace: shop, name: vs%d}
                spec:
                  hosts: [host%d.test]
                  gateways: [edge]
                  http:
                  - {match: [{uri: {prefix: %s}}], route: [{destination: {host: backend%d.test}}]}
                  - {match: [{uri: {prefix: /b}}], route: [{destination: {host: backend%d.test}}]}
                  - {route: [{destination: {host: backend%d.test}}]}
                """.formatted(n, n, path, n % (HOSTS / 10), n % (HOSTS / 10), n % (HOSTS / 10));
    }

    private static String serviceEntry(int n, String address) {
        return """
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {namespace: shop, name: se%d}
                spec:
                  hosts: [backend%d.test]
                  ports: [{number: 80, name: http, protocol: HTTP}]
                  resolution: STATIC
                  endpoints: [{address: %s}, {address: 10.0.0.2}, {address: 10.0.0.3}, {address: 10.0.0.4}]
                """.formatted(n, n, address);
    }
}
