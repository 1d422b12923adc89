package io.sallyport.conformance;

import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.sallyport.testkit.net.HttpClient;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ResourceType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.random.RandomGenerator;

/// Requests made by chance that nearly fit the routes of some tables: a host, a path and headers that a route asks for,
/// each of them spoiled now and then.
final class ChanceRequests {

    private static final List<String> METHODS = List.of("GET", "GET", "GET", "POST", "DELETE", "OPTIONS");

    private final RandomGenerator random;
    private final List<VirtualHost> hosts = new ArrayList<>();

    ChanceRequests(EnvoyResources resources, RandomGenerator random) throws InvalidProtocolBufferException {
        this.random = random;
        for (var table : resources.all(ResourceType.ROUTES).values()) {
            hosts.addAll(RouteConfiguration.parseFrom(table.bytes()).getVirtualHostsList());
        }
    }

    HttpClient.Call next() {
        var host = hosts.isEmpty() ? VirtualHost.getDefaultInstance() : oneOf(hosts);
        var route = host.getRoutesCount() == 0 ? Route.getDefaultInstance() : oneOf(host.getRoutesList());
        var headers = new LinkedHashMap<String, String>();
        var method = oneOf(METHODS);
        for (var matcher : route.getMatch().getHeadersList()) {
            if (matcher.getName().equals(":method")) {
                method = value(matcher.getStringMatch());
            } else if (!matcher.getName().startsWith(":") && !oneIn(4)) {
                headers.put(matcher.getName(), ascii(value(matcher)));
            }
        }
        if (oneIn(4)) {
            headers.put("x-extra", "1");
        }
        return new HttpClient.Call(
                method.matches("[A-Z]+") ? method : "GET", host(host), path(route.getMatch()), headers, "");
    }

    private String host(VirtualHost host) {
        var domain = host.getDomainsCount() == 0 ? "none.test" : host.getDomains(0);
        var name = oneIn(8) ? "other.test" : domain.replace("*", oneOf(List.of("w", "x.y", "W")));
        return switch (random.nextInt(6)) {
            case 0 -> name + ":8080";
            case 1 -> name.toUpperCase(java.util.Locale.ROOT);
            default -> name;
        };
    }

    private String path(RouteMatch match) {
        var path = switch (match.getPathSpecifierCase()) {
            case PREFIX -> match.getPrefix() + oneOf(List.of("", "x", "/x", "/x/y"));
            case PATH -> match.getPath() + oneOf(List.of("", "", "", "/", "x"));
            default -> oneOf(List.of("/", "/v1/x", "/api/v2/items", "/a/b/c", "/user/7/cart"));
        };
        if (oneIn(5)) {
            path = oneOf(List.of("/", "/other", "/a/../b", "/%61pi", "//x", path.toUpperCase(java.util.Locale.ROOT)));
        }
        var query = new StringBuilder();
        for (var parameter : match.getQueryParametersList()) {
            if (!oneIn(4)) {
                query.append(query.isEmpty() ? "?" : "&")
                        .append(parameter.getName())
                        .append('=')
                        .append(plain(value(parameter.getStringMatch())));
            }
        }
        if (query.isEmpty() && oneIn(4)) {
            query.append("?q=1");
        }
        return (path.startsWith("/") ? path : "/" + path) + query;
    }

    // What other bytes mean in a header is between client and server.
    private static String ascii(String text) {
        return text.matches("[ -~]*") ? text.strip() : "1";
    }

    private static String plain(String text) {
        return text.matches("[A-Za-z0-9._-]*") ? text : "1";
    }

    private String value(HeaderMatcher matcher) {
        return matcher.hasStringMatch() ? value(matcher.getStringMatch()) : "1";
    }

    private String value(StringMatcher matcher) {
        var value = switch (matcher.getMatchPatternCase()) {
            case EXACT -> matcher.getExact();
            case PREFIX -> matcher.getPrefix() + oneOf(List.of("", "x"));
            default -> oneOf(List.of("v1", "yes", "1", "abc"));
        };
        return oneIn(6) ? value + "z" : value;
    }

    private <T> T oneOf(List<? extends T> items) {
        return items.get(random.nextInt(items.size()));
    }

    private boolean oneIn(int count) {
        return random.nextInt(count) == 0;
    }
}
