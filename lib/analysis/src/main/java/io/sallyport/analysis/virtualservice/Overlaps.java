package io.sallyport.analysis.virtualservice;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Hosts that were seen, asked whether the next one overlaps any of them. Linear in the length of the hosts, not in
/// their number: an object may have ten thousand.
final class Overlaps {

    private final Map<String, String> exact = new HashMap<>();
    private final Map<String, String> wildcards = new HashMap<>();
    // All names backwards: those that end alike are neighbours.
    private final TreeMap<String, String> backwards = new TreeMap<>();

    /// Adds a host; answers with an earlier one that it overlaps.
    Optional<String> add(String host) {
        var found = find(host);
        if (host.startsWith("*")) {
            wildcards.putIfAbsent(host.substring(1), host);
        } else {
            exact.putIfAbsent(host, host);
        }
        backwards.putIfAbsent(reverse(host.startsWith("*") ? host.substring(1) : host), host);
        return found;
    }

    private Optional<String> find(String host) {
        boolean wildcard = host.startsWith("*");
        var name = wildcard ? host.substring(1) : host;
        for (int start = 0; start <= name.length(); start++) {
            var covering = wildcards.get(name.substring(start));
            if (covering != null) {
                return Optional.of(covering);
            }
        }
        if (!wildcard) {
            return Optional.ofNullable(exact.get(host));
        }
        var nearest = backwards.ceilingEntry(reverse(name));
        return nearest != null && nearest.getKey().startsWith(reverse(name))
                ? Optional.of(nearest.getValue())
                : Optional.empty();
    }

    private static String reverse(String text) {
        return new StringBuilder(text).reverse().toString();
    }
}
