package io.sallyport.translation.plan;

import java.util.List;

/// Which requests a rule takes: all of these must hold. Header conditions are ordered by name; method, scheme and
/// authority are the headers `:method`, `:scheme` and `:authority`.
public record RequestMatch(
        PathMatch path, List<HeaderCondition> headers, List<QueryCondition> queries, List<ClaimCondition> claims) {

    /// Everything.
    public static final RequestMatch EVERYTHING =
            new RequestMatch(new PathMatch.Prefix("/", true), List.of(), List.of(), List.of());

    public RequestMatch {
        headers = List.copyOf(headers);
        queries = List.copyOf(queries);
        claims = List.copyOf(claims);
    }

    /// Whether every request matches: prefix `/` or the pattern `.*`, and no other condition.
    public boolean isEverything() {
        return path.isEverything() && headers.isEmpty() && queries.isEmpty() && claims.isEmpty();
    }

    /// The path, without the query.
    public sealed interface PathMatch {

        boolean isEverything();

        record Exact(String path, boolean caseSensitive) implements PathMatch {
            @Override
            public boolean isEverything() {
                return false;
            }
        }

        /// `Prefix("/foo")` matches `/foobar`.
        record Prefix(String prefix, boolean caseSensitive) implements PathMatch {
            @Override
            public boolean isEverything() {
                return prefix.equals("/");
            }
        }

        /// `Segments("/foo")` matches `/foo` and `/foo/bar`, not `/foobar`.
        record Segments(String prefix) implements PathMatch {
            @Override
            public boolean isEverything() {
                return false;
            }
        }

        /// A request for a tunnel, CONNECT, which has no path. Nothing else takes one.
        record Tunnel() implements PathMatch {
            @Override
            public boolean isEverything() {
                return false;
            }
        }

        /// The whole path must match the RE2 pattern.
        record Pattern(String regex) implements PathMatch {
            @Override
            public boolean isEverything() {
                return regex.equals(".*");
            }
        }
    }

    /// A header that must hold, or must not.
    public record HeaderCondition(String name, ValueTest test, Sense sense) {}

    /// How a condition counts.
    public enum Sense {
        MUST,
        MUST_NOT,
        /// As `MUST_NOT`, and a missing header is tested as an empty one.
        MUST_NOT_MISSING_IS_EMPTY
    }

    /// A query parameter that must hold.
    public record QueryCondition(String name, ValueTest test) {}

    /// A claim of a verified token, by its path: `["groups"]`.
    public record ClaimCondition(List<String> path, ValueTest test, boolean inverted) {
        public ClaimCondition {
            path = List.copyOf(path);
        }
    }
}
