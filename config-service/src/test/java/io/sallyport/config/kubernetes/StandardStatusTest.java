package io.sallyport.config.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.sallyport.cluster.TestCluster;
import io.sallyport.model.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What `kubectl get` shows of Gateways, routes, policies and Ingresses.
@Tag("S15")
class StandardStatusTest {

    private static final String GATEWAY_API = "gateway.networking.k8s.io/v1";

    @TempDir
    Path folder;

    private final TestCluster cluster = TestCluster.start();
    private final String shop = cluster.namespace("shop");
    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void stop() throws Exception {
        for (var each : open.reversed()) {
            each.close();
        }
        cluster.close();
    }

    private StatusWriter write() throws Exception {
        var followed = Followed.start(cluster, folder, shop);
        open.add(followed);
        return followed.ready().write("one", Optional.empty());
    }

    private void gateway() throws Exception {
        cluster.install(Kind.GATEWAY_CLASS, Kind.KUBERNETES_GATEWAY, Kind.HTTP_ROUTE, Kind.BACKEND_TLS_POLICY);
        cluster.apply("""
                apiVersion: v1
                kind: Service
                metadata: {name: edge, namespace: %1$s}
                spec:
                  type: LoadBalancer
                  selector: {app: edge}
                  ports: [{name: http, port: 80}]
                ---
                apiVersion: v1
                kind: Service
                metadata: {name: cart, namespace: %1$s}
                spec:
                  selector: {app: cart}
                  ports: [{name: http, port: 80}]
                ---
                apiVersion: gateway.networking.k8s.io/v1
                kind: Gateway
                metadata: {name: edge, namespace: %1$s}
                spec:
                  gatewayClassName: sallyport
                  addresses: [{type: Hostname, value: edge}]
                  listeners:
                  - {name: http, port: 80, protocol: HTTP}
                  - {name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: cert, namespace: vault}]}}
                """.formatted(shop));
        loadBalancer("192.0.2.7");
    }

    private void loadBalancer(String address) {
        put(
                "v1",
                "Service",
                "edge",
                status -> status.put("loadBalancer", Map.of("ingress", List.of(Map.of("ip", address)))));
    }

    private void route(String name, String rest) {
        cluster.apply("""
                apiVersion: gateway.networking.k8s.io/v1
                kind: HTTPRoute
                metadata: {name: %s, namespace: %s}
                spec:
                  hostnames: [%1$s.test]
                  %s
                """.formatted(name, shop, rest));
    }

    private interface Edit {
        void change(Map<String, Object> status);
    }

    // As another controller does: it reads, changes its part, and tries again where somebody was faster.
    private void put(String apiVersion, String kind, String name, Edit edit) {
        Followed.await(
                "a write without a conflict", () -> wrote(apiVersion, kind, name, edit), () -> kind + " " + name);
    }

    private boolean wrote(String apiVersion, String kind, String name, Edit edit) {
        var object = cluster.find(apiVersion, kind, shop, name).orElseThrow();
        var status = new LinkedHashMap<String, Object>();
        if (object.getAdditionalProperties().get("status") instanceof Map<?, ?> before) {
            before.forEach((key, value) -> status.put(String.valueOf(key), value));
        }
        edit.change(status);
        object.setAdditionalProperty("status", status);
        try {
            cluster.client().resource(object).updateStatus();
            return true;
        } catch (KubernetesClientException e) {
            if (e.getCode() != 409) {
                throw e;
            }
            return false;
        }
    }

    private GenericKubernetesResource find(String apiVersion, String kind, String name) {
        return cluster.find(apiVersion, kind, shop, name).orElseThrow();
    }

    private List<String> conditions(String apiVersion, String kind, String name, Object... path) {
        return said(find(apiVersion, kind, name).get(path));
    }

    // `Accepted=True Accepted @1`
    private static List<String> said(@Nullable Object conditions) {
        return (conditions instanceof List<?> list ? list : List.of())
                .stream()
                        .map(each -> (Map<?, ?>) each)
                        .map(each -> "%s=%s %s @%s"
                                .formatted(
                                        each.get("type"),
                                        each.get("status"),
                                        each.get("reason"),
                                        each.get("observedGeneration")))
                        .toList();
    }

    private void awaitConditions(String kind, String name, List<String> wanted, Object... path) {
        Followed.await(
                wanted.toString(),
                () -> conditions(GATEWAY_API, kind, name, path).equals(wanted),
                () -> find(GATEWAY_API, kind, name).get("status") + "");
    }

    private static Map<String, Object> other(String condition) {
        return Map.of(
                "parentRef",
                Map.of("group", "gateway.networking.k8s.io", "kind", "Gateway", "name", "edge"),
                "controllerName",
                "example.com/other",
                "conditions",
                List.of(Map.of(
                        "type",
                        condition,
                        "status",
                        "True",
                        "reason",
                        "Other",
                        "message",
                        "",
                        "lastTransitionTime",
                        "2026-01-01T00:00:00Z")));
    }

    @Test
    void gatewaySaysWhatItsListenersTakeAndWhereItIsReached() throws Exception {
        gateway();
        route("cart", "parentRefs: [{name: edge}]\n  rules: [{backendRefs: [{name: cart, port: 80}]}]");
        write();

        awaitConditions(
                "Gateway",
                "edge",
                List.of("Accepted=True Accepted @1", "Programmed=True Programmed @1"),
                "status",
                "conditions");
        var edge = find(GATEWAY_API, "Gateway", "edge");
        assertThat(edge.<Object>get("status", "addresses"))
                .isEqualTo(List.of(Map.of("type", "IPAddress", "value", "192.0.2.7")));
        assertThat(said(edge.get("status", "listeners", 0, "conditions")))
                .containsExactly(
                        "Accepted=True Accepted @1",
                        "Conflicted=False NoConflicts @1",
                        "ResolvedRefs=True ResolvedRefs @1",
                        "Programmed=True Programmed @1");
        assertThat(edge.<Object>get("status", "listeners", 0, "attachedRoutes")).isEqualTo(1);
        assertThat(edge.<Object>get("status", "listeners", 0, "supportedKinds", 0))
                .isEqualTo(Map.of("group", "gateway.networking.k8s.io", "kind", "HTTPRoute"));
        assertThat(said(edge.get("status", "listeners", 1, "conditions")))
                .contains("ResolvedRefs=False RefNotPermitted @1", "Programmed=False Invalid @1");

        loadBalancer("192.0.2.8");
        Followed.await(
                "the new address",
                () -> "192.0.2.8".equals(find(GATEWAY_API, "Gateway", "edge").get("status", "addresses", 0, "value")),
                () -> find(GATEWAY_API, "Gateway", "edge").get("status") + "");
    }

    @Test
    void routeSaysItForEachParentOfOursAndForEachVersionOfItself() throws Exception {
        gateway();
        // Of a mesh, of a set of listeners, and of nobody: their own controllers speak for them.
        route("cart", """
                parentRefs:
                  - {name: cart, kind: Service, group: ""}
                  - {name: edge, kind: XListenerSet, group: gateway.networking.x-k8s.io}
                  - {name: nobody}
                  - {name: edge, sectionName: nope}
                  - {name: edge, sectionName: http}
                  rules: [{backendRefs: [{name: lost, port: 80}]}]""");
        write();

        var first = List.of("Accepted=True Accepted @1", "ResolvedRefs=False BackendNotFound @1");
        awaitConditions("HTTPRoute", "cart", first, "status", "parents", 1, "conditions");
        awaitConditions(
                "HTTPRoute",
                "cart",
                List.of("Accepted=False NoMatchingParent @1", "ResolvedRefs=False BackendNotFound @1"),
                "status",
                "parents",
                0,
                "conditions");
        assertThat(find(GATEWAY_API, "HTTPRoute", "cart").<List<?>>get("status", "parents"))
                .hasSize(2);
        assertThat(find(GATEWAY_API, "HTTPRoute", "cart").<Object>get("status", "parents", 0, "controllerName"))
                .isEqualTo(StandardStatus.CONTROLLER);

        route("cart", "parentRefs: [{name: edge}]\n  rules: [{backendRefs: [{name: cart, port: 80}]}]");
        awaitConditions(
                "HTTPRoute",
                "cart",
                List.of("Accepted=True Accepted @2", "ResolvedRefs=True ResolvedRefs @2"),
                "status",
                "parents",
                0,
                "conditions");
        assertThat(find(GATEWAY_API, "HTTPRoute", "cart").<List<?>>get("status", "parents"))
                .hasSize(1);
    }

    @Test
    @Tag("F25")
    void entriesOfOtherControllersStayThroughConflicts() throws Exception {
        gateway();
        route("cart", "parentRefs: [{name: edge}]\n  rules: [{backendRefs: [{name: cart, port: 80}]}]");
        put(GATEWAY_API, "HTTPRoute", "cart", status -> status.put("parents", List.of(other("Before"))));
        var writer = write();

        for (int i = 0; i < 20; i++) {
            var condition = "Turn" + i;
            put(GATEWAY_API, "HTTPRoute", "cart", status -> {
                var parents = new ArrayList<Object>();
                if (status.get("parents") instanceof List<?> known) {
                    known.stream()
                            .filter(each -> !"example.com/other".equals(((Map<?, ?>) each).get("controllerName")))
                            .forEach(parents::add);
                }
                parents.add(other(condition));
                status.put("parents", parents);
            });
        }
        var ours = List.of("Accepted=True Accepted @1", "ResolvedRefs=True ResolvedRefs @1");
        Followed.await(
                "both entries",
                () -> {
                    var all = find(GATEWAY_API, "HTTPRoute", "cart").<List<?>>get("status", "parents").stream()
                            .flatMap(each -> said(((Map<?, ?>) each).get("conditions")).stream())
                            .toList();
                    // The simulated server takes statuses of any version, so that the last turn may be lost there.
                    var theirs = cluster.isReal() ? "Turn19=True Other @null" : "Turn";
                    return all.containsAll(ours)
                            && all.stream().anyMatch(each -> each.startsWith(theirs))
                            && all.size() == 3;
                },
                () -> find(GATEWAY_API, "HTTPRoute", "cart").get("status") + "");

        // It stands, and where it stood: nobody writes what is there already, or moves it.
        var version = find(GATEWAY_API, "HTTPRoute", "cart").getMetadata().getResourceVersion();
        var before = writer.written();
        for (int i = 1; i <= 4; i++) {
            route(
                    "list",
                    "parentRefs: [{name: edge}]\n  rules: [{backendRefs: [{name: cart, port: 80}], timeouts: {request: %ds}}]"
                            .formatted(i));
            var generation = "@" + i;
            awaitConditions(
                    "HTTPRoute",
                    "list",
                    ours.stream().map(each -> each.replace("@1", generation)).toList(),
                    "status",
                    "parents",
                    0,
                    "conditions");
        }
        assertThat(find(GATEWAY_API, "HTTPRoute", "cart").getMetadata().getResourceVersion())
                .isEqualTo(version);
        assertThat(writer.written()).isBetween(before + 4, before + 8);

        // And who is no parent any more says nothing more of us.
        route("cart", "rules: [{backendRefs: [{name: cart, port: 80}]}]");
        Followed.await(
                "ours to go",
                () -> find(GATEWAY_API, "HTTPRoute", "cart")
                                .<List<?>>get("status", "parents")
                                .size()
                        == 1,
                () -> find(GATEWAY_API, "HTTPRoute", "cart").get("status") + "");
    }

    @Test
    void routeThatIsRefusedSaysWhyToItsGateway() throws Exception {
        gateway();
        // The standard's own schema lets it pass.
        cluster.apply("""
                apiVersion: gateway.networking.k8s.io/v1
                kind: HTTPRoute
                metadata: {name: cart, namespace: %s}
                spec:
                  parentRefs: [{name: edge}]
                  hostnames: ["192.0.2.1"]
                """.formatted(shop));
        write();

        awaitConditions(
                "HTTPRoute",
                "cart",
                List.of("Accepted=False UnsupportedValue @1"),
                "status",
                "parents",
                0,
                "conditions");
        assertThat(find(GATEWAY_API, "HTTPRoute", "cart")
                        .<String>get("status", "parents", 0, "conditions", 0, "message"))
                .contains("hostname \"192.0.2.1\" is an address", "nothing of it is in force");
    }

    @Test
    void policySaysTheFirstOfSeveralTroublesOfOneType() throws Exception {
        gateway();
        route("cart", "parentRefs: [{name: edge}]\n  rules: [{backendRefs: [{name: cart, port: 80}]}]");
        cluster.apply("""
                apiVersion: gateway.networking.k8s.io/v1
                kind: BackendTLSPolicy
                metadata: {name: cart, namespace: %s}
                spec:
                  targetRefs: [{group: "", kind: Service, name: cart}]
                  validation:
                    hostname: cart.test
                    caCertificateRefs:
                    - {group: "", kind: Secret, name: root}
                    - {group: "", kind: ConfigMap, name: lost}
                """.formatted(shop));
        write();

        awaitConditions(
                "BackendTLSPolicy",
                "cart",
                List.of("Accepted=False NoValidCACertificate @1", "ResolvedRefs=False InvalidKind @1"),
                "status",
                "ancestors",
                0,
                "conditions");
    }

    @Test
    void policySpeaksToTheGatewaysThatItMatters() throws Exception {
        gateway();
        route("cart", "parentRefs: [{name: edge}]\n  rules: [{backendRefs: [{name: cart, port: 80}]}]");
        cluster.apply("""
                apiVersion: gateway.networking.k8s.io/v1
                kind: BackendTLSPolicy
                metadata: {name: cart, namespace: %s}
                spec:
                  targetRefs: [{group: "", kind: Service, name: cart}]
                  validation: {hostname: cart.test, wellKnownCACertificates: System}
                """.formatted(shop));
        write();

        awaitConditions(
                "BackendTLSPolicy",
                "cart",
                List.of("Accepted=True Accepted @1", "ResolvedRefs=True ResolvedRefs @1"),
                "status",
                "ancestors",
                0,
                "conditions");
        assertThat(find(GATEWAY_API, "BackendTLSPolicy", "cart").<Object>get("status", "ancestors", 0, "ancestorRef"))
                .isEqualTo(Map.of("group", "gateway.networking.k8s.io", "kind", "Gateway", "name", "edge"));
    }

    @Test
    void classOfOursIsAcceptedAndThatOfAnotherIsLeftAlone() throws Exception {
        cluster.install(Kind.GATEWAY_CLASS);
        for (var controller : List.of(StandardStatus.CONTROLLER, "example.com/other")) {
            cluster.apply("""
                    apiVersion: gateway.networking.k8s.io/v1
                    kind: GatewayClass
                    metadata: {name: %s-%s}
                    spec: {controllerName: %s}
                    """.formatted(shop, controller.startsWith("sallyport") ? "ours" : "theirs", controller));
        }
        write();

        Followed.await(
                "the class to be accepted",
                () -> said(gatewayClass("ours")).contains("Accepted=True Accepted @1"),
                () -> gatewayClass("ours") + "");
        assertThat(said(gatewayClass("theirs"))).noneMatch(each -> each.startsWith("Accepted=True"));
    }

    private Object gatewayClass(String name) {
        var found =
                cluster.find(GATEWAY_API, "GatewayClass", "", shop + "-" + name).orElseThrow();
        var conditions = found.<Object>get("status", "conditions");
        return conditions == null ? List.of() : conditions;
    }

    @Test
    void ingressNamesTheAddressesOfItsGateway() throws Exception {
        cluster.apply("""
                apiVersion: v1
                kind: Service
                metadata: {name: edge, namespace: %1$s, labels: {istio: ingressgateway}}
                spec:
                  type: LoadBalancer
                  selector: {istio: ingressgateway}
                  ports: [{name: http, port: 80}]
                ---
                apiVersion: networking.k8s.io/v1
                kind: Ingress
                metadata: {name: cart, namespace: %1$s}
                spec:
                  ingressClassName: istio
                  defaultBackend: {service: {name: edge, port: {number: 80}}}
                """.formatted(shop));
        loadBalancer("192.0.2.9");
        write();

        Followed.await(
                "the address",
                () -> "192.0.2.9"
                        .equals(find("networking.k8s.io/v1", "Ingress", "cart")
                                .get("status", "loadBalancer", "ingress", 0, "ip")),
                () -> find("networking.k8s.io/v1", "Ingress", "cart").get("status") + "");
    }
}
