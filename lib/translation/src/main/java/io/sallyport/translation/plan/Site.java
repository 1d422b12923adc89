package io.sallyport.translation.plan;

import java.util.List;

/// What one host answers on one port: the first rule that matches, else 404. `host` is lower case and may be a
/// wildcard;
/// `port` is the server's.
///
/// `countsAttempts` says whether upstreams are told which attempt a request is.
///
/// Sites that the same objects made have equal `rules` (and share the list), even where the hosts differ.
public record Site(String host, int port, List<RouteRule> rules, Encryption encryption, boolean countsAttempts) {

    /// Whether the site may be used without TLS.
    public enum Encryption {
        OPTIONAL,
        /// Plain requests are redirected to `https`.
        REQUIRED,
        /// As `REQUIRED`, but for those by which a certificate authority convinces itself of a host.
        REQUIRED_BUT_FOR_CHALLENGES
    }

    public Site {
        rules = List.copyOf(rules);
    }
}
