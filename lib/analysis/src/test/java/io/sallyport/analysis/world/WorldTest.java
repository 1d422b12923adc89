package io.sallyport.analysis.world;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.Age;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.read.YamlReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class WorldTest {

    @Test
    @Tag("E9")
    void theOwnNamespaceComesBeforeTheOldest() {
        var world = world(entry("shop", "old", "api.test", "[\"*\"]") + "---\n"
                + entry("team", "young", "api.test", "[\"*\"]") + "---\n"
                + entry("other", "hidden", "api.test", "[\".\"]"));

        assertThat(names(world.backends("api.test", "team"))).containsExactly("young", "old");
        assertThat(names(world.backends("api.test", "nobody"))).containsExactly("old", "young");
    }

    @Test
    void aDocumentStandsInForARouter() {
        var platform = """
                apiVersion: sallyport.io/v1alpha1
                kind: Platform
                metadata: {namespace: istio-system, name: sallyport}
                proxies: [{name: edge, namespace: istio-system, listen: {80: 8080}}]
                """;
        var service = """
                apiVersion: v1
                kind: Service
                metadata: {namespace: istio-system, name: edge}
                spec: {ports: [{name: http, port: 80}]}
                """;
        var both = world(platform + "---\n" + service);
        var host = "edge.istio-system.svc.cluster.local";

        assertThat(both.backends(host))
                .extracting(backend -> backend.origin().object().kind())
                .containsExactly(Kind.SERVICE);
        var without = both.next(
                both.image().with(2, List.of(), List.of(new ObjectRef(Kind.SERVICE, "istio-system", "edge"))));
        assertThat(without.backends(host))
                .extracting(backend -> backend.origin().object().kind())
                .containsExactly(Kind.PLATFORM);
        assertThat(without.changedHosts(both)).containsExactly(host);
    }

    @Test
    void theSameTextInAnotherPlaceChangesNoHost() {
        var text = entry("shop", "a", "api.test", "[\"*\"]");
        var before = world(text);
        var again = before.next(before.image().with(2, objects("# moved\n---\n" + text), List.of()));

        assertThat(again.changedHosts(before)).isEmpty();
    }

    // Rows of the access log name the text that declares a host.
    @Test
    @Tag("B5")
    void anotherTextChangesItsHosts() {
        var text = entry("shop", "a", "api.test", "[\"*\"]");
        var before = world(text);
        var again = before.next(before.image().with(2, objects("# for Bob\n" + text), List.of()));

        assertThat(again.changedHosts(before)).containsExactly("api.test");
    }

    @Test
    @Tag("D1")
    void aPrivateRuleOfAnotherNamespaceDoesNotCount() {
        var world = world("""
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {namespace: shop, name: private}
                spec: {host: api.test, exportTo: ["."], subsets: [{name: v1}]}
                """);

        assertThat(world.rule("api.test", "shop", "team", Map.of())).isEqualTo(TrafficRule.NONE);
        assertThat(world.rule("api.test", "shop", "shop", Map.of()).subset("v1"))
                .isPresent();
    }

    @Test
    void theNearestNameIsAFewLettersAway() {
        var world = world("""
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {namespace: shop, name: edge}
                spec: {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
                """);

        assertThat(world.nearestGateway("shop/edg")).contains("shop/edge");
        assertThat(world.nearestGateway("team/other")).isEmpty();
    }

    private static List<String> names(List<Backend> backends) {
        return backends.stream()
                .map(backend -> backend.origin().object().name())
                .toList();
    }

    private static String entry(String namespace, String name, String host, String exportTo) {
        return """
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {namespace: %s, name: %s}
                spec: {hosts: [%s], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS, exportTo: %s}
                """.formatted(namespace, name, host, exportTo);
    }

    private static World world(String yaml) {
        return World.EMPTY.next(ConfigImage.EMPTY.with(1, objects(yaml), List.of()));
    }

    private static List<ConfigObject<?>> objects(String yaml) {
        var objects = new ArrayList<ConfigObject<?>>();
        new YamlReader()
                .read("in.yaml", yaml.getBytes(StandardCharsets.UTF_8))
                .objects()
                .forEach(object -> objects.add(object.withAge(new Age(Instant.EPOCH, 1, "in.yaml", objects.size()))));
        return objects;
    }
}
