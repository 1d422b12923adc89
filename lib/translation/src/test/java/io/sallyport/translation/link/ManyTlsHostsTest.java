package io.sallyport.translation.link;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.sallyport.analysis.Analyzer;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ResourceType;
import io.sallyport.translation.Translator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Many servers with TLS on one port. A thousand of them are the benchmark's business (`./sallyport bench
/// tls`): what is sent does not depend on the number, and the nightly form shows it.
class ManyTlsHostsTest {

    private static final int HOSTS = Boolean.getBoolean("sallyport.nightly") ? 1_000 : 100;

    @Test
    @Tag("G8")
    void aChangedRouteSendsItsOwnTableAndNoListener() {
        var analyzer = new Analyzer();
        var translator = new Translator();
        var image = Images.image(IntStream.range(0, HOSTS)
                .mapToObj(number -> server(number) + "---\n" + routes(number, 200))
                .collect(Collectors.joining("---\n")));
        var before = translator.translate(analyzer.check(image), Images.INGRESS);

        var after = translator.translate(analyzer.check(Images.edited(image, routes(HOSTS / 2, 204))), Images.INGRESS);

        var routes = after.changesSince(before, ResourceType.ROUTES);
        assertThat(routes.size()).isEqualTo(1);
        assertThat(after.find(ResourceType.ROUTES, "https.443.https.edge-%d.shop".formatted(HOSTS / 2))
                        .orElseThrow()
                        .bytes()
                        .size())
                .isLessThan(2_000);
        assertThat(after.changesSince(before, ResourceType.LISTENER).size()).isZero();
        assertThat(after.changesSince(before, ResourceType.CLUSTER).size()).isZero();
    }

    @Test
    @Tag("G8")
    void anAddedServerIsAChainMoreOfLessThanHalfAKilobyte() {
        var analyzer = new Analyzer();
        var translator = new Translator();
        var image = Images.image(IntStream.range(0, HOSTS)
                .mapToObj(number -> server(number) + "---\n" + routes(number, 200))
                .collect(Collectors.joining("---\n")));
        var before = translator.translate(analyzer.check(image), Images.INGRESS);
        var more = Images.edited(image, server(HOSTS) + "---\n" + routes(HOSTS, 200));

        var after = translator.translate(analyzer.check(more), Images.INGRESS);

        assertThat(after.changesSince(before, ResourceType.ROUTES).size()).isEqualTo(1);
        assertThat(listener(after).size() - listener(before).size()).isBetween(300, 500);
        assertThat(listener(after))
                .as("as if nothing had been there before")
                .isEqualTo(listener(new Translator().translate(new Analyzer().check(more), Images.INGRESS)));
    }

    private static ByteString listener(EnvoyResources resources) {
        return resources
                .find(ResourceType.LISTENER, "0.0.0.0_443")
                .orElseThrow()
                .bytes();
    }

    private static String server(int number) {
        return """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {namespace: shop, name: edge-%1$d}
                spec:
                  servers:
                  - port: {number: 443, name: https, protocol: HTTPS}
                    hosts: [host-%1$d.test]
                    tls: {mode: SIMPLE, credentialName: cert-%1$d}
                """.formatted(number);
    }

    private static String routes(int number, int status) {
        return """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {namespace: shop, name: host-%1$d}
                spec:
                  hosts: [host-%1$d.test]
                  gateways: [edge-%1$d]
                  http:
                  - match: [{uri: {prefix: /api}}]
                    directResponse: {status: %2$d}
                  - directResponse: {status: 404}
                """.formatted(number, status);
    }
}
