package io.sallyport.testkit.generate;

import java.util.List;
import java.util.Map;

/// Makes HTTP routes by chance: every match, action and option that a VirtualService has.
final class HttpRouteGenerator {

    private static final String[] PATHS = {"/", "/api", "/api/", "/apix", "/a/b/c", "/%20x", "/Admin"};
    private static final String[] REGEXES = {".*", "/v[0-9]+/.*", "/(a|b)/c?", "(?i)/x.*", "/[^/]+"};
    private static final String[] HEADERS = {"end-user", "x-env", "cookie", "user-agent", "x-a"};

    private final Chance chance;

    HttpRouteGenerator(Chance chance) {
        this.chance = chance;
    }

    Map<String, Object> route() {
        var route = chance.object()
                .maybe(3, "name", () -> chance.oneOf("first", "second", "canary-1"))
                .maybe(1 + chance.between(0, 1), "match", () -> chance.list(1, 3, this::match));
        switch (chance.between(0, 6)) {
            case 0 -> route.with("redirect", redirect());
            case 1 -> route.with("directResponse", directResponse());
            case 2 -> route.with("delegate", Map.of("name", "part", "namespace", chance.oneOf("shop", "default")));
            default -> forward(route);
        }
        return route.maybe(4, "headers", () -> headerOperations(false)).done();
    }

    /// A rule of a delegate: inside what roots ask for, or not.
    Map<String, Object> delegated() {
        return chance.object()
                .maybe(2, "match", () -> chance.list(1, 2, this::match))
                .with("route", shares(true))
                .maybe(3, "rewrite", this::rewrite)
                .maybe(4, "headers", () -> headerOperations(false))
                .done();
    }

    private void forward(Chance.Members route) {
        route.with("route", shares(true))
                .maybe(4, "rewrite", this::rewrite)
                .maybe(4, "timeout", () -> chance.oneOf("0s", "1.5s", "100ms", "5m"))
                .maybe(4, "retries", this::retries)
                .maybe(6, "fault", this::fault)
                .maybe(6, "corsPolicy", this::cors)
                .maybe(8, "sessionPersistence", this::session)
                .maybe(6, "mirror", () -> Map.of("host", "v2.test"))
                .maybe(8, "mirrorPercentage", () -> Map.of("value", chance.between(0, 100)))
                .maybe(
                        10,
                        "mirrors",
                        () -> List.of(Map.of("destination", destination(), "percentage", Map.of("value", 12.5))));
        // Istio refuses both forms at once.
        var members = route.done();
        if (members.containsKey("mirrors")) {
            members.remove("mirror");
            members.remove("mirrorPercentage");
        }
    }

    /// Destinations with weights; `withHeaders` says whether HTTP's options are allowed.
    List<Map<String, Object>> shares(boolean withHeaders) {
        var several = chance.oneIn(3);
        return chance.list(several ? 2 : 1, several ? 3 : 1, () -> {
            var share = chance.object().with("destination", destination());
            if (several) {
                share.with("weight", chance.between(1, 100));
            }
            if (withHeaders) {
                share.maybe(6, "headers", () -> headerOperations(true));
            }
            return share.done();
        });
    }

    private Map<String, Object> destination() {
        return chance.object()
                .with("host", chance.oneOf("v1.test", "v2.test", "cart.test", "web", "nowhere.test"))
                .maybe(3, "port", () -> Map.of("number", chance.oneOf(80, 2701, 9999)))
                .maybe(4, "subset", () -> chance.oneOf("v1", "v2", "v3"))
                .done();
    }

    private Map<String, Object> match() {
        return chance.object()
                .maybe(2, "uri", () -> string(PATHS))
                .maybe(5, "method", () -> Map.of("exact", chance.oneOf("GET", "POST")))
                .maybe(6, "scheme", () -> Map.of("exact", "http"))
                .maybe(6, "authority", () -> string(new String[] {"shop.test", "a.b.shop.test"}))
                .maybe(3, "headers", () -> Map.of(chance.oneOf(HEADERS), header()))
                .maybe(6, "withoutHeaders", () -> Map.of(chance.oneOf(HEADERS), header()))
                .maybe(
                        6,
                        "queryParams",
                        () -> Map.of(
                                "q", chance.oneOf(Map.of("exact", "1"), Map.of("prefix", "a"), Map.of("regex", "*"))))
                .maybe(6, "port", () -> chance.oneOf(80, 8081))
                .maybe(6, "ignoreUriCase", () -> chance.oneIn(2))
                .maybe(10, "sourceNamespace", () -> "istio-system")
                .maybe(10, "name", () -> chance.oneOf("m1", "m2"))
                .maybe(10, "statPrefix", () -> "stat")
                .maybe(10, "gateways", () -> List.of("default/gw0"))
                .done();
    }

    private Map<String, Object> header() {
        return chance.oneIn(4) ? Map.of() : string(new String[] {"jason", "v 1", "ü"});
    }

    private Map<String, Object> string(String[] values) {
        return switch (chance.between(0, 2)) {
            case 0 -> Map.of("exact", chance.oneOf(values));
            case 1 -> Map.of("prefix", chance.oneOf(values));
            default -> Map.of("regex", chance.oneOf(REGEXES));
        };
    }

    private Map<String, Object> redirect() {
        var redirect = chance.object()
                .with("uri", chance.oneOf("/new", "/%PREFIX()%", "/a?b=c"))
                .maybe(3, "authority", () -> "new.test")
                .maybe(3, "redirectCode", () -> chance.oneOf(301, 302, 303, 307, 308))
                .maybe(3, "scheme", () -> chance.oneOf("http", "https"));
        if (chance.oneIn(2)) {
            redirect.maybe(4, "port", () -> chance.between(1, 65535));
        } else {
            redirect.maybe(2, "derivePort", () -> chance.oneOf("FROM_REQUEST_PORT", "FROM_PROTOCOL_DEFAULT"));
        }
        return redirect.done();
    }

    private Map<String, Object> directResponse() {
        return chance.object()
                .with("status", chance.oneOf(200, 404, 418, 503))
                .maybe(
                        2,
                        "body",
                        () -> chance.oneOf(Map.of("string", "100% {{sure}} %REQ(x)%\n"), Map.of("bytes", "aGVsbG8=")))
                .done();
    }

    private Map<String, Object> rewrite() {
        return switch (chance.between(0, 3)) {
            case 0 -> Map.of("uri", chance.oneOf("/", "/v2/", "/x"));
            case 3 -> Map.of("uriRegexRewrite", Map.of("match", "[0-9]+", "rewrite", "n\\0"));
            case 1 -> Map.of("authority", "inner.test");
            default -> Map.of("uriRegexRewrite", Map.of("match", "^/([^/]+)/(.*)$", "rewrite", "/\\2/\\1"));
        };
    }

    private Map<String, Object> retries() {
        return chance.object()
                .with("attempts", chance.between(1, 5))
                .maybe(2, "perTryTimeout", () -> chance.oneOf("1s", "250ms"))
                .maybe(
                        2,
                        "retryOn",
                        () -> chance.oneOf("5xx", "gateway-error,reset", "connect-failure,503", "cancelled"))
                .maybe(4, "retryRemoteLocalities", () -> chance.oneIn(2))
                .maybe(4, "retryIgnorePreviousHosts", () -> chance.oneIn(2))
                .maybe(4, "backoff", () -> chance.oneOf("25ms", "1s"))
                .done();
    }

    private Map<String, Object> fault() {
        return chance.object()
                .maybe(
                        1,
                        "abort",
                        () -> chance.object()
                                .with("httpStatus", chance.oneOf(400, 503))
                                .maybe(2, "percentage", () -> Map.of("value", chance.oneOf(0, 0.1, 50, 100)))
                                .done())
                .maybe(
                        2,
                        "delay",
                        () -> chance.object()
                                .with("fixedDelay", "10ms")
                                .maybe(2, "percentage", () -> Map.of("value", 50))
                                .done())
                .done();
    }

    private Map<String, Object> cors() {
        return chance.object()
                .with(
                        "allowOrigins",
                        List.of(Map.of("exact", "https://ok.test"), Map.of("regex", "https://[a-z]+[.]ok[.]test")))
                .maybe(3, "unmatchedPreflights", () -> chance.oneOf("FORWARD", "IGNORE"))
                .maybe(2, "allowMethods", () -> chance.someOf("GET", "PUT", "DELETE"))
                .maybe(2, "allowHeaders", () -> List.of("x-a"))
                .maybe(2, "exposeHeaders", () -> List.of("x-b"))
                .maybe(2, "maxAge", () -> "24h")
                .maybe(2, "allowCredentials", () -> chance.oneIn(2))
                .done();
    }

    private Map<String, Object> session() {
        return chance.object()
                .with("type", chance.oneOf("Cookie", "Header"))
                .maybe(2, "sessionName", () -> "sid")
                .maybe(2, "absoluteTimeout", () -> chance.oneOf("1h", "90s"))
                .maybe(2, "cookieConfig", () -> Map.of("lifetimeType", chance.oneOf("Session", "Permanent")))
                .done();
    }

    private Map<String, Object> headerOperations(boolean ofShare) {
        return chance.object()
                .maybe(2, "request", () -> edits(ofShare && chance.oneIn(4)))
                .maybe(2, "response", () -> edits(false))
                .done();
    }

    private Map<String, Object> edits(boolean withHost) {
        return chance.object()
                .maybe(
                        2,
                        "set",
                        () -> withHost
                                ? Map.of("host", "share.test")
                                : Map.of("x-set", chance.oneOf("1", "100%%", "a \"b\" {c}")))
                .maybe(2, "add", () -> Map.of("x-add", "2"))
                .maybe(2, "remove", () -> List.of("x-gone"))
                .done();
    }
}
