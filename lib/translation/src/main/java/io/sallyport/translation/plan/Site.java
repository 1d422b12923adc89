package io.sallyport.translation.plan;

import java.util.List;

/// What one host answers on one port: the first rule that matches, else 404. `host` is lower case and may be
/// a wildcard; `port` is the server's.
///
/// `countsAttempts` says whether upstreams are told which attempt a request is.
///
/// Sites that the same objects made have equal `rules` (and share the list), even where the hosts differ. `domains` are
/// the texts under which requests find it: the host, in tables whose lookup heeds the port with the port.
public record Site(
        String host,
        int port,
        List<String> domains,
        List<RouteRule> rules,
        Encryption encryption,
        boolean countsAttempts) {

    /// A site that is found by its host.
    public Site(String host, int port, List<RouteRule> rules, Encryption encryption, boolean countsAttempts) {
        this(host, port, List.of(host), rules, encryption, countsAttempts);
    }

    /// Whether the site may be used without TLS.
    public enum Encryption {
        OPTIONAL,
        /// Plain requests are redirected to `https`.
        REQUIRED,
        /// As `REQUIRED`, but for those by which a certificate authority convinces itself of a host.
        REQUIRED_BUT_FOR_CHALLENGES
    }

    public Site {
        domains = List.copyOf(domains);
        rules = List.copyOf(rules);
    }
}
