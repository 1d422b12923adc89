package io.sallyport.testkit.generate;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/// Makes whole configurations by chance: Gateways, VirtualServices, DestinationRules, ServiceEntries,
/// Services and their slices that refer to each other, with every field of HTTP and TCP routing now and then.
/// Equal seeds make equal text.
///
/// Most documents are accepted; a caller that needs accepted ones alone asks the analyzer and drops the others.
public final class ConfigGenerator {

    private static final Gson JSON = new GsonBuilder().disableHtmlEscaping().create();
    private static final String[] NAMESPACES = {"default", "shop", "istio-system"};
    private static final String[] SERVICES = {"v1.test", "v2.test", "cart.test", "*.wild.test", "web", "api.shop"};

    private final Chance chance;
    private final HttpRouteGenerator http;

    public ConfigGenerator(RandomGenerator random) {
        this.chance = new Chance(random);
        this.http = new HttpRouteGenerator(chance);
    }

    /// One configuration: a handful of documents, each with a name of its own.
    public List<String> configuration() {
        var documents = new ArrayList<String>();
        var gateways = chance.between(1, 3);
        for (var n = 0; n < gateways; n++) {
            documents.add(text(gateway(n)));
        }
        for (var n = chance.between(1, 5); n > 0; n--) {
            documents.add(text(virtualService(n, gateways)));
        }
        for (var n = chance.between(0, 3); n > 0; n--) {
            documents.add(text(serviceEntry(n)));
        }
        for (var n = chance.between(0, 3); n > 0; n--) {
            documents.add(text(destinationRule(n)));
        }
        if (chance.oneIn(2)) {
            documents.add(text(service()));
            documents.add(text(slice()));
        }
        if (chance.oneIn(2)) {
            documents.add(text(document(
                    networking(), "VirtualService", "part", Map.of("http", chance.list(1, 3, http::delegated)))));
        }
        if (chance.oneIn(3)) {
            documents.add(text(chosen()));
            for (var n = chance.between(0, 3); n > 0; n--) {
                documents.add(text(workload(n)));
            }
        }
        return documents;
    }

    private static String text(Map<String, Object> document) {
        return JSON.toJson(sorted(document));
    }

    // `Map.of` iterates differently in each JVM; text that is made from a seed must not.
    private static Object sorted(Object value) {
        return switch (value) {
            case Map<?, ?> map -> {
                var sorted = new TreeMap<String, Object>();
                map.forEach((key, member) -> sorted.put((String) key, sorted(member)));
                yield sorted;
            }
            case List<?> list -> list.stream().map(ConfigGenerator::sorted).toList();
            default -> value;
        };
    }

    private Map<String, Object> document(String apiVersion, String kind, String name, Map<String, Object> spec) {
        var metadata = chance.object()
                .with("name", name)
                .with("namespace", chance.oneOf(NAMESPACES))
                .maybe(3, "creationTimestamp", () -> "202%d-01-02T03:04:05Z".formatted(chance.between(0, 5)))
                .done();
        var document = new LinkedHashMap<String, Object>();
        document.put("apiVersion", apiVersion);
        document.put("kind", kind);
        document.put("metadata", metadata);
        document.put("spec", spec);
        return document;
    }

    private String networking() {
        return "networking.istio.io/" + chance.oneOf("v1", "v1beta1", "v1alpha3");
    }

    private Map<String, Object> gateway(int n) {
        var servers = new ArrayList<Map<String, Object>>();
        for (var s = chance.between(1, 3); s > 0; s--) {
            var protocol = chance.oneOf("HTTP", "HTTP", "HTTP", "HTTP2", "GRPC", "TCP");
            var port = protocol.equals("TCP") ? chance.between(31400, 31402) : chance.oneOf(80, 8081, 9090);
            var server = chance.object()
                    .with("port", Map.of("number", port, "name", "p" + s, "protocol", protocol))
                    .with("hosts", hosts())
                    .maybe(8, "bind", () -> "127.0.0.1");
            if (!protocol.equals("TCP")) {
                server.maybe(6, "tls", () -> Map.of("httpsRedirect", true));
            }
            servers.add(server.done());
        }
        var spec = chance.object();
        if (!chance.oneIn(4)) {
            spec.with("selector", Map.of("istio", "ingressgateway"));
        }
        return document(
                networking(), "Gateway", "gw" + n, spec.with("servers", servers).done());
    }

    private List<String> hosts() {
        var hosts = new LinkedHashSet<String>();
        for (var host :
                chance.list(1, 3, () -> chance.oneOf("*", "shop.test", "*.shop.test", "a.b.shop.test", "pay.test"))) {
            hosts.add(chance.oneIn(5) ? chance.oneOf("./", "*/", "shop/") + host : host);
        }
        return List.copyOf(hosts);
    }

    private Map<String, Object> virtualService(int n, int gateways) {
        var bound = new LinkedHashSet<String>();
        for (var namespace : NAMESPACES) {
            bound.add(namespace + "/gw" + chance.between(0, gateways - 1));
        }
        var spec = chance.object()
                .with(
                        "hosts",
                        List.of(chance.oneOf("*", "shop.test", "*.shop.test", "a.b.shop.test", "pay.test", "*.test")))
                .with("gateways", List.copyOf(bound))
                .maybe(8, "exportTo", () -> List.of(chance.oneOf("*", ".")));
        if (chance.oneIn(6)) {
            spec.with("tcp", List.of(tcpRoute()));
        } else {
            spec.with("http", chance.list(1, 5, http::route));
        }
        return document(networking(), "VirtualService", "vs" + n, spec.done());
    }

    private Map<String, Object> tcpRoute() {
        return chance.object()
                .maybe(2, "match", () -> List.of(Map.of("port", chance.between(31400, 31402))))
                .with("route", http.shares(false))
                .done();
    }

    private Map<String, Object> serviceEntry(int n) {
        if (chance.oneIn(12)) {
            return dynamic(n);
        }
        var resolution = chance.oneOf("STATIC", "STATIC", "DNS", "DNS_ROUND_ROBIN", "NONE");
        var endpoints = resolution.equals("NONE") ? 0 : resolution.equals("DNS_ROUND_ROBIN") ? 1 : chance.between(1, 4);
        var spec = chance.object()
                .with("hosts", List.of(chance.oneOf("v1.test", "v2.test", "cart.test")))
                .maybe(4, "location", () -> chance.oneOf("MESH_EXTERNAL", "MESH_INTERNAL"))
                .with(
                        "ports",
                        List.of(
                                Map.of("number", 80, "name", "http", "protocol", chance.oneOf("HTTP", "HTTP2", "GRPC")),
                                Map.of("number", 2701, "name", "tcp", "protocol", "TCP")))
                .with("resolution", resolution)
                .maybe(8, "exportTo", () -> List.of(chance.oneOf("*", ".", "istio-system")));
        if (endpoints > 0) {
            spec.with("endpoints", chance.list(endpoints, endpoints, () -> endpoint(resolution)));
        }
        return document(networking(), "ServiceEntry", "se" + n, spec.done());
    }

    private Map<String, Object> dynamic(int n) {
        var spec = Map.<String, Object>of(
                "hosts",
                List.of("*.wild.test"),
                "ports",
                List.of(Map.of("number", 80, "name", "http", "protocol", chance.oneOf("HTTP", "HTTP2", "GRPC"))),
                "resolution",
                "DYNAMIC_DNS");
        return document(networking(), "ServiceEntry", "se" + n, spec);
    }

    private Map<String, Object> chosen() {
        var spec = Map.<String, Object>of(
                "hosts",
                List.of("cart.test"),
                "ports",
                List.of(Map.of("number", 80, "name", "http", "protocol", "HTTP", "targetPort", 8080)),
                "resolution",
                "STATIC",
                "workloadSelector",
                Map.of("labels", Map.of("app", "cart")));
        return document(networking(), "ServiceEntry", "chosen", spec);
    }

    private Map<String, Object> workload(int n) {
        var spec = chance.object()
                .with("address", "127.0.0." + chance.between(1, 9))
                .with("labels", Map.of("app", chance.oneOf("cart", "other"), "version", chance.oneOf("v1", "v2")))
                .maybe(2, "ports", () -> Map.of("http", chance.between(1024, 60000)))
                .maybe(3, "weight", () -> chance.between(1, 9))
                .maybe(3, "locality", () -> chance.oneOf("eu/west/a", "us/east"))
                .maybe(4, "network", () -> "net-1")
                .done();
        return document(networking(), "WorkloadEntry", "we" + n, spec);
    }

    private Map<String, Object> endpoint(String resolution) {
        return chance.object()
                .with(
                        "address",
                        resolution.equals("STATIC") ? chance.oneOf("127.0.0.1", "10.0.0.7", "::1") : "localhost")
                .maybe(2, "ports", () -> Map.of("http", chance.between(1024, 60000)))
                .maybe(2, "labels", () -> Map.of("version", chance.oneOf("v1", "v2")))
                .maybe(4, "weight", () -> chance.between(1, 100))
                .maybe(4, "locality", () -> chance.oneOf("eu/west/a", "us/east", "asia"))
                .done();
    }

    private Map<String, Object> destinationRule(int n) {
        var spec = chance.object()
                .with("host", chance.oneOf(SERVICES))
                .maybe(2, "trafficPolicy", () -> TrafficPolicyGenerator.policy(chance, true))
                .maybe(2, "subsets", () -> List.of(subset("v1"), subset("v2")))
                .maybe(8, "exportTo", () -> List.of(chance.oneOf("*", ".")))
                .maybe(12, "workloadSelector", () -> Map.of("matchLabels", Map.of("istio", "ingressgateway")));
        return document(networking(), "DestinationRule", "dr" + n, spec.done());
    }

    private Map<String, Object> subset(String version) {
        return chance.object()
                .with("name", version)
                .maybe(2, "labels", () -> Map.of("version", version))
                .maybe(3, "trafficPolicy", () -> TrafficPolicyGenerator.policy(chance, true))
                .done();
    }

    private Map<String, Object> service() {
        var spec = Map.<String, Object>of(
                "ports",
                List.of(Map.of("name", chance.oneOf("http", "grpc", "tcp", "web"), "port", 80, "targetPort", 8080)));
        return document("v1", "Service", "web", spec);
    }

    private Map<String, Object> slice() {
        var document = document("discovery.k8s.io/v1", "EndpointSlice", "web-1", Map.of());
        document.remove("spec");
        document.put("metadata", Map.of("name", "web-1", "labels", Map.of("kubernetes.io/service-name", "web")));
        document.put("addressType", "IPv4");
        document.put("ports", List.of(Map.of("name", "http", "port", chance.between(1024, 60000), "protocol", "TCP")));
        document.put(
                "endpoints", chance.list(0, 3, () -> Map.of("addresses", List.of("127.0.0." + chance.between(1, 9)))));
        return document;
    }
}
