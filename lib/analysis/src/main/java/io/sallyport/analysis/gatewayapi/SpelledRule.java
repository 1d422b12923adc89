package io.sallyport.analysis.gatewayapi;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Path;
import io.sallyport.model.StringMatch;
import io.sallyport.model.VirtualService.HttpMatchRequest;
import io.sallyport.model.VirtualService.HttpRoute;
import java.util.Comparator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One match of one rule as Istio's rule with one match, with its rank among all rules for the same host, and
/// the places that its parts (`route[0]`) come from.
record SpelledRule(HttpRoute route, Rank rank, ConfigObject<?> source, Path place, Map<Path, Path> parts) {

    /// The standard's order: exact paths, then the longest prefix; then a method, more headers, more
    /// parameters; then the older route. Patterns stand behind prefixes as with Istio, but for the prefix `/`,
    /// which would hide them.
    static final Comparator<SpelledRule> MOST_SPECIFIC_FIRST =
            Comparator.comparing(SpelledRule::rank, Rank.ORDER).thenComparing(SpelledRule::source, ConfigObject.BY_AGE);

    record Rank(int path, int length, boolean method, int headers, int parameters) {

        static final Comparator<Rank> ORDER = Comparator.comparingInt(Rank::path)
                .thenComparing(Comparator.comparingInt(Rank::length).reversed())
                .thenComparing(rank -> !rank.method())
                .thenComparing(Comparator.comparingInt(Rank::headers).reversed())
                .thenComparing(Comparator.comparingInt(Rank::parameters).reversed());

        private static final int EXACT = 0;
        private static final int PREFIX = 1;
        private static final int PATTERN = 2;
        private static final int ANY = 3;

        static Rank of(HttpMatchRequest match) {
            var uri = match.uri();
            int kind = ANY;
            int length = 0;
            if (uri != null) {
                switch (uri.form()) {
                    case StringMatch.Exact(var text) -> {
                        kind = EXACT;
                        length = text.length();
                    }
                    case StringMatch.Prefix(var text) -> {
                        kind = text.equals("/") ? ANY : PREFIX;
                        length = text.endsWith("/") ? text.length() - 1 : text.length();
                    }
                    case StringMatch.Regex(var text) -> {
                        kind = PATTERN;
                        length = text.length();
                    }
                    case StringMatch.Present _ -> {}
                }
            }
            return new Rank(
                    kind,
                    length,
                    match.method() != null,
                    match.headers().size(),
                    match.queryParams().size());
        }
    }

    /// A match of nothing but a path, and perhaps a method, headers and parameters.
    static HttpMatchRequest match(
            @Nullable StringMatch uri,
            @Nullable StringMatch method,
            Map<String, StringMatch> headers,
            Map<String, StringMatch> parameters) {
        return new HttpMatchRequest(
                "",
                uri,
                null,
                method,
                null,
                ImmutableSortedMap.copyOf(headers),
                0,
                ImmutableSortedMap.of(),
                ImmutableList.of(),
                ImmutableSortedMap.copyOf(parameters),
                false,
                ImmutableSortedMap.of(),
                "",
                "");
    }

    static StringMatch exact(String text) {
        return new StringMatch(text, null, null);
    }

    static StringMatch prefix(String text) {
        return new StringMatch(null, text, null);
    }

    static StringMatch pattern(String text) {
        return new StringMatch(null, null, text);
    }
}
