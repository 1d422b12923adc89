package io.sallyport.analysis.gatewayapi;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import com.google.re2j.Pattern;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Path;
import io.sallyport.model.StringMatch;
import io.sallyport.model.Value;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.HttpDirectResponse;
import io.sallyport.model.VirtualService.HttpMatchRequest;
import io.sallyport.model.VirtualService.HttpRetry;
import io.sallyport.model.VirtualService.HttpRouteDestination;
import io.sallyport.model.gatewayapi.GrpcRoute;
import io.sallyport.model.gatewayapi.HttpRoute;
import io.sallyport.model.gatewayapi.RouteFilter;
import io.sallyport.model.gatewayapi.SessionPersistence;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Spells the rules of one HTTPRoute or GRPCRoute as Istio's: one for each match.
final class RuleSpeller {

    private static final int BROKEN = 500;
    private static final String RETRIES = "connect-failure,refused-stream,unavailable,cancelled";
    private static final int ATTEMPTS = 2;
    private static final long LONG = 1_000_000_000;

    private final Backends backends;
    private final ConfigObject<?> route;
    private final List<SpelledRule> rules = new ArrayList<>();
    private final List<Condition> troubles = new ArrayList<>();

    /// The rules, and what is wrong with their references.
    record Spelling(List<SpelledRule> rules, List<Condition> troubles) {}

    private RuleSpeller(Backends backends, ConfigObject<?> route) {
        this.backends = backends;
        this.route = route;
    }

    static Spelling http(Backends backends, ConfigObject<HttpRoute> route) {
        var speller = new RuleSpeller(backends, route);
        var rules = route.spec().rules();
        if (rules == null) {
            // Nothing is said about requests: all of them meet no backend.
            rules = ImmutableList.of(new HttpRoute.Rule(
                    "", ImmutableList.of(), ImmutableList.of(), ImmutableList.of(), null, null, null));
        }
        for (int i = 0; i < rules.size(); i++) {
            var rule = rules.get(i);
            speller.add(
                    rule,
                    rule.matches().stream().map(RuleSpeller::match).toList(),
                    Path.of("spec", "rules").index(i),
                    i);
        }
        return new Spelling(List.copyOf(speller.rules), List.copyOf(speller.troubles));
    }

    static Spelling grpc(Backends backends, ConfigObject<GrpcRoute> route) {
        var speller = new RuleSpeller(backends, route);
        for (int i = 0; i < route.spec().rules().size(); i++) {
            var rule = route.spec().rules().get(i);
            speller.add(
                    new HttpRoute.Rule(
                            rule.name(),
                            ImmutableList.of(),
                            rule.filters(),
                            rule.backendRefs(),
                            null,
                            null,
                            rule.sessionPersistence()),
                    rule.matches().stream().map(RuleSpeller::match).toList(),
                    Path.of("spec", "rules").index(i),
                    i);
        }
        return new Spelling(List.copyOf(speller.rules), List.copyOf(speller.troubles));
    }

    private void add(HttpRoute.Rule rule, List<HttpMatchRequest> matches, Path place, int position) {
        var filters = new FilterSpeller(backends, route);
        filters.spell(rule.filters(), place.field("filters"));
        troubles.addAll(filters.troubles);
        var parts = new LinkedHashMap<>(filters.parts);
        boolean answersItself = filters.redirect != null;
        var shares = answersItself
                ? ImmutableList.<HttpRouteDestination>of()
                : destinations(rule.backendRefs(), place.field("backendRefs"), parts);
        boolean isBroken = filters.isBroken || (shares.isEmpty() && !answersItself);
        var all = matches.isEmpty() ? List.of(SpelledRule.match(null, null, Map.of(), Map.of())) : matches;
        for (int i = 0; i < all.size(); i++) {
            var spelled = new VirtualService.HttpRoute(
                    "%s.%s.%d".formatted(route.namespace(), route.name(), position),
                    ImmutableList.of(all.get(i)),
                    isBroken ? ImmutableList.of() : shares,
                    isBroken ? null : filters.redirect,
                    isBroken ? new HttpDirectResponse(BROKEN, null) : null,
                    null,
                    isBroken ? null : filters.rewrite,
                    timeout(rule),
                    retries(rule),
                    null,
                    null,
                    ImmutableList.copyOf(filters.mirrors),
                    null,
                    null,
                    filters.cors,
                    filters.headers(),
                    session(rule.sessionPersistence()));
            rules.add(new SpelledRule(
                    spelled,
                    SpelledRule.Rank.of(all.get(i)),
                    route,
                    matches.isEmpty() ? place : place.field("matches").index(i),
                    parts));
        }
    }

    // Those without a share are left out: of what is left, one alone takes all.
    private ImmutableList<HttpRouteDestination> destinations(
            List<HttpRoute.Backend> references, Path place, Map<Path, Path> parts) {
        var shares = ImmutableList.<HttpRouteDestination>builder();
        int count = 0;
        for (int i = 0; i < references.size(); i++) {
            var reference = references.get(i);
            var here = place.index(i);
            var found = backends.find(route, reference.reference(), here);
            found.trouble().ifPresent(troubles::add);
            var own = new FilterSpeller(backends, route);
            own.spell(reference.filters(), here.field("filters"));
            troubles.addAll(own.troubles);
            boolean isUsable = !own.isBroken && reference.filters().stream().allMatch(RuleSpeller::isOfHeaders);
            if (!isUsable && !own.isBroken) {
                troubles.add(Condition.no(
                        Condition.Type.RESOLVED_REFS,
                        "UnsupportedValue",
                        "a filter for one backend alone that changes more than headers (expected: RequestHeaderModifier or ResponseHeaderModifier; others on the rule)",
                        here.field("filters")));
            }
            if (reference.reference().share() > 0) {
                parts.put(Path.of("route").index(count++), here);
                var destination = isUsable
                        ? found.destination()
                        : new VirtualService.Destination(
                                Backends.NOWHERE, "", found.destination().port());
                shares.add(new HttpRouteDestination(
                        destination, reference.reference().share(), own.headers()));
            }
        }
        return shares.build();
    }

    private static boolean isOfHeaders(RouteFilter filter) {
        return filter.type() == RouteFilter.Type.RequestHeaderModifier
                || filter.type() == RouteFilter.Type.ResponseHeaderModifier;
    }

    private static HttpMatchRequest match(HttpRoute.Match match) {
        return SpelledRule.match(
                path(match.path()),
                match.method().isEmpty() ? null : SpelledRule.exact(match.method()),
                values(match.headers(), true),
                values(match.queryParams(), false));
    }

    private static @Nullable StringMatch path(HttpRoute.@Nullable PathMatch path) {
        if (path == null) {
            return null;
        }
        var given = path.value();
        var value = given == null || given.isEmpty() ? "/" : given;
        return switch (path.type()) {
            case PathPrefix -> SpelledRule.prefix(value);
            case Exact -> SpelledRule.exact(value);
            case RegularExpression -> SpelledRule.pattern(value);
        };
    }

    // Of two conditions on one name the first counts.
    private static Map<String, StringMatch> values(List<HttpRoute.ValueMatch> values, boolean header) {
        var map = new TreeMap<String, StringMatch>();
        for (var value : values) {
            map.putIfAbsent(
                    header ? value.name().toLowerCase(Locale.ROOT) : value.name(),
                    switch (value.type()) {
                        case Exact -> SpelledRule.exact(value.value());
                        case RegularExpression -> SpelledRule.pattern(value.value());
                    });
        }
        return map;
    }

    private static HttpMatchRequest match(GrpcRoute.Match match) {
        return SpelledRule.match(path(match.method()), null, values(match.headers(), true), Map.of());
    }

    private static @Nullable StringMatch path(GrpcRoute.@Nullable MethodMatch method) {
        if (method == null || (method.service().isEmpty() && method.method().isEmpty())) {
            return null;
        }
        boolean isPattern = method.type() == HttpRoute.ValueType.RegularExpression;
        if (!isPattern && !method.service().isEmpty()) {
            return method.method().isEmpty()
                    ? SpelledRule.prefix("/" + method.service())
                    : SpelledRule.exact("/" + method.service() + "/" + method.method());
        }
        return SpelledRule.pattern("/" + part(method.service(), isPattern) + "/" + part(method.method(), isPattern));
    }

    private static String part(String text, boolean isPattern) {
        if (text.isEmpty()) {
            return "[^/]+";
        }
        return isPattern ? text : Pattern.quote(text);
    }

    // With retries the whole and each try have their times; without, the shorter of both is the time of the one
    // try.
    private static @Nullable Duration timeout(HttpRoute.Rule rule) {
        var timeouts = rule.timeouts();
        if (timeouts == null) {
            return null;
        }
        var whole = timeouts.request();
        var once = timeouts.backendRequest();
        if (once == null || once.isZero() || rule.retry() != null) {
            return whole;
        }
        return whole == null || whole.isZero() || whole.compareTo(once) > 0 ? once : whole;
    }

    private static @Nullable HttpRetry retries(HttpRoute.Rule rule) {
        var retry = rule.retry();
        if (retry == null) {
            return null;
        }
        var codes = retry.codes().stream().map(String::valueOf).collect(Collectors.joining(","));
        var attempts = retry.attempts();
        var timeouts = rule.timeouts();
        return new HttpRetry(
                attempts == null ? ATTEMPTS : attempts,
                timeouts == null ? null : timeouts.backendRequest(),
                codes.isEmpty() ? RETRIES : RETRIES + "," + codes,
                null,
                null,
                retry.backoff());
    }

    private static Value.@Nullable Struct session(@Nullable SessionPersistence wanted) {
        if (wanted == null) {
            return null;
        }
        var fields = ImmutableSortedMap.<String, Value>naturalOrder();
        if (!wanted.sessionName().isEmpty()) {
            fields.put("sessionName", new Value.Text(wanted.sessionName()));
        }
        fields.put("type", new Value.Text(wanted.type().name()));
        var timeout = wanted.absoluteTimeout();
        if (timeout != null) {
            fields.put("absoluteTimeout", new Value.Text(text(timeout)));
        }
        var cookie = wanted.cookieConfig();
        if (cookie != null) {
            fields.put(
                    "cookieConfig",
                    new Value.Struct(ImmutableSortedMap.of(
                            "lifetimeType", new Value.Text(cookie.lifetimeType().name()))));
        }
        return new Value.Struct(fields.build());
    }

    private static String text(Duration duration) {
        return duration.toMillis() < LONG ? duration.toMillis() + "ms" : duration.toSeconds() + "s";
    }
}
