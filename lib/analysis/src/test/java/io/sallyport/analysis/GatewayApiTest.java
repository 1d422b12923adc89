package io.sallyport.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.gatewayapi.Condition;
import io.sallyport.analysis.gatewayapi.ObjectStatus;
import io.sallyport.analysis.gatewayapi.ObjectStatus.OfGateway;
import io.sallyport.analysis.gatewayapi.ObjectStatus.OfRoute;
import io.sallyport.model.DestinationRule;
import io.sallyport.model.DestinationRule.ClientTlsSettings;
import io.sallyport.model.DestinationRule.PortTrafficPolicy;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Origin;
import io.sallyport.model.Path;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.PortSelector;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("S15")
class GatewayApiTest {

    private static final String GATEWAY = """
            apiVersion: gateway.networking.k8s.io/v1
            kind: Gateway
            metadata: {namespace: shop, name: edge}
            spec:
              gatewayClassName: istio
              listeners:
              - {name: http, port: 80, protocol: HTTP, hostname: "*.shop.test"}
              - {name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: cert, namespace: vault}]}}
              - {name: odd, port: 53, protocol: UDP}
              - {name: kinds, port: 81, protocol: HTTP, allowedRoutes: {kinds: [{kind: TCPRoute}, {kind: HTTPRoute}]}}
            """;
    private static final String SERVICE = """
            ---
            apiVersion: v1
            kind: Service
            metadata: {namespace: shop, name: cart}
            spec: {ports: [{name: http, port: 80}]}
            """;

    private static String route(String name, String spec) {
        return """
                ---
                apiVersion: gateway.networking.k8s.io/v1
                kind: HTTPRoute
                metadata: {namespace: shop, name: %s}
                spec: %s
                """.formatted(name, spec);
    }

    private static ObjectStatus status(String yaml, Kind kind, String name) {
        var image = new Analyzer().check(Documents.image(yaml));
        return image.gatewayApi().status(new ObjectRef(kind, "shop", name)).orElseThrow();
    }

    private static List<String> said(List<Condition> conditions) {
        return conditions.stream()
                .map(each -> each.type().text() + "=" + each.status() + " " + each.reason())
                .toList();
    }

    @Test
    void aGatewaySaysOfEachListenerWhatItTakesAndLacks() {
        var status = (OfGateway) status(
                GATEWAY
                        + SERVICE
                        + route(
                                "cart",
                                "{parentRefs: [{name: edge}], rules: [{backendRefs: [{name: cart, port: 80}]}]}"),
                Kind.KUBERNETES_GATEWAY,
                "edge");

        assertThat(said(status.own())).containsExactly("Accepted=True ListenersNotValid", "Programmed=True Programmed");
        assertThat(status.services()).containsExactly("istio-ingressgateway.istio-system.svc.cluster.local");
        assertThat(status.listeners())
                .extracting(ObjectStatus.OfListener::attachedRoutes)
                .containsExactly(1, 1, 0, 1);
        assertThat(said(status.listeners().get(0).conditions()))
                .containsExactly(
                        "Accepted=True Accepted",
                        "Conflicted=False NoConflicts",
                        "ResolvedRefs=True ResolvedRefs",
                        "Programmed=True Programmed");
        assertThat(said(status.listeners().get(1).conditions()))
                .contains("ResolvedRefs=False RefNotPermitted", "Programmed=False Invalid");
        assertThat(said(status.listeners().get(2).conditions())).contains("Accepted=False UnsupportedProtocol");
        assertThat(said(status.listeners().get(3).conditions()))
                .contains("Accepted=True Accepted", "ResolvedRefs=False InvalidRouteKinds");
        assertThat(status.listeners().get(3).supportedKinds())
                .extracting(kind -> kind.kind())
                .containsExactly("HTTPRoute");
    }

    @Test
    void listenersThatCannotBeToldApartAreConflicted() {
        var status = (OfGateway) status("""
                apiVersion: gateway.networking.k8s.io/v1
                kind: Gateway
                metadata: {namespace: shop, name: edge}
                spec:
                  gatewayClassName: istio
                  listeners:
                  - {name: plain, port: 80, protocol: HTTP}
                  - {name: bytes, port: 80, protocol: TCP}
                """, Kind.KUBERNETES_GATEWAY, "edge");

        assertThat(status.listeners())
                .allSatisfy(listener ->
                        assertThat(said(listener.conditions())).contains("Conflicted=True ProtocolConflict"));
        assertThat(said(status.own())).contains("Programmed=False Invalid");
    }

    @Test
    void aRouteSaysOfEachParentWhetherItTakesIt() {
        var parents =
                "{name: edge, sectionName: http}, {name: edge, sectionName: nope}, {name: nobody}, {kind: Service, group: \"\", name: cart}";
        var status = (OfRoute) status(
                GATEWAY
                        + SERVICE
                        + route(
                                "cart",
                                "{hostnames: [a.shop.test], parentRefs: [%s], rules: [{backendRefs: [{name: cart, port: 80}, {name: gone, port: 80}]}]}"
                                        .formatted(parents)),
                Kind.HTTP_ROUTE,
                "cart");

        assertThat(status.parents()).hasSize(4);
        assertThat(said(status.parents().get(3).conditions())).contains("Accepted=False UnsupportedValue");
        assertThat(said(status.parents().get(0).conditions()))
                .containsExactly("Accepted=True Accepted", "ResolvedRefs=False BackendNotFound");
        assertThat(said(status.parents().get(1).conditions())).contains("Accepted=False NoMatchingParent");
        assertThat(said(status.parents().get(2).conditions())).contains("Accepted=False NoMatchingParent");
    }

    @Test
    void aRouteOfAnotherHostOrNamespaceIsTold() {
        var other = route("far", "{hostnames: [far.test], parentRefs: [{name: edge, sectionName: http}]}");
        var foreign = other.replace("namespace: shop, name: far", "namespace: team, name: far")
                .replace("{name: edge,", "{name: edge, namespace: shop,");
        assertThat(said(((OfRoute) status(GATEWAY + other, Kind.HTTP_ROUTE, "far"))
                        .parents()
                        .getFirst()
                        .conditions()))
                .contains("Accepted=False NoMatchingListenerHostname");
        assertThat(Documents.findings(GATEWAY + foreign))
                .filteredOn(finding -> finding.code().id().equals("SP2981")
                        && String.valueOf(finding.location().object()).equals("HTTPRoute team/far"))
                .singleElement()
                .satisfies(
                        finding -> assertThat(finding.message()).contains("takes a HTTPRoute of namespace \"team\""));
    }

    // Of both kinds, made in that order.
    private static String both(String hostOfFirst, String hostOfSecond, String first, String second) {
        return """
                ---
                apiVersion: gateway.networking.k8s.io/v1
                kind: %s
                metadata: {namespace: shop, name: pages, creationTimestamp: "2026-01-01T00:00:00Z"}
                spec: {hostnames: ["%s"], parentRefs: [{name: edge, sectionName: http}]}
                ---
                apiVersion: gateway.networking.k8s.io/v1
                kind: %s
                metadata: {namespace: shop, name: calls, creationTimestamp: "2026-01-02T00:00:00Z"}
                spec: {hostnames: ["%s"], parentRefs: [{name: edge, sectionName: http}]}
                """.formatted(first, hostOfFirst, second, hostOfSecond);
    }

    @ParameterizedTest
    @CsvSource({
        "a.shop.test, a.shop.test, a.shop.test",
        "*.shop.test, a.shop.test, a.shop.test",
        "a.b.shop.test, *.b.shop.test, *.b.shop.test",
        "*.shop.test, *.b.shop.test, *.b.shop.test"
    })
    void aHostOfAListenerHasRoutesOfOneKind(String first, String second, String common) {
        var yaml = GATEWAY + both(first, second, "HTTPRoute", "GRPCRoute");

        assertThat(first(Kind.HTTP_ROUTE, "pages", yaml)).contains(" Accepted ");
        assertThat(first(Kind.GRPC_ROUTE, "calls", yaml))
                .isEqualTo(
                        "spec.hostnames HostnameConflict host \"%s\" of listener \"http\" has HTTPRoute \"shop/pages\" already (expected: a host whose routes are all of one kind)"
                                .formatted(common));
        var edge = (OfGateway) status(yaml, Kind.KUBERNETES_GATEWAY, "edge");
        assertThat(edge.listeners().getFirst().attachedRoutes()).isEqualTo(1);
    }

    @Test
    void whichKindAHostHasIsSaidByTheOlderRoute() {
        var yaml = GATEWAY + both("a.shop.test", "a.shop.test", "GRPCRoute", "HTTPRoute");

        assertThat(first(Kind.GRPC_ROUTE, "pages", yaml)).contains(" Accepted ");
        assertThat(first(Kind.HTTP_ROUTE, "calls", yaml)).contains(" HostnameConflict ");
    }

    @ParameterizedTest
    @CsvSource({"a.shop.test, b.shop.test", "a.shop.test, *.a.shop.test", "*.b.shop.test, *.a.shop.test"})
    void routesOfBothKindsStandBesideEachOtherWithHostsOfTheirOwn(String first, String second) {
        var yaml = GATEWAY + both(first, second, "HTTPRoute", "GRPCRoute");

        assertThat(first(Kind.HTTP_ROUTE, "pages", yaml)).contains(" Accepted ");
        assertThat(first(Kind.GRPC_ROUTE, "calls", yaml)).contains(" Accepted ");
    }

    /// The standard's schemas let the rules of a GRPCRoute be left out, and those of an HTTPRoute be none.
    @Test
    void hostOfARouteWithoutRulesIsAnsweredWith404() {
        var calls = both("a.shop.test", "b.shop.test", "HTTPRoute", "GRPCRoute")
                .replace("[\"a.shop.test\"]", "[a.shop.test], rules: []");
        var image = new Analyzer().check(Documents.image(GATEWAY + calls));

        var spelled = image.image()
                .all(Kind.VIRTUAL_SERVICE, VirtualService.class)
                .map(service -> service.spec().hosts() + " "
                        + Objects.requireNonNull(
                                        service.spec().http().getFirst().directResponse())
                                .status())
                .toList();

        assertThat(spelled).containsExactlyInAnyOrder("[a.shop.test] 404", "[b.shop.test] 404");
        assertThat(first(Kind.GRPC_ROUTE, "calls", GATEWAY + calls)).contains(" Accepted ");
    }

    /// The standard leaves the choice to whoever serves the Gateway.
    @ParameterizedTest
    @ValueSource(strings = {"{type: IPAddress}", "{type: Hostname}", "{}"})
    void anAddressWithoutAValueIsTheOneThatThereIs(String address) {
        var edge = (OfGateway) status(GATEWAY + "  addresses: [" + address + "]\n", Kind.KUBERNETES_GATEWAY, "edge");

        assertThat(said(edge.own())).containsExactly("Accepted=True ListenersNotValid", "Programmed=True Programmed");
        assertThat(edge.services()).containsExactly("istio-ingressgateway.istio-system.svc.cluster.local");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{type: IPAddress, value: 10.0.0.7}", "{type: example.com/Pool}"})
    void otherAddressesAreNotServed(String address) {
        var edge = (OfGateway) status(GATEWAY + "  addresses: [" + address + "]\n", Kind.KUBERNETES_GATEWAY, "edge");

        assertThat(said(edge.own()))
                .containsExactly("Accepted=False UnsupportedAddress", "Programmed=False AddressNotUsable");
    }

    @Test
    void listenersThatNobodyServesSaySo() {
        var edge = (OfGateway) status(
                GATEWAY + "  addresses: [{type: Hostname, value: nobody.shop}]\n", Kind.KUBERNETES_GATEWAY, "edge");

        assertThat(edge.listeners().getFirst().conditions().stream().filter(Condition::isTrouble))
                .extracting(Condition::message)
                .containsExactly("no proxies are behind the Gateway's addresses");
    }

    @Test
    void aParentsWrongPortIsNamedBesideTheRightListener() {
        var beside = "{parentRefs: [{name: edge, sectionName: http, port: 8081}]}";
        var alone = "{parentRefs: [{name: edge, port: 8081}]}";

        assertThat(first(Kind.HTTP_ROUTE, "cart", GATEWAY + route("cart", beside)))
                .isEqualTo("spec.parentRefs[0].port NoMatchingParent"
                        + " listener \"http\" of Gateway \"shop/edge\" is not on port 8081 (expected: 80)");
        assertThat(first(Kind.HTTP_ROUTE, "cart", GATEWAY + route("cart", alone)))
                .isEqualTo("spec.parentRefs[0].port NoMatchingParent"
                        + " Gateway \"shop/edge\" has no listener on port 8081 (expected: one of 80, 443, 53, 81)");
    }

    @Test
    void aListenerWhoseProtocolIsUnknownSaysThatAlone() {
        var status = (OfGateway) status(
                GATEWAY.replace("protocol: UDP", "protocol: UDP, allowedRoutes: {kinds: [{kind: UDPRoute}]}"),
                Kind.KUBERNETES_GATEWAY,
                "edge");

        assertThat(status.listeners().get(2).conditions().stream().filter(Condition::isTrouble))
                .extracting(Condition::message)
                .containsExactly(
                        "protocol \"UDP\" (expected: HTTP, HTTPS, TLS or TCP)",
                        "the listener is not served (expected: none of the other conditions against it)");
    }

    private static String first(Kind kind, String name, String yaml) {
        var condition = ((OfRoute) status(yaml, kind, name))
                .parents()
                .getFirst()
                .conditions()
                .getFirst();
        return condition.place() + " " + condition.reason() + " " + condition.message();
    }

    @Test
    void aChangeElsewhereJudgesARouteAgain() {
        var route = route("cart", "{parentRefs: [{name: edge}], rules: [{backendRefs: [{name: cart, port: 80}]}]}");
        var objects = Documents.objects(GATEWAY + route + SERVICE.replace("name: cart", "name: other"));
        var analyzer = new Analyzer();
        var first = ConfigImage.EMPTY.with(1, objects, List.of());
        assertThat(analyzer.check(first).findings())
                .extracting(finding -> finding.code().id())
                .contains("SP2982");
        var service = Documents.objects(SERVICE.substring(4));
        assertThat(analyzer.check(first.with(2, service, List.of())).findings())
                .filteredOn(
                        finding -> String.valueOf(finding.location().object()).startsWith("HTTPRoute"))
                .isEmpty();
    }

    @Test
    void whatStaysTheSameStaysTheSameObject() {
        var one = route(
                "one",
                "{hostnames: [one.shop.test], parentRefs: [{name: edge, sectionName: http}], rules: [{backendRefs: [{name: cart, port: 80}]}]}");
        var two = one.replace("name: one", "name: two").replace("one.shop", "two.shop");
        var analyzer = new Analyzer();
        var first = ConfigImage.EMPTY.with(1, Documents.objects(GATEWAY + SERVICE + one + two), List.of());
        var before = analyzer.check(first).image();
        var edited = Documents.objects(two.substring(4).replace("port: 80}", "port: 80, weight: 3}"));
        var after = analyzer.check(first.with(2, edited, List.of())).image();
        var kept = new ObjectRef(Kind.VIRTUAL_SERVICE, "shop", "edge~http~one.shop.test");
        assertThat(after.find(kept).orElseThrow()).isSameAs(before.find(kept).orElseThrow());
        var changed = new ObjectRef(Kind.VIRTUAL_SERVICE, "shop", "edge~http~two.shop.test");
        assertThat(after.find(changed).orElseThrow())
                .isNotSameAs(before.find(changed).orElseThrow());
    }

    @Test
    void rulesStandInTheStandardsOrderAndKnowWhereTheyWereWritten() {
        var route = route(
                "cart",
                "{hostnames: [a.shop.test], parentRefs: [{name: edge, sectionName: http}], rules: [{backendRefs: [{name: cart, port: 80}]}, {matches: [{path: {value: /a}}, {path: {type: Exact, value: /b}}], backendRefs: [{name: cart, port: 80}]}]}");
        var image = new Analyzer().check(Documents.image(GATEWAY + SERVICE + route));
        var ref = new ObjectRef(Kind.VIRTUAL_SERVICE, "shop", "edge~http~a.shop.test");
        var spelled = image.image().find(ref).orElseThrow();
        assertThat(((VirtualService) spelled.spec()).http()).hasSize(3);
        var rules = Path.of("spec", "http");
        assertThat(List.of(0, 1, 2))
                .extracting(i -> image.written(new Origin(ref, rules.index(i))).toString())
                .containsExactly(
                        "HTTPRoute shop/cart spec.rules[1].matches[1]",
                        "HTTPRoute shop/cart spec.rules[1].matches[0]",
                        "HTTPRoute shop/cart spec.rules[0]");
    }

    private static final String ROOT = """
            -----BEGIN CERTIFICATE-----
            MIIBdDCCARugAwIBAgIUbfmdMRPSbyeE3qY1qxOs4QbP/X0wCgYIKoZIzj0EAwIw
            DzENMAsGA1UEAwwEcm9vdDAgFw0yNjExMjIwNzA5MDFaGA8yMTI2MTAyOTA3MDkw
            MVowDzENMAsGA1UEAwwEcm9vdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOmW
            ikZVebyTIFEv7zYryaNQISnYopuXQU/wQ//zx1CPvXDXPXPccMDetUPSv87+bL3c
            bsY3XpKV3a+Naq3lr1SjUzBRMB0GA1UdDgQWBBSXalagKQ9ewTK4fXqXX3LQeQlV
            mTAfBgNVHSMEGDAWgBSXalagKQ9ewTK4fXqXX3LQeQlVmTAPBgNVHRMBAf8EBTAD
            AQH/MAoGCCqGSM49BAMCA0cAMEQCIEU73e6gZh8hG5TvCvQC5hD4/zKuKlS9MX49
            AyrLK9XIAiBm4wQUn1z7hpPY20KVI6kaJZJtQ4Iy3RalJrhlQqUfmA==
            -----END CERTIFICATE-----
            """;

    private static String authority(String name, String text) {
        return """
                ---
                apiVersion: v1
                kind: ConfigMap
                metadata: {namespace: shop, name: %s}
                data:
                  ca.crt: |
                %s
                """.formatted(name, text.strip().indent(4));
    }

    private static String reference(String kind, String name) {
        return "{group: \"\", kind: %s, name: %s}".formatted(kind, name);
    }

    @Test
    void authoritiesAreThoseOfEveryConfigMapThatCanBeUsed() {
        var pem = ROOT;
        var yaml = SERVICE
                + authority("root", pem)
                + authority("next", pem + pem)
                + authority("broken", "-----BEGIN CERTIFICATE-----\nhello\n-----END CERTIFICATE-----")
                + authority("empty", "hello");

        assertThat(said(policy(yaml, reference("ConfigMap", "root"))))
                .containsExactly("Accepted=True Accepted", "ResolvedRefs=True ResolvedRefs");
        assertThat(said(policy(yaml, reference("ConfigMap", "root") + ", " + reference("ConfigMap", "next"))))
                .containsExactly("Accepted=True Accepted", "ResolvedRefs=True ResolvedRefs");
        // What can be used is used.
        var half = policy(yaml, reference("ConfigMap", "root") + ", " + reference("ConfigMap", "nobodys"));
        assertThat(said(half)).containsExactly("Accepted=True Accepted", "ResolvedRefs=False InvalidCACertificateRef");
        assertThat(half.getLast().message())
                .isEqualTo(
                        "ConfigMap \"shop/nobodys\" with \"ca.crt\" does not exist (expected: one that config-service may read)");
        for (var unusable : List.of("nobodys", "broken", "empty")) {
            assertThat(said(policy(yaml, reference("ConfigMap", unusable))))
                    .containsExactly(
                            "Accepted=False NoValidCACertificate", "ResolvedRefs=False InvalidCACertificateRef");
        }
        assertThat(policy(yaml, reference("ConfigMap", "broken")).getLast().message())
                .isEqualTo(
                        "ConfigMap \"shop/broken\", \"ca.crt\": certificate 1 cannot be read (expected: X.509 in PEM)");
        // Not even where a ConfigMap of that name would do.
        assertThat(said(policy(yaml, reference("Secret", "root"))))
                .containsExactly("Accepted=False NoValidCACertificate", "ResolvedRefs=False InvalidKind");
    }

    @Test
    void policiesOfOneServiceHoldBesideEachOther() {
        var world = SERVICE.replace(
                "{name: http, port: 80}", "{name: a, port: 443}, {name: b, port: 444}, {name: c, port: 445}");
        var image = new Analyzer()
                .check(Documents.image(world
                        + policyFor("first", "cart", ", sectionName: a")
                        + policyFor("late", "cart", ", sectionName: a")
                        + policyFor("second", "cart", ", sectionName: b")
                        + policyFor("whole", "cart", "")));

        var rules = image.gatewayApi().spelled();
        assertThat(rules).singleElement().satisfies(rule -> {
            var traffic =
                    Objects.requireNonNull(((DestinationRule) rule.object().spec()).trafficPolicy());
            assertThat(traffic.tls()).extracting(ClientTlsSettings::sni).isEqualTo("whole.test");
            assertThat(traffic.portLevelSettings())
                    .extracting(PortTrafficPolicy::port)
                    .containsExactly(new PortSelector(443), new PortSelector(444));
            assertThat(traffic.portLevelSettings())
                    .extracting(PortTrafficPolicy::tls)
                    .extracting(ClientTlsSettings::sni)
                    .containsExactly("first.test", "second.test");
            var second = Path.of("spec", "trafficPolicy", "portLevelSettings")
                    .index(1)
                    .field("tls");
            assertThat(rule.written(second).object().name()).isEqualTo("second");
        });
        assertThat(said(image.gatewayApi()
                        .status(new ObjectRef(Kind.BACKEND_TLS_POLICY, "shop", "late"))
                        .orElseThrow()
                        .conditions()
                        .toList()))
                .containsExactly("Accepted=False Conflicted", "ResolvedRefs=True ResolvedRefs");
    }

    @Test
    void aPolicyForAServiceThatIsNotThereSaysSo() {
        var status = status(SERVICE + policyFor("typo", "crat", ""), Kind.BACKEND_TLS_POLICY, "typo");

        assertThat(said(status.conditions().toList()))
                .containsExactly("Accepted=False TargetNotFound", "ResolvedRefs=True ResolvedRefs");
        assertThat(status.conditions().findFirst().orElseThrow().place()).hasToString("spec.targetRefs[0].name");
    }

    @Test
    void aPolicyInAFileWithoutServicesIsBelieved() {
        var status = status(policyFor("alone", "cart", ""), Kind.BACKEND_TLS_POLICY, "alone");

        assertThat(said(status.conditions().toList()))
                .containsExactly("Accepted=True Accepted", "ResolvedRefs=True ResolvedRefs");
    }

    @Test
    void aPolicyThatHoldsForSomeTargetsSaysSo() {
        var world = SERVICE.replace("{name: http, port: 80}", "{name: a, port: 443}, {name: b, port: 444}")
                + policyFor("first", "cart", ", sectionName: a");
        var late =
                policyFor("late", "cart", ", sectionName: a}, {group: \"\", kind: Service, name: cart, sectionName: b");

        assertThat(status(world + late, Kind.BACKEND_TLS_POLICY, "late")
                        .conditions()
                        .toList()
                        .getFirst()
                        .message())
                .isEqualTo(
                        "an older policy is for Service \"cart\", port \"a\" (expected: one policy); its other targets follow it");
        assertThat(status(world + policyFor("late", "cart", ", sectionName: a"), Kind.BACKEND_TLS_POLICY, "late")
                        .conditions()
                        .toList()
                        .getFirst()
                        .message())
                .endsWith("(expected: one policy)");
    }

    private static String policyFor(String name, String service, String section) {
        return """
                ---
                apiVersion: gateway.networking.k8s.io/v1
                kind: BackendTLSPolicy
                metadata: {namespace: shop, name: %1$s}
                spec:
                  targetRefs: [{group: "", kind: Service, name: %2$s%3$s}]
                  validation: {hostname: %1$s.test, wellKnownCACertificates: System}
                """.formatted(name, service, section);
    }

    private static List<Condition> policy(String world, String references) {
        var policy = """
                ---
                apiVersion: gateway.networking.k8s.io/v1
                kind: BackendTLSPolicy
                metadata: {namespace: shop, name: cart}
                spec:
                  targetRefs: [{group: "", kind: Service, name: cart}]
                  validation: {hostname: cart.test, caCertificateRefs: [%s]}
                """.formatted(references);
        return status(world + policy, Kind.BACKEND_TLS_POLICY, "cart")
                .conditions()
                .toList();
    }
}
