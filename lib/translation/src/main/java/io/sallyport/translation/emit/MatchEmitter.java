package io.sallyport.translation.emit;

import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.QueryParameterMatcher;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.type.matcher.v3.ListMatcher;
import io.envoyproxy.envoy.type.matcher.v3.MetadataMatcher;
import io.envoyproxy.envoy.type.matcher.v3.OrMatcher;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatcher;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.envoyproxy.envoy.type.matcher.v3.ValueMatcher;
import io.sallyport.translation.plan.RequestMatch;
import io.sallyport.translation.plan.RequestMatch.ClaimCondition;
import io.sallyport.translation.plan.RequestMatch.HeaderCondition;
import io.sallyport.translation.plan.RequestMatch.PathMatch;
import io.sallyport.translation.plan.RequestMatch.QueryCondition;
import io.sallyport.translation.plan.ValueTest;

/// Spells which requests a rule takes.
final class MatchEmitter {

    // Where the token filter leaves what it verified.
    private static final String TOKENS = "envoy.filters.http.jwt_authn";
    private static final String PAYLOAD = "payload";

    private MatchEmitter() {}

    static RouteMatch emit(RequestMatch match) {
        var out = RouteMatch.newBuilder();
        switch (match.path()) {
            case PathMatch.Exact(var path, var caseSensitive) -> {
                out.setPath(path);
                addCase(out, caseSensitive);
            }
            case PathMatch.Prefix(var prefix, var caseSensitive) -> {
                out.setPrefix(prefix);
                addCase(out, caseSensitive);
            }
            case PathMatch.Segments(var prefix) -> out.setPathSeparatedPrefix(prefix);
            case PathMatch.Tunnel() -> out.setConnectMatcher(RouteMatch.ConnectMatcher.getDefaultInstance());
            case PathMatch.Pattern(var regex) -> out.setSafeRegex(regex(regex));
        }
        match.headers().forEach(condition -> out.addHeaders(header(condition)));
        match.queries().forEach(condition -> out.addQueryParameters(query(condition)));
        match.claims().forEach(condition -> out.addDynamicMetadata(claim(condition)));
        return out.build();
    }

    // Envoy's default is to heed case, and it is left unsaid: shorter dumps.
    private static void addCase(RouteMatch.Builder out, boolean caseSensitive) {
        if (!caseSensitive) {
            out.setCaseSensitive(Values.bool(false));
        }
    }

    static RegexMatcher regex(String regex) {
        return RegexMatcher.newBuilder().setRegex(regex).build();
    }

    private static HeaderMatcher header(HeaderCondition condition) {
        var out = HeaderMatcher.newBuilder().setName(condition.name());
        switch (condition.test()) {
            case ValueTest.Present() -> out.setPresentMatch(true);
            case ValueTest.Exact _, ValueTest.Prefix _, ValueTest.Pattern _ ->
                out.setStringMatch(string(condition.test()));
        }
        switch (condition.sense()) {
            case MUST -> {}
            case MUST_NOT -> out.setInvertMatch(true);
            case MUST_NOT_MISSING_IS_EMPTY -> out.setInvertMatch(true).setTreatMissingHeaderAsEmpty(true);
        }
        return out.build();
    }

    private static QueryParameterMatcher query(QueryCondition condition) {
        var out = QueryParameterMatcher.newBuilder().setName(condition.name());
        return switch (condition.test()) {
            case ValueTest.Present() -> out.setPresentMatch(true).build();
            case ValueTest.Exact _, ValueTest.Prefix _, ValueTest.Pattern _ ->
                out.setStringMatch(string(condition.test())).build();
        };
    }

    // A claim is a text or a list that holds it.
    private static MetadataMatcher claim(ClaimCondition condition) {
        var out = MetadataMatcher.newBuilder().setFilter(TOKENS).setInvert(condition.inverted());
        out.addPathBuilder().setKey(PAYLOAD);
        condition.path().forEach(step -> out.addPathBuilder().setKey(step));
        var single = value(condition.test());
        var many = ValueMatcher.newBuilder()
                .setListMatch(ListMatcher.newBuilder().setOneOf(single))
                .build();
        return out.setValue(ValueMatcher.newBuilder()
                        .setOrMatch(
                                OrMatcher.newBuilder().addValueMatchers(many).addValueMatchers(single)))
                .build();
    }

    private static ValueMatcher value(ValueTest test) {
        return switch (test) {
            case ValueTest.Present() ->
                ValueMatcher.newBuilder().setPresentMatch(true).build();
            case ValueTest.Exact _, ValueTest.Prefix _, ValueTest.Pattern _ ->
                ValueMatcher.newBuilder().setStringMatch(string(test)).build();
        };
    }

    /// A test of a value that is there.
    static StringMatcher string(ValueTest test) {
        var out = StringMatcher.newBuilder();
        return switch (test) {
            case ValueTest.Present() -> out.setSafeRegex(regex(".*")).build();
            case ValueTest.Exact(var value, var caseSensitive) ->
                out.setExact(value).setIgnoreCase(!caseSensitive).build();
            case ValueTest.Prefix(var prefix, var caseSensitive) ->
                out.setPrefix(prefix).setIgnoreCase(!caseSensitive).build();
            case ValueTest.Pattern(var regex) -> out.setSafeRegex(regex(regex)).build();
        };
    }
}
