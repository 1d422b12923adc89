package io.sallyport.translation.simulate;

import com.google.common.collect.ImmutableList;
import java.util.List;

/// How Envoy came to an answer: by which listener, table, virtual host and route, and why not by another. `domain` is
/// the host pattern that was chosen; a name is empty where the way ended before.
public record Trail(
        String listener, String table, String virtualHost, String domain, Step route, List<Rejection> rejected) {

    public Trail {
        rejected = ImmutableList.copyOf(rejected);
    }

    /// A route of the virtual host, from 0, with the object and the rule that made it, as its metadata says. An index
    /// of -1 is none.
    public record Step(int index, String name, String object, String rule) {

        /// No route.
        public static final Step NONE = new Step(-1, "", "", "");
    }

    /// A route that came before and did not match, with the first condition that did not hold.
    public record Rejection(Step route, String reason) {}
}
