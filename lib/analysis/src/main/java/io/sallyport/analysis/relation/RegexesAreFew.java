package io.sallyport.analysis.relation;

import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.Bindings;
import io.sallyport.analysis.Lookup;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.WorldRule;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import io.sallyport.model.StringMatch;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.HttpMatchRequest;
import io.sallyport.model.VirtualService.HttpRoute;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// SP4219: regular expressions are tried one by one, so their number is what a long path costs (V16). On a gateway the
/// rules of all VirtualServices of a host count. Why it is a warning: decision 0021.
final class RegexesAreFew extends WorldRule<VirtualService> {

    private static final int MOST = 200;

    RegexesAreFew() {
        super(
                "SP4219",
                WARNING,
                "Host has many regular expressions",
                Kind.VIRTUAL_SERVICE,
                VirtualService.class,
                new Page(
                        "A request tries the expressions of its host in turn, and each reads the whole path. With more than 200, a client with long paths keeps the gateway busy; compare with prefix or exact where that is what is meant.",
                        example(14),
                        example(13)));
    }

    // 15 routes, each with all the expressions of the rule.
    private static String example(int expressions) {
        return "{hosts: [shop.test], http: [{match: [" + joined(15, "{uri: {exact: /%d}}")
                + "], corsPolicy: {allowOrigins: [" + joined(expressions, "{regex: a%d.*}")
                + "]}, directResponse: {status: 200}}]}";
    }

    private static String joined(int count, String form) {
        return IntStream.range(0, count).mapToObj(form::formatted).collect(Collectors.joining(", "));
    }

    @Override
    public void check(At<VirtualService> service, Lookup world, Report report) {
        int own = count(service.value(), report.object(), world);
        if (own == 0) {
            return;
        }
        var namespace = report.object().namespace();
        for (var host : service.each("hosts", VirtualService::hosts).toList()) {
            var older = service.value().gateways().stream()
                    .filter(gateway -> !gateway.equals("mesh"))
                    .map(gateway -> Bindings.gatewayName(gateway, namespace))
                    .flatMap(gateway -> world.bound(gateway, Hosts.fullName(host.value(), namespace)).stream())
                    .filter(other -> other.isOlderThan(report.object()))
                    .distinct()
                    .toList();
            int all = own
                    + older.stream()
                            .mapToInt(other -> count(other.spec(), other, world))
                            .sum();
            if (all > MOST) {
                report.at(
                        host,
                        "\"%s\" has %d regular expressions here%s (expected: at most %d for a host)"
                                .formatted(host.value(), own, all == own ? "" : ", with older objects " + all, MOST),
                        older.stream()
                                .limit(3)
                                .map(other -> new Report.Place(other, Path.of("spec", "http")))
                                .toList());
                return;
            }
        }
    }

    private static int count(VirtualService service, ConfigObject<?> object, Lookup world) {
        return service.http().stream()
                .mapToInt(route -> count(route) + delegated(route, object, world))
                .sum();
    }

    private static int delegated(HttpRoute route, ConfigObject<?> object, Lookup world) {
        var delegate = route.delegate();
        if (delegate == null) {
            return 0;
        }
        var namespace = delegate.namespace().isEmpty() ? object.namespace() : delegate.namespace();
        return world.virtualService(namespace + "/" + delegate.name())
                .map(found -> found.spec().http().stream()
                        .mapToInt(RegexesAreFew::count)
                        .sum())
                .orElse(0);
    }

    // Each match becomes a route of its own, with the rule's actions.
    private static int count(HttpRoute route) {
        var matches = (int) route.match().stream()
                .filter(Objects::nonNull)
                .flatMap(RegexesAreFew::comparisons)
                .filter(RegexesAreFew::isRegex)
                .count();
        var rewrite = route.rewrite();
        var cors = route.corsPolicy();
        int actions = (rewrite != null && rewrite.uriRegexRewrite() != null ? 1 : 0)
                + (cors == null
                        ? 0
                        : (int) cors.allowOrigins().stream()
                                .filter(RegexesAreFew::isRegex)
                                .count());
        return matches + actions * Math.max(1, route.match().size());
    }

    private static boolean isRegex(StringMatch comparison) {
        return comparison.regex() != null;
    }

    private static Stream<StringMatch> comparisons(HttpMatchRequest match) {
        return Stream.of(
                        Stream.of(match.uri(), match.scheme(), match.method(), match.authority()),
                        match.headers().values().stream(),
                        match.withoutHeaders().values().stream(),
                        match.queryParams().values().stream())
                .<StringMatch>flatMap(part -> part)
                .filter(Objects::nonNull);
    }
}
