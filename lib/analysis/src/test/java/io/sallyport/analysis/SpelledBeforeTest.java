package io.sallyport.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.gatewayapi.GatewayApi;
import io.sallyport.analysis.gatewayapi.Spelled;
import io.sallyport.analysis.gatewayapi.SpelledBefore;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A change of one of many routes spells that route and its host, and what comes out is what would come out of nothing.
@Tag("S15")
class SpelledBeforeTest {

    private static final int ROUTES = 2_000;
    private static final String GATEWAY = """
            apiVersion: gateway.networking.k8s.io/v1
            kind: Gateway
            metadata: {namespace: shop, name: edge}
            spec:
              gatewayClassName: sallyport
              listeners: [{name: http, port: 80, protocol: HTTP}]
            """;

    private static final ConfigImage FIRST = Documents.image(GATEWAY
            + service("one", 80)
            + service("other", 80)
            + IntStream.range(0, ROUTES).mapToObj(i -> route(i, "one")).collect(Collectors.joining()));

    private final SpelledBefore before = new SpelledBefore();
    private ConfigImage image = FIRST;

    private static String service(String name, int port) {
        return """
                ---
                apiVersion: v1
                kind: Service
                metadata: {namespace: shop, name: %s}
                spec: {ports: [{name: http, port: %d}]}
                """.formatted(name, port);
    }

    // Two routes share a host.
    private static String route(int number, String service) {
        return """
                ---
                apiVersion: gateway.networking.k8s.io/v1
                kind: HTTPRoute
                metadata: {namespace: shop, name: route-%d}
                spec:
                  parentRefs: [{name: edge}]
                  hostnames: [host-%d.test]
                  rules: [{matches: [{path: {value: /%1$d}}], backendRefs: [{name: %3$s, port: 80}]}]
                """.formatted(number, number / 2, service);
    }

    private GatewayApi spell() {
        var next = GatewayApi.of(image, before);
        var anew = GatewayApi.of(image);
        assertThat(next.spelled()).hasSameSizeAs(anew.spelled());
        for (int i = 0; i < next.spelled().size(); i++) {
            assertThat(next.spelled().get(i)).matches(anew.spelled().get(i)::isSame);
        }
        assertThat(next.statuses()).isEqualTo(anew.statuses());
        return next;
    }

    private void change(String yaml) {
        image = image.with(image.revision() + 1, Documents.objects(yaml.substring(yaml.indexOf("---") + 4)), List.of());
    }

    @Test
    void oneRouteOfManyIsSpelledWhenItChanges() {
        var first = spell();
        assertThat(before.routesSpelled()).isEqualTo(ROUTES);
        assertThat(before.sitesSpelled()).isEqualTo(ROUTES / 2);

        change(route(7, "other"));
        var second = spell();

        assertThat(before.routesSpelled()).isEqualTo(1);
        assertThat(before.sitesSpelled()).isEqualTo(1);
        assertThat(second.spelled().stream().filter(now -> !holds(first, now))).hasSize(2);
    }

    // The Gateway's own is spelled each time.
    private static boolean holds(GatewayApi first, Spelled now) {
        return first.spelled().stream().anyMatch(each -> each == now);
    }

    @Test
    void serviceThatChangesSpellsTheRoutesThatLeadToIt() {
        change(route(7, "other"));
        spell();

        change(service("other", 81));
        var lost = spell();

        assertThat(before.routesSpelled()).isEqualTo(1);
        assertThat(lost.status(new ObjectRef(Kind.HTTP_ROUTE, "shop", "route-7"))
                        .orElseThrow()
                        .conditions())
                .anyMatch(condition -> condition.reason().equals("BackendNotFound"));

        change(service("nobodys", 80));
        spell();
        assertThat(before.routesSpelled()).isZero();
    }

    @Test
    void routeThatGoesTakesItsRulesWithIt() {
        spell();
        image = image.with(2, List.of(), List.of(new ObjectRef(Kind.HTTP_ROUTE, "shop", "route-7")));

        spell();

        assertThat(before.routesSpelled()).isZero();
        assertThat(before.sitesSpelled()).isEqualTo(1);
    }
}
