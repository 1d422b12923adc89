package io.sallyport.translation.simulate;

import com.google.re2j.Pattern;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.QueryParameterMatcher;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import java.util.Locale;
import java.util.Optional;

/// Why a route does not take a request: the first of its conditions that does not hold, in Envoy's order
/// (path, headers, query, the rest).
final class Conditions {

    private Conditions() {}

    /// Empty when all hold.
    static Optional<String> unmet(RouteMatch match, HeaderLines headers) {
        var path = headers.first(":path").orElse("/");
        return unmetMethod(match, headers)
                .or(() -> unmetPath(match, Paths.withoutQuery(path)))
                .or(() -> match.getHeadersList().stream()
                        .flatMap(header -> unmetHeader(header, headers).stream())
                        .findFirst())
                .or(() -> match.getQueryParametersList().stream()
                        .flatMap(query -> unmetQuery(query, path).stream())
                        .findFirst())
                .or(() -> unmetRest(match));
    }

    // A request for a tunnel has no path, and so meets no condition on one.
    private static Optional<String> unmetMethod(RouteMatch match, HeaderLines headers) {
        var isTunnel = headers.first(":method").filter("CONNECT"::equals).isPresent();
        var wantsTunnel = match.getPathSpecifierCase() == RouteMatch.PathSpecifierCase.CONNECT_MATCHER;
        if (isTunnel == wantsTunnel) {
            return Optional.empty();
        }
        return Optional.of(isTunnel ? "the method is CONNECT" : "the method is not CONNECT");
    }

    private static Optional<String> unmetPath(RouteMatch match, String path) {
        var ignoreCase = match.hasCaseSensitive() && !match.getCaseSensitive().getValue();
        return switch (match.getPathSpecifierCase()) {
            case PREFIX ->
                expect(
                        path,
                        startsWith(path, match.getPrefix(), ignoreCase),
                        "starting with \"" + match.getPrefix() + "\"");
            case PATH -> expect(path, same(path, match.getPath(), ignoreCase), "\"" + match.getPath() + "\"");
            case SAFE_REGEX ->
                expect(
                        path,
                        Pattern.matches(match.getSafeRegex().getRegex(), path),
                        "a match of " + match.getSafeRegex().getRegex());
            case PATH_SEPARATED_PREFIX ->
                expect(
                        path,
                        same(path, match.getPathSeparatedPrefix(), ignoreCase)
                                || startsWith(path, match.getPathSeparatedPrefix() + "/", ignoreCase),
                        "below \"" + match.getPathSeparatedPrefix() + "\"");
            case CONNECT_MATCHER -> Optional.empty();
            case PATH_MATCH_POLICY, PATHSPECIFIER_NOT_SET ->
                throw new IllegalStateException(
                        "path_specifier: " + match.getPathSpecifierCase() + " (expected: one that is emitted)");
        };
    }

    private static Optional<String> expect(String path, boolean holds, String expected) {
        return holds ? Optional.empty() : Optional.of("path is \"" + path + "\" (expected: " + expected + ")");
    }

    private static boolean startsWith(String text, String front, boolean ignoreCase) {
        return text.regionMatches(ignoreCase, 0, front, 0, front.length());
    }

    private static boolean same(String text, String other, boolean ignoreCase) {
        return ignoreCase ? text.equalsIgnoreCase(other) : text.equals(other);
    }

    private static Optional<String> unmetHeader(HeaderMatcher matcher, HeaderLines headers) {
        var value = headers.find(matcher.getName());
        var what = "header \"" + matcher.getName() + "\"";
        if (matcher.getHeaderMatchSpecifierCase() == HeaderMatcher.HeaderMatchSpecifierCase.PRESENT_MATCH) {
            var holds = (value.isPresent() == matcher.getPresentMatch()) != matcher.getInvertMatch();
            return holds ? Optional.empty() : Optional.of(what + " is " + (value.isPresent() ? "there" : "missing"));
        }
        if (value.isEmpty() && !matcher.getTreatMissingHeaderAsEmpty()) {
            return Optional.of(what + " is missing");
        }
        var text = value.orElse("");
        var holds = matches(matcher.getStringMatch(), text) != matcher.getInvertMatch();
        return holds
                ? Optional.empty()
                : Optional.of(what + " is \"" + text + "\" (expected: " + (matcher.getInvertMatch() ? "not " : "")
                        + describe(matcher.getStringMatch()) + ")");
    }

    private static Optional<String> unmetQuery(QueryParameterMatcher matcher, String path) {
        var value = Paths.queryParameter(path, matcher.getName());
        var what = "query parameter \"" + matcher.getName() + "\"";
        if (value.isEmpty()) {
            return Optional.of(what + " is missing");
        }
        if (!matcher.hasStringMatch() || matches(matcher.getStringMatch(), value.orElseThrow())) {
            return Optional.empty();
        }
        return Optional.of(
                what + " is \"" + value.orElseThrow() + "\" (expected: " + describe(matcher.getStringMatch()) + ")");
    }

    // A share of requests is taken for all of them unless it is none.
    private static Optional<String> unmetRest(RouteMatch match) {
        if (match.hasRuntimeFraction()
                && match.getRuntimeFraction().getDefaultValue().getNumerator() == 0) {
            return Optional.of("the rule takes 0 % of the requests");
        }
        if (match.getDynamicMetadataCount() > 0) {
            return Optional.of("there is no verified token with the claim that is asked for");
        }
        return Optional.empty();
    }

    static boolean matches(StringMatcher matcher, String value) {
        var ignoreCase = matcher.getIgnoreCase();
        return switch (matcher.getMatchPatternCase()) {
            case EXACT -> same(value, matcher.getExact(), ignoreCase);
            case PREFIX -> startsWith(value, matcher.getPrefix(), ignoreCase);
            case SUFFIX ->
                value.regionMatches(
                        ignoreCase,
                        value.length() - matcher.getSuffix().length(),
                        matcher.getSuffix(),
                        0,
                        matcher.getSuffix().length());
            case CONTAINS -> fold(value, ignoreCase).contains(fold(matcher.getContains(), ignoreCase));
            case SAFE_REGEX -> Pattern.matches(matcher.getSafeRegex().getRegex(), value);
            case CUSTOM, MATCHPATTERN_NOT_SET ->
                throw new IllegalStateException(
                        "match_pattern: " + matcher.getMatchPatternCase() + " (expected: one that is emitted)");
        };
    }

    private static String fold(String text, boolean ignoreCase) {
        return ignoreCase ? text.toLowerCase(Locale.ROOT) : text;
    }

    private static String describe(StringMatcher matcher) {
        return switch (matcher.getMatchPatternCase()) {
            case EXACT -> "\"" + matcher.getExact() + "\"";
            case PREFIX -> "starting with \"" + matcher.getPrefix() + "\"";
            case SUFFIX -> "ending with \"" + matcher.getSuffix() + "\"";
            case CONTAINS -> "containing \"" + matcher.getContains() + "\"";
            case SAFE_REGEX -> "a match of " + matcher.getSafeRegex().getRegex();
            case CUSTOM, MATCHPATTERN_NOT_SET -> "nothing";
        };
    }
}
