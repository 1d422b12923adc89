package io.sallyport.translation.link;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.Analyzer;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.Age;
import io.sallyport.model.ConfigObject;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.Translator;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// After any sequence of edits the plan is what a fresh linker makes, and says rightly what changed; the order in which
/// objects arrive does not matter.
class EditsTest {

    private static final int EDITS = Boolean.getBoolean("sallyport.nightly") ? 400 : 40;

    static LongStream seeds() {
        return LongStream.range(0, Boolean.getBoolean("sallyport.nightly") ? 100 : 8);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void anEditedPlanEqualsAFreshOne(long seed) {
        var documents = new RandomDocuments(new Random(seed));
        var proxies = List.of(
                Images.INGRESS,
                new ProxyClass(
                        ProxyClass.Role.ROUTER,
                        "shop",
                        "own",
                        new TreeMap<>(Map.of("app", "own")),
                        new TreeMap<>(),
                        "0.0.0.0",
                        true),
                client("shop", Map.of("outbound", 15_001, "80", 18_080)),
                client("team", Map.of("http-proxy", 15_002, "443", 18_443)));
        var analyzer = new Analyzer();
        var linkers = proxies.stream().map(Linker::new).toList();
        var image = ConfigImage.EMPTY;
        for (int edit = 0; edit < EDITS; edit++) {
            image = documents.edit(image);
            var checked = analyzer.check(image);
            for (int i = 0; i < proxies.size(); i++) {
                var plan = linkers.get(i).link(checked);
                var fresh = new Linker(proxies.get(i)).link(new Analyzer().check(shuffled(image, seed + edit)));
                assertThat(PlanText.of(plan)).as("seed %d, edit %d", seed, edit).isEqualTo(PlanText.of(fresh));
                assertThat(plan).as("seed %d, edit %d", seed, edit).isEqualTo(fresh);
            }
        }
    }

    /// Whichever classes share an answer, each gets what it would get alone.
    @ParameterizedTest
    @MethodSource("seeds")
    void classesThatShareGetWhatEachWouldGetAlone(long seed) {
        var random = new Random(seed);
        var documents = new RandomDocuments(random);
        var places = List.of("", "topology.kubernetes.io/region", "istio-locality", "rack", "version");
        var proxies = new ArrayList<ProxyClass>();
        for (int i = 0; i < 12; i++) {
            var labels = new TreeMap<>(Map.of("app", i % 3 == 0 ? "sleep" : "own", "pod-template-hash", "h" + i));
            labels.put(places.get(i % places.size()), "r" + i % 2);
            labels.remove("");
            proxies.add(
                    i % 4 == 0
                            ? Images.router("own", labels)
                            : Images.client("shop", "sleep", labels, Map.of("outbound", 15_001)));
        }
        var analyzer = new Analyzer();
        var translator = new Translator();
        var image = ConfigImage.EMPTY;
        for (int edit = 0; edit < EDITS; edit++) {
            if (random.nextInt(4) == 0) {
                var never = analyzer.check(documents.edit(image));
                translator.prepare(never, proxies.get(random.nextInt(proxies.size())));
            }
            image = documents.edit(image);
            var checked = analyzer.check(image);
            Collections.shuffle(proxies, random);
            translator.forget(proxies.getFirst());
            for (var proxy : proxies.subList(0, 1 + random.nextInt(proxies.size()))) {
                assertThat(PlanText.of(translator.plan(checked, proxy)))
                        .as("seed %d, edit %d, %s", seed, edit, proxy)
                        .isEqualTo(PlanText.of(new Linker(proxy).link(checked)));
                assertThat(translator.plan(checked, proxy))
                        .as("seed %d, edit %d, %s", seed, edit, proxy)
                        .isEqualTo(new Linker(proxy).link(checked));
            }
        }
    }

    private static ProxyClass client(String namespace, Map<String, Integer> listen) {
        return Images.client(namespace, "sleep", Map.of("app", "sleep"), listen);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void whatIsSaidToHaveChangedIsAllThatChanged(long seed) {
        var documents = new RandomDocuments(new Random(seed));
        var analyzer = new Analyzer();
        // Every other seed for a client.
        var linker = new Linker(
                seed % 2 == 0 ? Images.INGRESS : client("shop", Map.of("outbound", 15_001, "http-proxy", 15_002)));
        var image = ConfigImage.EMPTY;
        var before = linker.link(analyzer.check(image));
        for (int edit = 0; edit < EDITS; edit++) {
            image = documents.edit(image);
            var after = linker.link(analyzer.check(image));
            var compared = before.next(after.listeners(), after.tables(), after.upstreams());
            assertThat(after.changesSince(before))
                    .as("seed %d, edit %d", seed, edit)
                    .isEqualTo(compared.changesSince(before));
            before = after;
        }
    }

    private static ConfigImage shuffled(ConfigImage image, long seed) {
        var objects = new ArrayList<>(image.objects());
        Collections.shuffle(objects, new Random(seed));
        var half = objects.size() / 2;
        return ConfigImage.EMPTY
                .with(1, objects.subList(0, half), List.of())
                .with(image.revision(), objects.subList(half, objects.size()), List.of());
    }

    /// Documents of all kinds about a few names, so that they meet.
    private static final class RandomDocuments {

        private static final List<String> NAMESPACES = List.of("shop", "team", "istio-system");
        private static final List<String> HOSTS =
                List.of("a.test", "b.test", "*.test", "*", "A.test", "x.a.test", "web", "c.example");
        private static final List<String> BACKENDS = List.of(
                "web", "one.test", "two.test", "web.shop.svc.cluster.local", "edge.istio-system.svc.cluster.local");

        private final Random random;

        RandomDocuments(Random random) {
            this.random = random;
        }

        ConfigImage edit(ConfigImage image) {
            var refs = image.objects().stream().map(ConfigObject::ref).sorted().toList();
            if (!refs.isEmpty() && random.nextInt(4) == 0) {
                return image.with(image.revision() + 1, List.of(), List.of(refs.get(random.nextInt(refs.size()))));
            }
            var made = Images.read(document()).getFirst();
            var old = image.find(made.ref());
            var age = old.isPresent()
                    ? old.get().age()
                    : new Age(Instant.EPOCH.plusSeconds(random.nextInt(3)), image.revision() + 1, "", 0);
            return image.with(image.revision() + 1, List.of(made.withAge(age)), List.of());
        }

        private String document() {
            return switch (random.nextInt(16)) {
                case 0, 1 -> gateway();
                case 2, 3, 4, 5, 6 -> virtualService();
                case 7, 8 -> serviceEntry();
                case 9, 10 -> destinationRule();
                case 11 -> service();
                case 12 -> random.nextBoolean() ? slice() : delegate();
                case 13 -> random.nextBoolean() ? sidecar() : telemetry();
                case 14 -> outside();
                default -> random.nextBoolean() ? platform() : workload();
            };
        }

        private String gateway() {
            return header("networking.istio.io/v1", "Gateway", "g" + random.nextInt(3))
                    + "spec: {selector: %s, servers: [%s]}\n"
                            .formatted(
                                    one("{}", "{istio: ingressgateway}", "{app: own}"),
                                    list(
                                            1,
                                            3,
                                            n -> "{port: {number: %s, name: p%d, protocol: %s}, hosts: [%s]%s}"
                                                    .formatted(
                                                            one("80", "81", "31400"),
                                                            n,
                                                            one("HTTP", "HTTP2", "TCP", "HTTP"),
                                                            list(
                                                                    1,
                                                                    2,
                                                                    _ -> one(
                                                                            "\"*\"",
                                                                            "\"./*\"",
                                                                            "a.test",
                                                                            "\"*.test\"",
                                                                            "shop/b.test")),
                                                            one(
                                                                    "",
                                                                    "",
                                                                    ", bind: 10.0.0.1",
                                                                    ", tls: {httpsRedirect: true}"))));
        }

        private String virtualService() {
            return header("networking.istio.io/v1", "VirtualService", "v" + random.nextInt(6))
                    + "spec: {hosts: [%s], gateways: [%s]%s, http: [%s], tcp: [%s]}\n"
                            .formatted(
                                    list(1, 2, _ -> "\"" + one(HOSTS) + "\""),
                                    list(1, 2, _ -> one("g0", "g1", "shop/g0", "team/g2", "mesh", "istio-system/g1")),
                                    one("", "", "", ", exportTo: [\".\"]", ", exportTo: [istio-system]"),
                                    list(1, 3, _ -> http())
                                            + "], tls: ["
                                            + list(
                                                    0,
                                                    2,
                                                    _ ->
                                                            "{match: [{sniHosts: [%s]%s}], route: [{destination: {host: %s}}]}"
                                                                    .formatted(
                                                                            one("a.test", "\"*.test\"", "one.test"),
                                                                            one("", ", sourceLabels: {app: own}"),
                                                                            one(BACKENDS))),
                                    list(
                                            0,
                                            1,
                                            _ -> "{match: [{port: 31400%s}], route: [{destination: {host: %s}}]}"
                                                    .formatted(
                                                            one("", ", sourceLabels: {version: r0}"), one(BACKENDS))));
        }

        private String delegate() {
            return "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {namespace: shop, name: part}\n"
                    + "spec: {http: [{match: [{uri: {prefix: %s}}], route: [{destination: {host: %s}}]}]%s}\n"
                            .formatted(one("/", "/a", "/a/b"), one(BACKENDS), one("", ", exportTo: [\".\"]"));
        }

        private String http() {
            return "{%s%s}"
                    .formatted(
                            one(
                                    "",
                                    "match: [{uri: {prefix: /a}}], ",
                                    "match: [{uri: {prefix: /}, port: 80}], ",
                                    "match: [{sourceLabels: {app: %s}}], ".formatted(one("sleep", "own")),
                                    "match: [{gateways: [shop/g0]}, {headers: {x: {exact: some}}}], "),
                            one(
                                    "directResponse: {status: 200}",
                                    "delegate: {name: part, namespace: shop}",
                                    "redirect: {uri: /x}",
                                    "route: [{destination: {host: %s, subset: %s}}]"
                                            .formatted(one(BACKENDS), one("v1", "\"\"")),
                                    "route: [{destination: {host: %s, port: {number: 80}}, weight: 1}, {destination: {host: %s}, weight: 2}]"
                                            .formatted(one(BACKENDS), one(BACKENDS))));
        }

        private String serviceEntry() {
            return header("networking.istio.io/v1", "ServiceEntry", "s" + random.nextInt(3))
                    + "spec: {hosts: [%s], ports: [%s], resolution: %s%s}\n"
                            .formatted(
                                    one("one.test", "two.test", "web.shop.svc.cluster.local"),
                                    one(
                                            "{number: 80, name: http, protocol: HTTP}",
                                            "{number: 81, name: grpc, protocol: GRPC}"),
                                    one("STATIC", "STATIC", "DNS"),
                                    one(
                                            ", endpoints: [{address: 10.0.0.1, labels: {v: a, rack: r1}, locality: r0}, {address: 10.0.0.2, locality: r1/z}]",
                                            ", endpoints: [{address: 10.0.0.3}], exportTo: [\".\"]",
                                            ", workloadSelector: {labels: {app: w}}"));
        }

        private String sidecar() {
            return header("networking.istio.io/v1", "Sidecar", "c" + random.nextInt(2))
                    + "spec: {%segress: [{%shosts: [%s]}]%s}\n"
                            .formatted(
                                    one("", "workloadSelector: {labels: {app: sleep}}, "),
                                    one("", "", "port: {number: 80, name: http, protocol: HTTP}, "),
                                    one("\"*/*\"", "\"./*\"", "\"./*\", \"team/*\"", "\"*/*.test\""),
                                    one(
                                            "",
                                            ", outboundTrafficPolicy: {}",
                                            ", outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: one.test, port: {number: 80}}}"));
        }

        private String outside() {
            return header("networking.istio.io/v1", "ServiceEntry", "o" + random.nextInt(4))
                    + "spec: {hosts: [%s], ports: [%s], resolution: %s%s%s}\n"
                            .formatted(
                                    one("one.test", "two.test", "\"*.test\"", "a.test"),
                                    one(
                                            "{number: 443, name: tls, protocol: TLS}",
                                            "{number: 443, name: tls, protocol: HTTPS}, {number: 80, name: http, protocol: HTTP}",
                                            "{number: 31400, name: tcp, protocol: TCP}",
                                            "{number: 80, name: tcp, protocol: TCP}",
                                            "{number: 80, name: any}"),
                                    one("NONE", "STATIC"),
                                    one("", "", ", addresses: [10.9.0.1]", ", addresses: [10.9.0.0/16]"),
                                    one("", ", exportTo: [\".\"]"));
        }

        private String destinationRule() {
            return header("networking.istio.io/v1", "DestinationRule", "d" + random.nextInt(3))
                    + "spec: {host: %s, subsets: [{name: v1, labels: {%s}}]%s%s}\n"
                            .formatted(
                                    one("one.test", "web", "\"*.test\"", "\"*\"", "two.test"),
                                    one("v: a", ""),
                                    one(
                                            "",
                                            ", trafficPolicy: {loadBalancer: {simple: RANDOM}}",
                                            ", trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: x}}}",
                                            ", trafficPolicy: {outlierDetection: {}}",
                                            ", trafficPolicy: {outlierDetection: {}, loadBalancer: {localityLbSetting: {failoverPriority: [%s]}}}"
                                                    .formatted(one(
                                                            "rack",
                                                            "version=r1",
                                                            "\"topology.kubernetes.io/region\""))),
                                    one(
                                            "",
                                            ", exportTo: [\".\"]",
                                            ", exportTo: [shop]",
                                            ", workloadSelector: {matchLabels: {app: sleep}}"));
        }

        private String service() {
            return "apiVersion: v1\nkind: Service\nmetadata: {namespace: %s, name: %s}\n"
                            .formatted(one("shop", "istio-system"), one("web", "edge"))
                    + "spec: {selector: %s, ports: [{name: %s, port: %s, targetPort: %s}]}\n"
                            .formatted(
                                    one("{istio: ingressgateway}", "{app: own}", "{app: web}"),
                                    one("http", "http2"),
                                    one("80", "81"),
                                    one("9000", "8081"));
        }

        private String slice() {
            return "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
                    + "metadata: {namespace: shop, name: web-%d, labels: {kubernetes.io/service-name: web}}\n"
                            .formatted(random.nextInt(2))
                    + "addressType: IPv4\nports: [{name: http, port: 9000}]\nendpoints: [{addresses: [10.0.1.%d]}]\n"
                            .formatted(1 + random.nextInt(3));
        }

        private String workload() {
            return header("networking.istio.io/v1", "WorkloadEntry", "w" + random.nextInt(3))
                    + "spec: {address: 10.0.2.%d, labels: {app: %s}}\n"
                            .formatted(1 + random.nextInt(3), one("w", "other"));
        }

        private String telemetry() {
            return header("telemetry.istio.io/v1", "Telemetry", "t" + random.nextInt(2))
                    + "spec: {%saccessLogging: [{providers: [{name: envoy}]%s}]}\n"
                            .formatted(
                                    one("", "selector: {matchLabels: {app: %s}}, ".formatted(one("sleep", "own"))),
                                    one("", ", disabled: true"));
        }

        private String platform() {
            return """
                    apiVersion: sallyport.io/v1alpha1
                    kind: Platform
                    metadata: {namespace: istio-system, name: sallyport}
                    mesh: {connectTimeout: %ss%s}
                    proxies:
                    - {name: edge, namespace: istio-system, labels: {istio: ingressgateway}, listen: {80: %s}}
                    """.formatted(
                            one("5", "10"),
                            one(
                                    "",
                                    ", defaultVirtualServiceExportTo: [\".\"]",
                                    ", outboundTrafficPolicy: {mode: REGISTRY_ONLY}",
                                    ", localityLbSetting: {distribute: [{from: r0/*, to: {r1/*: 100}}]}"),
                            one("8080", "8081"));
        }

        private String header(String apiVersion, String kind, String name) {
            return "apiVersion: %s\nkind: %s\nmetadata: {namespace: %s, name: %s}\n"
                    .formatted(apiVersion, kind, one(NAMESPACES), name);
        }

        private String list(int min, int max, IntFunction<String> item) {
            return String.join(
                    ", ",
                    IntStream.range(0, min + random.nextInt(max - min + 1))
                            .mapToObj(item)
                            .distinct()
                            .toList());
        }

        private String one(String... choices) {
            return choices[random.nextInt(choices.length)];
        }

        private String one(List<String> choices) {
            return choices.get(random.nextInt(choices.size()));
        }
    }
}
