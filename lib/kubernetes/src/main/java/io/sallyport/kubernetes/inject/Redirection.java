package io.sallyport.kubernetes.inject;

import com.google.common.base.Splitter;
import com.google.common.net.InetAddresses;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Which connections of a pod are led to its proxy, as Istio's annotations say it. Source: Istio, "Resource
/// Annotations".
///
/// @param includes networks; empty: all
record Redirection(List<String> includes, List<String> excludes, List<Integer> ports) {

    private static final String PREFIX = "traffic.sidecar.istio.io/";
    private static final String INCLUDED = PREFIX + "includeOutboundIPRanges";
    private static final String EXCLUDED = PREFIX + "excludeOutboundIPRanges";
    private static final String PORTS = PREFIX + "excludeOutboundPorts";
    private static final Splitter COMMA = Splitter.on(',').trimResults().omitEmptyStrings();
    private static final int MOST = 256;

    /// Of a pod with these annotations. What cannot be meant is added to `reasons`, what has no effect to `remarks`.
    static Redirection of(
            Map<String, String> annotations, InjectionSettings settings, List<String> reasons, List<String> remarks) {
        var included = annotations.getOrDefault(INCLUDED, "*").strip();
        var includes = included.equals("*") ? List.<String>of() : networks(INCLUDED, included, reasons);
        if (included.isEmpty()) {
            // Istio's word for "none at all".
            includes = List.of("none");
        }
        var excludes = new ArrayList<>(listed(settings.excludeOutboundIPRanges()));
        excludes.addAll(networks(EXCLUDED, annotations.getOrDefault(EXCLUDED, ""), reasons));
        var ports = new ArrayList<>(listed(settings.excludeOutboundPorts()));
        ports.addAll(ports(annotations.getOrDefault(PORTS, ""), reasons));
        new TreeMap<>(annotations)
                .keySet().stream()
                        .filter(key -> key.startsWith(PREFIX))
                        .filter(key -> !List.of(INCLUDED, EXCLUDED, PORTS).contains(key))
                        .forEach(key -> remarks.add("annotation " + key + " has no effect here"
                                + (key.contains("Inbound") ? ": what comes in is not led through the proxy" : "")));
        return new Redirection(
                includes,
                excludes.stream().distinct().toList(),
                ports.stream().distinct().toList());
    }

    private static <T> List<T> listed(@org.jspecify.annotations.Nullable List<T> values) {
        return values == null ? List.of() : values;
    }

    private static List<String> networks(String key, String text, List<String> reasons) {
        var found = COMMA.splitToList(text);
        if (found.size() > MOST) {
            reasons.add("annotation " + key + ": " + found.size() + " networks (expected: at most " + MOST + ")");
            return List.of();
        }
        for (var each : found) {
            if (!isNetwork(each)) {
                reasons.add("annotation " + key + ": \"" + each + "\" (expected: a network like 10.0.0.0/8)");
            }
        }
        return found;
    }

    private static boolean isNetwork(String text) {
        int slash = text.indexOf('/');
        var address = slash < 0 ? text : text.substring(0, slash);
        if (!InetAddresses.isInetAddress(address)) {
            return false;
        }
        int most = address.indexOf(':') < 0 ? 32 : 128;
        return slash < 0 || number(text.substring(slash + 1), most) >= 0;
    }

    private static List<Integer> ports(String text, List<String> reasons) {
        var found = new ArrayList<Integer>();
        for (var each : COMMA.split(text)) {
            int port = number(each, 65_535);
            if (port < 1 || found.size() >= MOST) {
                reasons.add("annotation " + PORTS + ": \"" + each + "\" (expected: ports from 1 to 65535, at most "
                        + MOST + " of them)");
                return List.of();
            }
            found.add(port);
        }
        return found;
    }

    // -1: it is none, or too large.
    private static int number(String text, int most) {
        if (text.isEmpty() || text.length() > 5 || text.chars().anyMatch(c -> c < '0' || c > '9')) {
            return -1;
        }
        int number = Integer.parseInt(text);
        return number <= most ? number : -1;
    }

    /// The words for `redirect.sh`.
    List<String> words() {
        var words = new ArrayList<String>();
        includes.forEach(each -> words.addAll(List.of("--include-cidr", each)));
        excludes.forEach(each -> words.addAll(List.of("--exclude-cidr", each)));
        ports.forEach(each -> words.addAll(List.of("--exclude-port", String.valueOf(each))));
        return words;
    }
}
