package io.sallyport.translation.simulate;

import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Which virtual host of a table takes a host: the exact domain, else the longest wildcard at the front (`*.a.test`),
/// else the longest at the end (`a.*`), else `*`. Case does not count, nor does the port where the table says so.
final class HostLookup {

    private HostLookup() {}

    /// A virtual host and the domain of it that fits.
    record Hit(VirtualHost host, String domain) {}

    static Optional<Hit> find(RouteConfiguration table, String authority) {
        var host = table.getIgnorePortInHostMatching() ? withoutPort(authority) : authority;
        var name = host.toLowerCase(Locale.ROOT);
        Hit best = null;
        int bestRank = -1;
        for (var candidate : table.getVirtualHostsList()) {
            for (var domain : (List<String>) candidate.getDomainsList()) {
                int rank = rank(domain.toLowerCase(Locale.ROOT), name);
                if (rank > bestRank) {
                    best = new Hit(candidate, domain);
                    bestRank = rank;
                }
            }
        }
        return Optional.ofNullable(best);
    }

    private static final int EXACT = 1 << 30;
    private static final int SUFFIX = 1 << 20;
    private static final int PREFIX = 1 << 10;

    // Higher is better; -1 does not fit. Names are at most 255 characters, so lengths never reach the next class.
    private static int rank(String domain, String name) {
        if (domain.equals(name)) {
            return EXACT;
        }
        if (domain.equals("*")) {
            return 0;
        }
        // A wildcard stands for at least one character.
        if (domain.startsWith("*")) {
            return name.length() >= domain.length() && name.endsWith(domain.substring(1))
                    ? SUFFIX + domain.length()
                    : -1;
        }
        if (domain.endsWith("*")) {
            var front = domain.substring(0, domain.length() - 1);
            return name.length() >= domain.length() && name.startsWith(front) ? PREFIX + domain.length() : -1;
        }
        return -1;
    }

    /// The host without its port. Text behind a colon that is no number is part of the host, as in an IPv6 address.
    static String withoutPort(String authority) {
        int colon = authority.lastIndexOf(':');
        if (colon < 0 || colon < authority.lastIndexOf(']')) {
            return authority;
        }
        if (authority.charAt(0) != '[' && authority.indexOf(':') != colon) {
            return authority;
        }
        var port = authority.substring(colon + 1);
        var isNumber = !port.isEmpty() && port.chars().allMatch(c -> c >= '0' && c <= '9');
        return isNumber ? authority.substring(0, colon) : authority;
    }
}
