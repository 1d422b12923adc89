package io.sallyport.translation.emit;

import com.google.common.collect.ImmutableList;
import com.google.protobuf.ByteString;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.sallyport.analysis.gateway.HttpsRedirects;
import io.sallyport.model.Origin;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.Withheld;
import io.sallyport.translation.plan.RouteRule;
import io.sallyport.translation.plan.Site;
import io.sallyport.translation.validation.EnvoyValidation;
import java.util.List;

/// Emits one Envoy virtual host per [Site], as bytes that route tables are put together from.
final class SiteEmitter {

    private static final Route REDIRECT = redirect();

    private final EnvoyValidation validation;

    SiteEmitter(EnvoyValidation validation) {
        this.validation = validation;
    }

    /// A virtual host as bytes, and the rules that made it.
    record Piece(ByteString bytes, ImmutableList<Origin> origins) {}

    /// Answers the bytes of a site, or why Envoy would not take them. `what` names the site in reports.
    Attempt<Piece> emit(Site site, String what) {
        var origins = origins(site);
        return Attempt.of(what, origins, () -> {
            var host = shell(site);
            for (var rule : site.rules()) {
                var attempt = Attempt.of(what, List.of(rule.provenance().origin()), () -> checked(rule, what));
                switch (attempt) {
                    case Attempt.Made(var route) -> host.addRoutes(route);
                    case Attempt.Failed(var withheld) -> {
                        return new Attempt.Failed<>(withheld);
                    }
                }
            }
            var message = host.build();
            // The routes were checked one by one, so that a violation names its rule.
            var violations = validation.check(message.toBuilder().clearRoutes().build());
            if (!violations.isEmpty()) {
                return new Attempt.Failed<>(new Withheld(what, origins, violations.toString()));
            }
            return new Attempt.Made<>(new Piece(Values.bytes(message), origins));
        });
    }

    private Attempt<Route> checked(RouteRule rule, String what) {
        var route = RouteEmitter.emit(rule);
        var violations = validation.check(route);
        return violations.isEmpty()
                ? new Attempt.Made<>(route)
                : new Attempt.Failed<>(
                        new Withheld(what, List.of(rule.provenance().origin()), violations.toString()));
    }

    /// The host without its rules: every request is answered 404, and none reaches a wildcard that covers the host.
    static Piece closed(Site site) {
        return new Piece(Values.bytes(shell(site).build()), origins(site));
    }

    private static VirtualHost.Builder shell(Site site) {
        var host = VirtualHost.newBuilder()
                .setName(ResourceNames.virtualHost(site))
                .addAllDomains(site.domains())
                .setIncludeRequestAttemptCount(site.countsAttempts());
        switch (site.encryption()) {
            case OPTIONAL -> {}
            case REQUIRED -> host.setRequireTls(VirtualHost.TlsRequirementType.ALL);
            case REQUIRED_BUT_FOR_CHALLENGES -> host.addRoutes(REDIRECT);
        }
        return host;
    }

    // `require_tls` knows no exception, so this is its work as a route. Both conditions are of requests that stay.
    private static Route redirect() {
        var route = Route.newBuilder().setName(ResourceNames.HTTPS_REDIRECT);
        route.getMatchBuilder()
                .setPrefix("/")
                .addHeaders(
                        unless("x-forwarded-proto", StringMatcher.newBuilder().setExact("https")))
                .addHeaders(unless(":path", StringMatcher.newBuilder().setPrefix(HttpsRedirects.CHALLENGES)));
        route.getRedirectBuilder().setHttpsRedirect(true);
        return route.build();
    }

    private static HeaderMatcher unless(String header, StringMatcher.Builder value) {
        return HeaderMatcher.newBuilder()
                .setName(header)
                .setStringMatch(value)
                .setInvertMatch(true)
                .build();
    }

    private static ImmutableList<Origin> origins(Site site) {
        return site.rules().stream()
                .map(rule -> rule.provenance().origin())
                .distinct()
                .collect(ImmutableList.toImmutableList());
    }
}
