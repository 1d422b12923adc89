package io.sallyport.translation.link;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.Analyzer;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.ResourceType;
import io.sallyport.translation.Translator;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Workloads that no object tells apart share one answer, and part as soon as one does.
class SharedClassesTest {

    private static final ProxyClass WEB = client("web", Map.of("app", "web", "pod-template-hash", "1"));
    private static final ProxyClass CART = client("cart", Map.of("app", "cart", "pod-template-hash", "2"));

    private final Analyzer analyzer = new Analyzer();
    private final Translator translator = new Translator();

    @Test
    void workloadsThatNobodyTellsApartShareOneAnswer() {
        var image = Images.image(SERVICE);

        assertThat(translate(image, WEB)).isSameAs(translate(image, CART));
    }

    // Most policies spread over all endpoints alike, wherever the proxy is.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "subsets: [{name: v2}], trafficPolicy: {outlierDetection: {}}",
                "subsets: [{name: v2}], trafficPolicy: {portLevelSettings: [{port: {number: 80}, outlierDetection: {}}]}",
                "subsets: [{name: v2, trafficPolicy: {outlierDetection: {}}}]",
                "subsets: [{name: v2}], trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: [{from: west/*, to: {east: 100}}]}}}",
                "subsets: [{name: v2}], trafficPolicy: {loadBalancer: {zoneAwareLbSetting: {enabled: true}}}",
            })
    void placesTellApartOnlyWhereTheyCount(String policy) {
        var west = client("web", Map.of("topology.kubernetes.io/region", "west"));
        var east = client("web", Map.of("istio-locality", "east.a"));
        var image = Images.image(SERVICE + """
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: routes, namespace: shop}
                spec: {hosts: [one.test], http: [{route: [{destination: {host: one.test, subset: v2}}]}]}
                """);
        assertThat(translate(image, west)).isSameAs(translate(image, east));

        var checked = analyzer.check(Images.edited(image, """
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: subsets, namespace: shop}
                spec: {host: one.test, %s}
                """.formatted(policy)));

        assertThat(translator.plan(checked, west)).isEqualTo(new Linker(west).link(checked));
        assertThat(translator.plan(checked, east)).isEqualTo(new Linker(east).link(checked));
        assertThat(translator.plan(checked, west)).isNotEqualTo(translator.plan(checked, east));
    }

    @Test
    void aMeshThatSharesOutByPlaceTellsPlacesApart() {
        var west = client("web", Map.of("topology.kubernetes.io/region", "west"));
        var east = client("web", Map.of("topology.kubernetes.io/region", "east"));
        var checked = analyzer.check(Images.image(SERVICE + """
                ---
                apiVersion: sallyport.io/v1alpha1
                kind: Platform
                metadata: {namespace: istio-system, name: sallyport}
                mesh: {localityLbSetting: {distribute: [{from: west/*, to: {"east/*": 100}}]}}
                """));

        assertThat(translator.plan(checked, west)).isEqualTo(new Linker(west).link(checked));
        assertThat(translator.plan(checked, east)).isEqualTo(new Linker(east).link(checked));
        assertThat(translator.plan(checked, west)).isNotEqualTo(translator.plan(checked, east));
    }

    @Test
    void eachPartGoesOnFromTheSharedAnswer() {
        var image = Images.image(SERVICE);
        var before = translate(image, WEB);
        translate(image, CART);

        image = Images.edited(image, route("/told", "sourceLabels: {app: web}"));
        var web = translate(image, WEB);
        var cart = translate(image, CART);

        assertThat(web.all(ResourceType.ROUTES)).isNotEqualTo(cart.all(ResourceType.ROUTES));
        for (var after : new EnvoyResources[] {web, cart}) {
            assertThat(after.changesSince(before, ResourceType.ROUTES))
                    .as("known as one step, not compared")
                    .isSameAs(after.changesSince(before, ResourceType.ROUTES));
        }
    }

    @Test
    void whatIsWithheldKeepsItsLastVersionInEachPart() {
        var image = Images.edited(Images.image(SERVICE), route("/good", ""));
        var before = translate(image, WEB);
        translate(image, CART);

        image = Images.edited(image, """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: routes, namespace: shop}
                spec:
                  hosts: [one.test]
                  http:
                  - match: [{sourceLabels: {app: web}}]
                    directResponse: {status: 7}
                  - directResponse: {status: 7}
                """);

        assertThat(translate(image, CART).withheld()).isNotEmpty();
        assertThat(translate(image, CART).all(ResourceType.ROUTES)).isEqualTo(before.all(ResourceType.ROUTES));
        assertThat(translate(image, WEB).all(ResourceType.ROUTES)).isEqualTo(before.all(ResourceType.ROUTES));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "EgressPolicy; hosts: [pay.example.com], ports: [{number: 443, protocol: TLS}], from: [{labels: {app: web}}]",
                "Sidecar; workloadSelector: {labels: {app: web}}, egress: [{hosts: ['other/*']}]",
                "Telemetry; selector: {matchLabels: {app: web}}, accessLogging: [{providers: [{name: envoy}]}]",
                "VirtualService; hosts: [one.test], http: [{match: [{sourceLabels: {app: web}}], directResponse: {status: 201}}, {route: [{destination: {host: one.test}}]}]",
                "VirtualService; hosts: [one.test], tls: [{match: [{sniHosts: [one.test], sourceLabels: {app: web}}], route: [{destination: {host: one.test, subset: v2}}]}]",
                "VirtualService; hosts: [one.test], tcp: [{match: [{port: 9000, sourceLabels: {app: web}}], route: [{destination: {host: one.test, subset: v2}}]}]",
                "DestinationRule; host: one.test, workloadSelector: {matchLabels: {app: web}}, trafficPolicy: {loadBalancer: {simple: RANDOM}}",
                "DestinationRule; host: one.test, trafficPolicy: {outlierDetection: {}, loadBalancer: {localityLbSetting: {failoverPriority: [app]}}}",
                "DestinationRule; host: one.test, trafficPolicy: {portLevelSettings: [{port: {number: 80}, outlierDetection: {}, loadBalancer: {localityLbSetting: {failoverPriority: [app]}}}]}",
                "DestinationRule; host: one.test, trafficPolicy: {loadBalancer: {zoneAwareLbSetting: {enabled: true, failoverPriority: [app]}}}",
            })
    void everyWayToTellThemApartIsKnown(String object) {
        var parts = object.split("; ", 2);
        var kind = Kind.of(parts[0]).orElseThrow();
        var image = Images.image(SERVICE);
        translate(image, WEB);
        translate(image, CART);

        image = Images.edited(
                image,
                "apiVersion: %s/%s\nkind: %s\nmetadata: {name: x, namespace: shop}\nspec: {%s}\n"
                        .formatted(kind.group(), kind == Kind.EGRESS_POLICY ? "v1alpha1" : "v1", parts[0], parts[1]));
        var checked = analyzer.check(image);

        var web = translator.plan(checked, WEB);
        var cart = translator.plan(checked, CART);
        assertThat(web).isNotEqualTo(cart);
        assertThat(web).isEqualTo(new Linker(WEB).link(checked));
        assertThat(cart).isEqualTo(new Linker(CART).link(checked));

        image = Images.without(image, new ObjectRef(kind, "shop", "x"));
        checked = analyzer.check(image);
        assertThat(translator.plan(checked, WEB)).isEqualTo(translator.plan(checked, CART));
    }

    private EnvoyResources translate(ConfigImage image, ProxyClass proxy) {
        return translator.translate(analyzer.check(image), proxy);
    }

    private static ProxyClass client(String name, Map<String, String> labels) {
        return Images.client("shop", name, labels, Map.of("outbound", 15_001));
    }

    private static String route(String path, String match) {
        return """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: routes, namespace: shop}
                spec:
                  hosts: [one.test]
                  http:
                  - match: [{%s}]
                    redirect: {uri: %s}
                  - directResponse: {status: 200}
                """.formatted(match.isEmpty() ? "uri: {prefix: /x}" : match, path);
    }

    private static final String SERVICE = """
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {name: one, namespace: shop}
            spec:
              hosts: [one.test]
              addresses: [10.9.0.1]
              ports:
              - {number: 80, name: http, protocol: HTTP}
              - {number: 443, name: tls, protocol: TLS}
              - {number: 9000, name: tcp, protocol: TCP}
              resolution: STATIC
              endpoints:
              - {address: 10.0.0.1, labels: {app: web}, locality: west/a}
              - {address: 10.0.0.2, labels: {app: cart, version: v2}, locality: east/a}
            ---
            apiVersion: networking.istio.io/v1
            kind: DestinationRule
            metadata: {name: subsets, namespace: shop}
            spec:
              host: one.test
              subsets: [{name: v2, labels: {version: v2}}]
            """;
}
