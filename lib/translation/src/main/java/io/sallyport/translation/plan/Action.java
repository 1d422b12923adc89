package io.sallyport.translation.plan;

import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/// What is done with a request that a [RouteRule] matched. Every rule has exactly one action.
public sealed interface Action {

    /// Sends the request upstream. Weights are relative: `1, 3` splits traffic just as `25, 75` does.
    record Forward(
            List<Share> shares,
            PathChange path,
            HostChange host,
            Timeout timeout,
            Retry retry,
            List<Mirror> mirrors,
            Stickiness stickiness,
            Session session,
            Missing missing)
            implements Action {
        public Forward {
            shares = List.copyOf(shares);
            mirrors = List.copyOf(mirrors);
            if (shares.stream().noneMatch(share -> share.weight() > 0)) {
                throw new IllegalArgumentException("shares: " + shares + " (expected: at least one weight > 0)");
            }
        }
    }

    /// Tells the client to go elsewhere. What is not changed is as in the request.
    record Redirect(int status, SchemeChange scheme, HostChange host, PortChange port, PathChange path)
            implements Action {}

    /// Answers at once.
    record Respond(int status, Body body) implements Action {}

    /// Part of the traffic. `headers` and `host` hold for this part alone, before those of the rule: where both set
    /// one, the rule's value counts. What takes everything has none of its own; the rule says it all.
    record Share(UpstreamId upstream, int weight, HeaderEdits headers, HostChange host) {
        public Share {
            if (weight < 0) {
                throw new IllegalArgumentException("weight: " + weight + " (expected: >= 0)");
            }
        }

        /// All of it.
        public static Share whole(UpstreamId upstream) {
            return new Share(upstream, 1, HeaderEdits.NONE, new HostChange.Keep());
        }
    }

    /// Sends a copy whose answer is thrown away.
    record Mirror(UpstreamId upstream, Percent share) {}

    /// What is answered where nothing is behind an upstream's name: 503, or 500.
    enum Missing {
        UNAVAILABLE,
        BROKEN
    }

    sealed interface Body {
        record Empty() implements Body {}

        record Text(String text) implements Body {}

        /// Octets as ISO-8859-1 characters, one each.
        record Bytes(String octets) implements Body {}
    }

    sealed interface PathChange {
        record Keep() implements PathChange {}

        /// Replaces what the rule's prefix or exact path matched.
        record Matched(String replacement) implements PathChange {}

        /// Replaces the whole path.
        record Whole(String replacement) implements PathChange {}

        /// Replaces what the RE2 pattern finds; `\1` is the first group.
        record Pattern(String regex, String replacement) implements PathChange {}
    }

    sealed interface HostChange {
        record Keep() implements HostChange {}

        record To(String host) implements HostChange {}

        /// The upstream is told the host that came, too: by `x-forwarded-host`. For requests that go on alone.
        record Telling(String host) implements HostChange {}
    }

    sealed interface SchemeChange {
        record Keep() implements SchemeChange {}

        record To(String scheme) implements SchemeChange {}
    }

    sealed interface PortChange {
        record Keep() implements PortChange {}

        record To(int port) implements PortChange {}
    }

    /// What decides which endpoint a request goes to, where the upstream picks by hash.
    sealed interface Stickiness {
        record None() implements Stickiness {}

        /// The first of these that a request has.
        record By(List<Key> keys) implements Stickiness {
            public By {
                keys = List.copyOf(keys);
            }
        }

        sealed interface Key {
            record Header(String name) implements Key {}

            record Query(String name) implements Key {}

            record ClientAddress() implements Key {}

            /// `lifetime` of `Timeout.None` is a cookie that the proxy only reads.
            /// Further `attributes` go into the cookie that the proxy makes: `SameSite`, say.
            record Cookie(String name, String path, Timeout lifetime, SortedMap<String, String> attributes)
                    implements Key {
                public Cookie {
                    attributes = Collections.unmodifiableSortedMap(new TreeMap<>(attributes));
                }
            }
        }
    }
}
