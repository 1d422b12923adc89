package io.sallyport.analysis.gatewayapi;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import com.google.re2j.Pattern;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Path;
import io.sallyport.model.StringMatch;
import io.sallyport.model.VirtualService.CorsPolicy;
import io.sallyport.model.VirtualService.HeaderOperations;
import io.sallyport.model.VirtualService.Headers;
import io.sallyport.model.VirtualService.HttpMirrorPolicy;
import io.sallyport.model.VirtualService.HttpRedirect;
import io.sallyport.model.VirtualService.HttpRewrite;
import io.sallyport.model.VirtualService.Percent;
import io.sallyport.model.VirtualService.RedirectPortSelection;
import io.sallyport.model.VirtualService.RegexRewrite;
import io.sallyport.model.VirtualService.UnmatchedPreflights;
import io.sallyport.model.gatewayapi.RouteFilter;
import io.sallyport.model.gatewayapi.RouteFilter.HeaderModifier;
import io.sallyport.model.gatewayapi.RouteFilter.PathChange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Spells the filters of one rule. What no filter of ours can do takes the whole rule's requests with it: they are
/// answered with 500, since going on without the filter could be worse.
final class FilterSpeller {

    private static final int FOUND = 302;
    private static final String WHOLE_PATH = "^/.*$";

    private final Backends backends;
    private final ConfigObject<?> route;
    final List<Condition> troubles = new ArrayList<>();
    final List<HttpMirrorPolicy> mirrors = new ArrayList<>();
    final Map<Path, Path> parts = new LinkedHashMap<>();

    @Nullable HeaderModifier request;

    @Nullable HeaderModifier response;

    @Nullable HttpRedirect redirect;

    @Nullable HttpRewrite rewrite;

    @Nullable CorsPolicy cors;

    boolean isBroken;

    FilterSpeller(Backends backends, ConfigObject<?> route) {
        this.backends = backends;
        this.route = route;
    }

    void spell(List<RouteFilter> filters, Path place) {
        for (int i = 0; i < filters.size(); i++) {
            spell(filters.get(i), place.index(i));
        }
    }

    private void spell(RouteFilter filter, Path place) {
        switch (filter.type()) {
            case RequestHeaderModifier -> request = filter.requestHeaderModifier();
            case ResponseHeaderModifier -> response = filter.responseHeaderModifier();
            case RequestMirror -> mirror(filter.requestMirror(), place.field("requestMirror"));
            case RequestRedirect -> redirect = redirect(filter.requestRedirect());
            case URLRewrite -> rewrite = rewrite(filter.urlRewrite());
            case CORS -> cors = cors(filter.cors());
            case ExtensionRef -> unknown("InvalidKind", "ExtensionRef", place);
            case ExternalAuth -> unknown("UnsupportedValue", "ExternalAuth", place);
        }
    }

    private void unknown(String reason, String type, Path place) {
        isBroken = true;
        troubles.add(Condition.no(
                Condition.Type.RESOLVED_REFS,
                reason,
                "filter \"%s\" is not known here: the requests of its rule are answered with 500 (expected: a filter of the standard)"
                        .formatted(type),
                place));
    }

    private void mirror(RouteFilter.@Nullable Mirror mirror, Path place) {
        var backend = mirror == null ? null : mirror.backendRef();
        if (mirror == null || backend == null) {
            return;
        }
        var found = backends.find(route, backend, place.field("backendRef"));
        found.trouble().ifPresent(troubles::add);
        if (!found.destination().host().equals(Backends.NOWHERE)) {
            parts.put(Path.of("mirrors").index(mirrors.size()), place);
            mirrors.add(new HttpMirrorPolicy(found.destination(), share(mirror)));
        }
    }

    private static @Nullable Percent share(RouteFilter.Mirror mirror) {
        var percent = mirror.percent();
        if (percent != null) {
            return new Percent(percent);
        }
        var fraction = mirror.fraction();
        if (fraction == null) {
            return null;
        }
        var denominator = fraction.denominator();
        return new Percent(100.0 * fraction.numerator() / (denominator == null ? 100 : Math.max(denominator, 1)));
    }

    private static @Nullable HttpRedirect redirect(RouteFilter.@Nullable Redirect wanted) {
        if (wanted == null) {
            return null;
        }
        var path = wanted.path();
        var whole = path == null || path.type() != PathChange.ReplaceFullPath ? null : path.replaceFullPath();
        var prefix = path == null || path.type() != PathChange.ReplacePrefixMatch ? null : path.replacePrefixMatch();
        var scheme = wanted.scheme() == null ? "" : wanted.scheme();
        // Without a scheme of its own a redirect stays on the listener's port.
        var derived = wanted.port() == 0 && scheme.isEmpty()
                ? RedirectPortSelection.FROM_REQUEST_PORT
                : RedirectPortSelection.FROM_PROTOCOL_DEFAULT;
        return new HttpRedirect(
                whole == null ? "" : whole,
                wanted.hostname(),
                wanted.port() == 0 ? null : wanted.port(),
                derived,
                scheme,
                wanted.statusCode() == 0 ? FOUND : wanted.statusCode(),
                prefix == null ? "" : slashed(prefix));
    }

    private static @Nullable HttpRewrite rewrite(RouteFilter.@Nullable Rewrite wanted) {
        if (wanted == null) {
            return null;
        }
        var path = wanted.path();
        var whole = path == null || path.type() != PathChange.ReplaceFullPath ? null : path.replaceFullPath();
        var prefix = path == null || path.type() != PathChange.ReplacePrefixMatch ? null : path.replacePrefixMatch();
        return new HttpRewrite(
                prefix == null ? "" : slashed(prefix),
                wanted.hostname(),
                whole == null ? null : new RegexRewrite(WHOLE_PATH, whole.replace("\\", "\\\\")));
    }

    // Without a slash there would be no path left.
    private static String slashed(String prefix) {
        return prefix.isEmpty() ? "/" : prefix;
    }

    private static @Nullable CorsPolicy cors(RouteFilter.@Nullable Cors wanted) {
        if (wanted == null) {
            return null;
        }
        return new CorsPolicy(
                ImmutableList.of(),
                wanted.allowOrigins().stream().map(FilterSpeller::origin).collect(ImmutableList.toImmutableList()),
                wanted.allowMethods(),
                wanted.allowHeaders(),
                exposed(wanted),
                wanted.maxAge() == 0 ? null : Duration.ofSeconds(wanted.maxAge()),
                wanted.allowCredentials(),
                UnmatchedPreflights.IGNORE);
    }

    // Beside credentials Envoy spells the other wildcards out. Of a response's headers it knows none, and browsers
    // would take this one for a header's name.
    private static ImmutableList<String> exposed(RouteFilter.Cors wanted) {
        return Boolean.TRUE.equals(wanted.allowCredentials())
                ? wanted.exposeHeaders().stream()
                        .filter(header -> !header.equals("*"))
                        .collect(ImmutableList.toImmutableList())
                : wanted.exposeHeaders();
    }

    private static StringMatch origin(String text) {
        if (text.equals("*")) {
            return SpelledRule.pattern(".*");
        }
        int star = text.indexOf('*');
        return star < 0
                ? SpelledRule.exact(text)
                : SpelledRule.pattern(
                        Pattern.quote(text.substring(0, star)) + ".*" + Pattern.quote(text.substring(star + 1)));
    }

    /// The header changes; null if there are none.
    @Nullable Headers headers() {
        return request == null && response == null ? null : new Headers(operations(request), operations(response));
    }

    private static @Nullable HeaderOperations operations(@Nullable HeaderModifier modifier) {
        return modifier == null
                ? null
                : new HeaderOperations(map(modifier.set()), map(modifier.add()), modifier.remove());
    }

    // Names that differ by case alone are one; the first counts.
    private static ImmutableSortedMap<String, String> map(List<RouteFilter.Header> headers) {
        var map = new TreeMap<String, String>();
        headers.forEach(header -> map.putIfAbsent(header.name().toLowerCase(Locale.ROOT), header.value()));
        return ImmutableSortedMap.copyOf(map);
    }
}
