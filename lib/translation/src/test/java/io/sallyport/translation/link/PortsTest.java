package io.sallyport.translation.link;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.Analyzer;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.plan.Bind;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class PortsTest {

    private static final String GATEWAY = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {namespace: shop, name: edge}
            spec:
              servers:
              - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
              - {port: {number: 8081, name: more, protocol: HTTP}, hosts: ["*"]}
            """;

    @Test
    @Tag("G15")
    @Tag("S74")
    void anUnprivilegedProxyLeavesLowPortsAlone() {
        assertThat(new Linker(proxy(false))
                        .link(new Analyzer().check(Images.image(GATEWAY)))
                        .listeners())
                .containsOnlyKeys(new Bind("0.0.0.0", 8081));
    }

    @Test
    @Tag("S04")
    @Tag("S67")
    @Tag("X7")
    void withoutGatewaysNothingIsBound() {
        var analyzer = new Analyzer();
        var linker = new Linker(proxy(true));
        var image = Images.image(GATEWAY);
        assertThat(linker.link(analyzer.check(image)).listeners()).hasSize(2);

        var gateway = image.objects().iterator().next().ref();
        var plan = linker.link(analyzer.check(Images.without(image, gateway)));
        assertThat(plan.listeners()).isEmpty();
        assertThat(plan.tables()).isEmpty();
    }

    @Test
    @Tag("G6")
    void serversOfOneSocketShareItWhateverStandsBeforeThem() {
        var text = """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {namespace: shop, name: edge}
                spec:
                  servers:
                  - {port: {number: 81, name: a, protocol: GRPC}, hosts: ["a.test"], bind: 10.0.0.1}
                  - {port: {number: 81, name: b, protocol: HTTP}, hosts: ["b.test"]}
                  - {port: {number: 81, name: c, protocol: HTTP2}, hosts: ["c.test"]}
                """;

        var listeners = new Linker(proxy(true))
                .link(new Analyzer().check(Images.image(text)))
                .listeners();

        assertThat(listeners).containsOnlyKeys(new Bind("10.0.0.1", 81), new Bind("0.0.0.0", 81));
        assertThat(listeners.values())
                .allSatisfy(listener -> assertThat(listener.chains()).hasSize(1));
    }

    @Test
    @Tag("G6")
    void aServerThatNamesTheProxysOwnAddressJoinsTheOthers() {
        var text = """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {namespace: shop, name: edge}
                spec:
                  servers:
                  - {port: {number: 81, name: a, protocol: HTTP}, hosts: ["a.test"]}
                  - {port: {number: 81, name: b, protocol: HTTP}, hosts: ["b.test"], bind: 127.0.0.1}
                  - {port: {number: 81, name: c, protocol: HTTP}, hosts: ["c.test"], bind: 0.0.0.0}
                """;

        var plan = new Linker(Images.INGRESS).link(new Analyzer().check(Images.image(text)));

        assertThat(plan.listeners()).containsOnlyKeys(new Bind("0.0.0.0", 81));
        assertThat(plan.tables()).hasSize(1);
    }

    private static ProxyClass proxy(boolean privileged) {
        return new ProxyClass(
                ProxyClass.Role.ROUTER, "shop", "edge", new TreeMap<>(), new TreeMap<>(), "0.0.0.0", privileged);
    }
}
