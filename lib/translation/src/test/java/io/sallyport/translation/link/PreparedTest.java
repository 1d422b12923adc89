package io.sallyport.translation.link;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.Analyzer;
import io.sallyport.translation.EnvoyResource;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ResourceType;
import io.sallyport.translation.Translator;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// What is translated before it is known whether it will ever be.
class PreparedTest {

    private final Analyzer analyzer = new Analyzer();
    private final Translator translator = new Translator();

    @Test
    void anImageThatWasPreparedComesOutTheSame() {
        var before = Images.image(GATEWAY + routes("a.test", "directResponse: {status: 200}"));
        var image = Images.edited(before, routes("a.test", "directResponse: {status: 201}"));
        var first = translator.translate(analyzer.check(before), Images.INGRESS);

        translator.prepare(analyzer.check(image), Images.INGRESS);
        var second = translator.translate(analyzer.check(image), Images.INGRESS);

        assertThat(versions(second))
                .isEqualTo(versions(new Translator().translate(analyzer.check(image), Images.INGRESS)));
        var changes = second.changesSince(first, ResourceType.ROUTES);
        assertThat(changes).hasSize(1);
        assertThat(second.changesSince(first, ResourceType.ROUTES))
                .as("known as one step, not compared each time")
                .isSameAs(changes);
        assertThat(second.revision()).isEqualTo(image.revision());
    }

    @Test
    void ofAnImageThatNeverCameNothingIsLeft() {
        var before = Images.image(GATEWAY + routes("a.test", "directResponse: {status: 200}"));
        var never = Images.edited(before, routes("a.test", "directResponse: {status: 201}"));
        var image = Images.edited(before, routes("b.test", "directResponse: {status: 202}"));
        translator.translate(analyzer.check(before), Images.INGRESS);

        translator.prepare(analyzer.check(never), Images.INGRESS);
        var after = translator.translate(analyzer.check(image), Images.INGRESS);

        assertThat(versions(after))
                .isEqualTo(versions(new Translator().translate(analyzer.check(image), Images.INGRESS)));
    }

    // The last good version of what is withheld is one that was served.
    @Test
    void whatIsWithheldKeepsNoVersionThatNeverCame() {
        var before = Images.image(GATEWAY + routes("a.test", "directResponse: {status: 200}"));
        var never = Images.edited(before, routes("a.test", "directResponse: {status: 201}"));
        var broken = Images.edited(before, routes("a.test", "directResponse: {status: 7}"));
        var first = translator.translate(analyzer.check(before), Images.INGRESS);

        translator.prepare(analyzer.check(never), Images.INGRESS);
        var after = translator.translate(analyzer.check(broken), Images.INGRESS);

        assertThat(after.withheld()).hasSize(1);
        assertThat(versions(after)).isEqualTo(versions(first));
    }

    private static final String GATEWAY = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {name: edge, namespace: shop}
            spec:
              selector: {istio: ingressgateway}
              servers:
              - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
            ---
            """;

    private static String routes(String host, String action) {
        return """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: %s, namespace: shop}
                spec:
                  hosts: [%s]
                  gateways: [edge]
                  http:
                  - %s
                """.formatted(host, host, action);
    }

    private static Map<String, String> versions(EnvoyResources resources) {
        var versions = new TreeMap<String, String>();
        for (var type : ResourceType.values()) {
            for (EnvoyResource resource : resources.all(type).values()) {
                versions.put(type + " " + resource.name(), resource.version());
            }
        }
        return versions;
    }
}
