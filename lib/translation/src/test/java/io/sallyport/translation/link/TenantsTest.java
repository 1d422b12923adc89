package io.sallyport.translation.link;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.Analyzer;
import io.sallyport.translation.Translator;
import io.sallyport.translation.simulate.Answer;
import io.sallyport.translation.simulate.Request;
import io.sallyport.translation.simulate.TrafficSimulator;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Two tenants on one gateway, whose Gateway says by `namespace/host` which hosts are whose. Whatever the one writes in
/// his namespace, requests for the other's hosts are answered as before.
@Tag("V15")
class TenantsTest {

    private static final int ROUNDS = Boolean.getBoolean("sallyport.nightly") ? 5_000 : 40;
    private static final List<String> OWN = List.of("a.test", "x.a.test", "y.a.test");
    private static final List<String> PATHS = List.of("/", "/cart", "/cart/1", "/other");
    private static final List<String> CLAIMED = List.of("a.test", "x.a.test", "*.a.test", "*.test", "*", "b.test");

    private static final String SHARED = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {namespace: istio-system, name: edge}
            spec:
              selector: {istio: ingressgateway}
              servers:
              - {port: {number: 80, name: http, protocol: HTTP}, hosts: [a/a.test, "a/*.a.test", b/b.test, "b/*.b.test"]}
              - port: {number: 443, name: https, protocol: HTTPS}
                hosts: [a/a.test, a/x.a.test, a/y.a.test]
                tls: {mode: SIMPLE, credentialName: a-cert}
              - port: {number: 443, name: https-b, protocol: HTTPS}
                hosts: [b/b.test]
                tls: {mode: SIMPLE, credentialName: b-cert}
            ---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {namespace: a, name: shop}
            spec:
              hosts: [a.test, "*.a.test"]
              gateways: [istio-system/edge]
              http:
              - {match: [{uri: {prefix: /cart}}], route: [{destination: {host: up.a.test, subset: one}}]}
              - {match: [{uri: {exact: /}}], route: [{destination: {host: up.a.test}}]}
            ---
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {namespace: a, name: up}
            spec:
              hosts: [up.a.test]
              ports: [{number: 80, name: http, protocol: HTTP}]
              resolution: STATIC
              endpoints: [{address: 10.0.0.1, labels: {v: one}}, {address: 10.0.0.2}]
            ---
            apiVersion: networking.istio.io/v1
            kind: DestinationRule
            metadata: {namespace: a, name: up}
            spec: {host: up.a.test, subsets: [{name: one, labels: {v: one}}]}
            """;

    // Whose a listener's host is, say the namespaces that it takes routes from.
    private static final String STANDARD = """
            apiVersion: v1
            kind: Namespace
            metadata: {name: a, labels: {kubernetes.io/metadata.name: a}}
            ---
            apiVersion: v1
            kind: Namespace
            metadata: {name: b, labels: {kubernetes.io/metadata.name: b}}
            ---
            apiVersion: gateway.networking.k8s.io/v1
            kind: Gateway
            metadata: {namespace: istio-system, name: shared}
            spec:
              gatewayClassName: istio
              listeners:
              - name: a
                port: 80
                protocol: HTTP
                hostname: a.test
                allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {kubernetes.io/metadata.name: a}}}}
              - name: a-below
                port: 80
                protocol: HTTP
                hostname: "*.a.test"
                allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {kubernetes.io/metadata.name: a}}}}
              - name: a-secure
                port: 443
                protocol: HTTPS
                hostname: a.test
                tls: {certificateRefs: [{name: a-cert}]}
                allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {kubernetes.io/metadata.name: a}}}}
              - name: b
                port: 80
                protocol: HTTP
                hostname: b.test
                allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {kubernetes.io/metadata.name: b}}}}
            ---
            apiVersion: gateway.networking.k8s.io/v1
            kind: HTTPRoute
            metadata: {namespace: a, name: shop}
            spec:
              parentRefs: [{namespace: istio-system, name: shared}]
              hostnames: [a.test, "*.a.test"]
              rules:
              - {matches: [{path: {type: PathPrefix, value: /cart}}], backendRefs: [{name: cart, port: 80}]}
              - {matches: [{path: {type: Exact, value: /}}], backendRefs: [{name: cart, port: 80}]}
            ---
            apiVersion: v1
            kind: Service
            metadata: {namespace: a, name: cart}
            spec: {clusterIP: 10.0.0.9, ports: [{name: http, port: 80}]}
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {namespace: a, name: cart-1, labels: {kubernetes.io/service-name: cart}}
            addressType: IPv4
            ports: [{name: http, port: 9000}]
            endpoints: [{addresses: [10.0.0.1]}]
            ---
            apiVersion: v1
            kind: Secret
            metadata: {namespace: istio-system, name: a-cert}
            type: kubernetes.io/tls
            stringData: {tls.crt: "", tls.key: ""}
            """;

    @Test
    void routesOfOneTenantChangeNoAnswerForTheOther() {
        var before = answers(STANDARD);
        assertThat(before.values())
                .anySatisfy(answer -> assertThat(answer).contains("cart.a.svc.cluster.local"))
                .anySatisfy(answer -> assertThat(answer).startsWith("404"));
        var own = Request.get(8080, "b.test", "/");
        var served = 0;
        for (var seed = 0L; seed < ROUNDS; seed++) {
            var random = new Random(seed);
            var theirs = new ArrayList<String>();
            int count = 1 + random.nextInt(6);
            for (int n = 0; n < count; n++) {
                theirs.add(route(random, n));
            }
            var image = STANDARD + "---\n" + String.join("---\n", theirs);

            assertThat(answers(image)).as("seed %d: %s", seed, theirs).isEqualTo(before);
            served += text(simulator(image).answer(own)).startsWith("404") ? 0 : 1;
        }
        assertThat(served).as("configurations that serve his own host").isPositive();
    }

    private static String route(Random random, int number) {
        var hosts = random.nextInt(4) == 0
                ? ""
                : "hostnames: [\"%s\"], ".formatted(one(random, List.of("a.test", "x.a.test", "*.a.test", "b.test")));
        var listener = one(random, List.of("", "", ", sectionName: a", ", sectionName: a-below", ", sectionName: b"));
        var parents = "parentRefs: [{namespace: istio-system, name: shared%s}], ".formatted(listener);
        var path = one(random, List.of("/", "/cart", "/cart/1"));
        var kinds = List.of(
                """
                apiVersion: gateway.networking.k8s.io/v1
                kind: HTTPRoute
                metadata: {namespace: b, name: n%d}
                spec: {%s%srules: [{matches: [{path: {type: Exact, value: %s}}], filters: [{type: RequestRedirect, requestRedirect: {hostname: evil.test}}]}]}
                """.formatted(number, hosts, parents, path),
                """
                apiVersion: gateway.networking.k8s.io/v1
                kind: HTTPRoute
                metadata: {namespace: b, name: n%d}
                spec: {%s%srules: [{matches: [{path: {type: PathPrefix, value: %s}}], backendRefs: [{name: cart, namespace: a, port: 80}]}]}
                """.formatted(number, hosts, parents, path),
                """
                apiVersion: gateway.networking.k8s.io/v1
                kind: GRPCRoute
                metadata: {namespace: b, name: n%d}
                spec: {%s%srules: [{matches: [{method: {type: Exact, service: cart}}], backendRefs: [{name: own, port: 80}]}]}
                """.formatted(number, hosts, parents),
                """
                apiVersion: gateway.networking.k8s.io/v1alpha2
                kind: TLSRoute
                metadata: {namespace: b, name: n%d}
                spec: {%s%srules: [{backendRefs: [{name: own, port: 80}]}]}
                """.formatted(number, hosts, parents),
                """
                apiVersion: gateway.networking.k8s.io/v1beta1
                kind: ReferenceGrant
                metadata: {namespace: b, name: n%d}
                spec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: b}], to: [{group: "", kind: Service}]}
                """.formatted(number),
                """
                apiVersion: gateway.networking.k8s.io/v1
                kind: Gateway
                metadata: {namespace: b, name: n%d}
                spec: {gatewayClassName: istio, listeners: [{name: l, port: 80, protocol: HTTP, hostname: "%s"}]}
                """.formatted(number, one(random, List.of("a.test", "x.a.test", "*.a.test"))),
                """
                apiVersion: networking.k8s.io/v1
                kind: Ingress
                metadata: {namespace: b, name: n%d}
                spec: {ingressClassName: istio, rules: [{host: a.test, http: {paths: [{path: /cart, pathType: Prefix, backend: {service: {name: own, port: {number: 80}}}}]}}]}
                """.formatted(number));
        return one(random, kinds);
    }

    private static String one(Random random, List<String> words) {
        return words.get(random.nextInt(words.size()));
    }

    @Test
    void whatOneTenantWritesChangesNoAnswerForTheOther() {
        var before = answers(SHARED);
        assertThat(before.values()).anySatisfy(answer -> assertThat(answer).contains("10.0.0.2"));
        for (var seed = 0L; seed < ROUNDS; seed++) {
            var random = new Random(seed);
            var theirs = new ArrayList<String>();
            int count = 1 + random.nextInt(6);
            for (int n = 0; n < count; n++) {
                theirs.add(document(random, n));
            }

            assertThat(answers(SHARED + "---\n" + String.join("---\n", theirs)))
                    .as("seed %d: %s", seed, theirs)
                    .isEqualTo(before);
        }
    }

    @Test
    void aHostIsLeftToNobodyWhenItsTenantGoes() {
        var theirs = """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {namespace: b, name: taken}
                spec: {hosts: [a.test], gateways: [istio-system/edge], http: [{directResponse: {status: 200}}]}
                """;

        var answers = answers(SHARED.substring(0, SHARED.indexOf("---")) + "---\n" + theirs);

        assertThat(answers.values()).allMatch(answer -> answer.startsWith("404"));
    }

    private static TrafficSimulator simulator(String yaml) {
        var checked = new Analyzer().check(Images.image(yaml));
        return new TrafficSimulator(new Translator().translate(checked, Images.INGRESS));
    }

    private static Map<String, String> answers(String yaml) {
        var simulator = simulator(yaml);
        var answers = new TreeMap<String, String>();
        for (var host : OWN) {
            for (var path : PATHS) {
                answers.put("http " + host + path, text(simulator.answer(Request.get(8080, host, path))));
                var secure = new Request(443, host, "192.0.2.1", Request.Protocol.HTTP1, "GET", host, path, List.of());
                answers.put("https " + host + path, text(simulator.answer(secure)));
            }
        }
        return answers;
    }

    private static String text(Answer answer) {
        return switch (answer) {
            case Answer.Refused _ -> "refused";
            case Answer.Closed _ -> "closed";
            case Answer.Tunnelled tunnelled -> "tunnelled " + tunnelled.shares();
            case Answer.Replied replied -> replied.status() + " " + replied.body();
            case Answer.Forwarded forwarded -> {
                var share = forwarded.shares().getFirst();
                yield "to %s %s, mirrored to %d"
                        .formatted(
                                share.cluster(),
                                share.endpoints(),
                                forwarded.mirrors().size());
            }
        };
    }

    private static String document(Random random, int number) {
        var host = CLAIMED.get(random.nextInt(CLAIMED.size()));
        var kinds = List.of(
                """
                kind: VirtualService
                metadata: {namespace: b, name: n%d}
                spec: {hosts: ["%s"], gateways: [istio-system/edge], http: [{match: [{uri: {prefix: /cart}}], directResponse: {status: 418}}, {directResponse: {status: 200}}]}
                """.formatted(number, host),
                """
                kind: VirtualService
                metadata: {namespace: b, name: n%d}
                spec: {hosts: ["%s"], gateways: [istio-system/edge], tls: [{match: [{sniHosts: ["%s"]}], route: [{destination: {host: own.b.test, port: {number: 80}}}]}]}
                """.formatted(number, host, host),
                """
                kind: ServiceEntry
                metadata: {namespace: b, name: n%d}
                spec: {hosts: [up.a.test], ports: [{number: 80, name: http, protocol: HTTP}], resolution: STATIC, endpoints: [{address: 10.9.9.9, labels: {v: one}}]}
                """.formatted(number),
                """
                kind: DestinationRule
                metadata: {namespace: b, name: n%d}
                spec: {host: "%s", trafficPolicy: {tls: {mode: SIMPLE}}, subsets: [{name: one, labels: {v: two}}]}
                """.formatted(number, random.nextBoolean() ? "up.a.test" : "*.a.test"),
                """
                kind: Gateway
                metadata: {namespace: b, name: n%d}
                spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 443, name: n%d, protocol: HTTPS}, hosts: ["%s"], tls: {mode: SIMPLE, credentialName: b-cert}}]}
                """.formatted(number, number, host.equals("*.a.test") ? "a.test" : host),
                """
                kind: Sidecar
                metadata: {namespace: b, name: default}
                spec: {egress: [{hosts: ["b/*"]}], outboundTrafficPolicy: {mode: REGISTRY_ONLY}}
                """,
                """
                kind: WorkloadEntry
                metadata: {namespace: b, name: n%d}
                spec: {address: 10.9.9.8, labels: {v: one}}
                """.formatted(number));
        return "apiVersion: networking.istio.io/v1\n" + kinds.get(random.nextInt(kinds.size()));
    }
}
