package io.sallyport.translation.link;

import io.sallyport.model.StringMatch;
import io.sallyport.model.VirtualService.HttpMatchRequest;
import io.sallyport.translation.plan.RequestMatch;
import io.sallyport.translation.plan.RequestMatch.ClaimCondition;
import io.sallyport.translation.plan.RequestMatch.HeaderCondition;
import io.sallyport.translation.plan.RequestMatch.PathMatch;
import io.sallyport.translation.plan.RequestMatch.QueryCondition;
import io.sallyport.translation.plan.RequestMatch.Sense;
import io.sallyport.translation.plan.ValueTest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Says what one `match` entry of a VirtualService asks of a request.
/// (Istio: `TranslateRouteMatch` in `pilot/pkg/networking/core/route/route.go`.)
final class MatchLinker {

    private static final String CLAIMS = "@request.auth.claims";

    private MatchLinker() {}

    /// `bySegments` says whether prefixes end where a segment ends.
    static RequestMatch link(HttpMatchRequest match, boolean bySegments) {
        var headers = new ArrayList<HeaderCondition>();
        var claims = new ArrayList<ClaimCondition>();
        match.headers().forEach((name, value) -> {
            if (isClaim(name)) {
                claims.add(new ClaimCondition(claim(name), test(value), false));
            } else {
                headers.add(new HeaderCondition(name, test(value), Sense.MUST));
            }
        });
        match.withoutHeaders().forEach((name, value) -> {
            if (isClaim(name)) {
                claims.add(new ClaimCondition(claim(name), test(value), true));
            } else {
                headers.add(new HeaderCondition(name, test(value), without(value)));
            }
        });
        headers.sort(Comparator.comparing(HeaderCondition::name));
        addPseudo(headers, ":method", match.method());
        addPseudo(headers, ":authority", match.authority());
        addPseudo(headers, ":scheme", match.scheme());
        var queries = new ArrayList<QueryCondition>();
        match.queryParams().forEach((name, value) -> queries.add(new QueryCondition(name, test(value))));
        return new RequestMatch(path(match, bySegments), headers, queries, claims);
    }

    /// A prefix without the slash at its end: `/foo/` is `/foo`, and `/` is nothing.
    static String bare(String prefix) {
        return prefix.endsWith("/") ? prefix.substring(0, prefix.length() - 1) : prefix;
    }

    private static PathMatch prefix(String prefix, boolean caseSensitive, boolean bySegments) {
        return bySegments && !bare(prefix).isEmpty()
                ? new PathMatch.Segments(bare(prefix))
                : new PathMatch.Prefix(prefix, caseSensitive);
    }

    private static PathMatch path(HttpMatchRequest match, boolean bySegments) {
        boolean caseSensitive = !match.ignoreUriCase();
        var uri = match.uri();
        if (uri == null) {
            return new PathMatch.Prefix("/", caseSensitive);
        }
        return switch (uri.form()) {
            case StringMatch.Exact(var path) -> new PathMatch.Exact(path, caseSensitive);
            case StringMatch.Prefix(var prefix) -> prefix(prefix, caseSensitive, bySegments);
            case StringMatch.Regex(var regex) -> new PathMatch.Pattern(regex);
            case StringMatch.Present _ -> new PathMatch.Prefix("/", caseSensitive);
        };
    }

    // A missing header is as good as an empty one, unless any value at all is ruled out.
    private static Sense without(StringMatch value) {
        return test(value) instanceof ValueTest.Present ? Sense.MUST_NOT : Sense.MUST_NOT_MISSING_IS_EMPTY;
    }

    private static void addPseudo(List<HeaderCondition> headers, String name, @Nullable StringMatch value) {
        if (value != null) {
            headers.add(new HeaderCondition(name, test(value), Sense.MUST));
        }
    }

    /// `{}` and the pattern `*`, which is no pattern at all, mean that there is some value.
    static ValueTest test(StringMatch match) {
        return switch (match.form()) {
            case StringMatch.Exact(var value) -> new ValueTest.Exact(value, true);
            case StringMatch.Prefix(var prefix) -> new ValueTest.Prefix(prefix, true);
            case StringMatch.Regex(var regex) ->
                regex.equals("*") ? new ValueTest.Present() : new ValueTest.Pattern(regex);
            case StringMatch.Present _ -> new ValueTest.Present();
        };
    }

    private static boolean isClaim(String name) {
        return name.length() > CLAIMS.length()
                && name.toLowerCase(Locale.ROOT).startsWith(CLAIMS)
                && (name.charAt(CLAIMS.length()) == '.' || name.charAt(CLAIMS.length()) == '[');
    }

    /// `….group.id` and `…[group][id]` are both the path `group`, `id`; names in brackets may have dots.
    private static List<String> claim(String name) {
        var path = name.substring(CLAIMS.length());
        if (path.startsWith("[") && path.endsWith("]")) {
            return List.of(path.substring(1, path.length() - 1).split("]\\[", -1));
        }
        return List.of(path.substring(1).split("\\.", -1));
    }
}
