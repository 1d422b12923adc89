package io.sallyport.accesslog.web;

import io.sallyport.accesslog.config.ConfigurationSource;
import io.sallyport.accesslog.testing.Rows;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import io.sallyport.proto.config.v1.Resource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;

/// An hour of a shop: revision 42 sends a tenth of the carts to a version that often fails. The same rows each time.
final class ShopRows {

    static final Instant START = Instant.parse("2026-11-21T10:00:00Z");
    static final Instant END = START.plus(Duration.ofHours(1));
    static final String HOSTILE_AGENT =
            "\"><script>window.hit=1</script><img src=x onerror=window.hit=2>{{.}}'`=\n\u001b[31m";
    static final String HOSTILE_PATH = "/</td><svg onload=window.hit=3>?\"'&amp;";

    private static final int CHANGE = 38;
    private static final String CART = "VirtualService shop/cart";
    private static final String DIGEST_41 = "41aa";
    private static final String DIGEST_42 = "42bb";

    private static final String YAML = """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: cart, namespace: shop}
            spec:
              hosts: [shop.example.com]
              gateways: [istio-system/edge]
              http:
              - name: items
                match: [{uri: {prefix: /api/items}}]
                route:
                - destination: {host: items}
              - name: cart
                match: [{uri: {prefix: /cart}}]
                route:
                - destination: {host: cart, subset: v1}
                  weight: 90
                - destination: {host: cart, subset: v2}
                  weight: 10
            """;

    private ShopRows() {}

    /// @param count over the hour
    static List<AccessLogEntry> many(int count) {
        var random = new Random(7);
        var rows = new ArrayList<AccessLogEntry>();
        for (var i = 0; i < count; i++) {
            var time = START.plusMillis(3_600_000L * i / count + random.nextInt(500));
            rows.add(row(random, time, i));
        }
        return rows;
    }

    private static AccessLogEntry row(Random random, Instant time, int i) {
        var isNew = time.isAfter(START.plus(Duration.ofMinutes(CHANGE)));
        var isCart = random.nextInt(3) == 0;
        var isPay = !isCart && random.nextInt(5) == 0;
        var fails = isCart && isNew && random.nextInt(9) == 0;
        var row = Rows.row(time, "id-" + i)
                .setHost(isPay ? "pay.example.com" : "shop.example.com")
                .setMethod(isPay || random.nextInt(5) == 0 ? "POST" : "GET")
                .setPath(isCart ? "/cart/" + random.nextInt(40) : "/api/items?page=")
                .setResponseCode(fails ? 503 : 200)
                .setDurationMicros((long) (4_000 * Math.exp(random.nextGaussian() * (isCart ? 1.1 : 0.7))) + 800)
                .setRevision(isNew ? 42 : 41)
                .setNamespace(isPay ? "pay" : "shop")
                .setRouteObject(isPay ? "VirtualService pay/pay" : CART)
                .setRule(isCart ? "http[1].match[0]" : "http[0]")
                .setObjectDigest(isNew ? DIGEST_42 : DIGEST_41)
                .setRouteName(isCart ? "cart" : "items")
                .setGateway("istio-system/edge")
                .setCluster(isCart ? "outbound|80|v1|cart" : "outbound|80||items")
                .setUserAgent("curl/8.14.1")
                .setResponseDetails("via_upstream")
                .setProxy(i % 2 == 0 ? "edge-1" : "edge-2");
        if (fails) {
            row.setResponseFlagsList("UF,URX")
                    .setCluster("outbound|80|v2|cart")
                    .setResponseDetails("upstream_reset_before_response_started{connection_failure}")
                    .setDurationMicros(900_000 + random.nextInt(400_000));
        } else if (random.nextInt(40) == 0) {
            row.setResponseCode(404)
                    .setPath("/favicon.ico")
                    .setResponseFlagsList("NR")
                    .setResponseDetails("route_not_found")
                    .setRouteObject("")
                    .setRule("")
                    .setCluster("");
        } else if (random.nextInt(30) == 0) {
            row.setResponseCode(301);
        }
        return row.build();
    }

    /// Sent by somebody who hopes that a person looks at it.
    static AccessLogEntry hostile() {
        return Rows.row(END.minusSeconds(1), "id-hostile")
                .setHost("shop.example.com")
                .setMethod("GET<b>")
                .setPath(HOSTILE_PATH)
                .setUserAgent(HOSTILE_AGENT)
                .setResponseCode(418)
                .setRouteObject(CART)
                .setRule("http[1].match[0]")
                .setObjectDigest(DIGEST_42)
                .setRevision(42)
                .putRequestHeaders("x-</th><script>", HOSTILE_AGENT)
                .build();
    }

    /// Knows the object in its two versions.
    static final class Configuration implements ConfigurationSource {

        @Override
        public List<Resource> object(String kind, String namespace, String name, OptionalLong revision) {
            if (!kind.equals("VirtualService") || !name.equals("cart")) {
                return List.of();
            }
            var isOld = revision.orElse(42) < 42;
            return List.of(Resource.newBuilder()
                    .setSourceName("shop.yaml")
                    .setFirstLine(10)
                    .setSourceText(isOld ? YAML.replace("90", "100").replace("10\n", "0\n") : YAML)
                    .setDigest(isOld ? DIGEST_41 : DIGEST_42)
                    .setRevision(isOld ? 41 : 42)
                    .build());
        }

        @Override
        public List<Running> running() {
            return List.of();
        }

        @Override
        public List<Certificate> certificates(String namespace) {
            return List.of();
        }

        @Override
        public List<Resource> all(String kind, int limit) {
            return List.of();
        }
    }
}
