package io.sallyport.analysis.world;

import com.google.common.net.InetAddresses;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;

/// How Istio compares and completes host names. A wildcard is a suffix: `*.foo.com` covers `a.foo.com` and
/// `a.b.foo.com`, not `foo.com`; `*` covers everything. Comparing minds the case, as Istio's does.
/// (Istio: `pkg/config/host`, `pilot/pkg/model/config.go`.)
public final class HostNames {

    /// The domain of every cluster that Sallyport knows.
    public static final String DOMAIN = "cluster.local";

    /// Exact before wildcard, then longer first, then by the alphabet: which of several patterns decides.
    public static final Comparator<String> MOST_SPECIFIC_FIRST = Comparator.comparing(HostNames::isWildcard)
            .thenComparing(Comparator.comparingInt(String::length).reversed())
            .thenComparing(Comparator.naturalOrder());

    private HostNames() {}

    public static boolean isWildcard(String host) {
        return host.startsWith("*");
    }

    /// Whether some host is covered by both.
    public static boolean overlap(String first, String second) {
        return isSubset(first, second) || isSubset(second, first);
    }

    /// Whether everything that `narrow` covers is covered by `wide`.
    public static boolean isSubset(String narrow, String wide) {
        if (!isWildcard(wide)) {
            return narrow.equals(wide);
        }
        if (isWildcard(narrow)) {
            return narrow.length() >= wide.length() && narrow.endsWith(wide.substring(1));
        }
        return narrow.endsWith(wide.substring(1));
    }

    /// The hosts that both lists cover, the narrower of each pair: `[*.foo.com]` and `[a.foo.com]` is `[a.foo.com]`.
    public static List<String> intersection(List<String> first, List<String> second) {
        var common = new LinkedHashSet<String>();
        for (var one : first) {
            for (var other : second) {
                if (isSubset(one, other)) {
                    common.add(one);
                } else if (isSubset(other, one)) {
                    common.add(other);
                }
            }
        }
        return new ArrayList<>(common);
    }

    /// `reviews` said in namespace `shop` is `reviews.shop.svc.cluster.local`; `*`, addresses and names with a dot
    /// stay.
    public static String qualify(String host, String namespace) {
        if (host.isEmpty() || host.equals("*") || host.contains(".") || InetAddresses.isInetAddress(host)) {
            return host;
        }
        return service(host, namespace);
    }

    /// The host of a Kubernetes Service.
    public static String service(String name, String namespace) {
        return name + "." + namespace + ".svc." + DOMAIN;
    }

    /// The gateway that a VirtualService of `namespace` means: `edge` and `./edge` are `shop/edge`, and so is the old
    /// spelling `edge.shop.svc.cluster.local`; `mesh` stays.
    public static String gateway(String name, String namespace) {
        if (name.equals("mesh")) {
            return name;
        }
        int slash = name.indexOf('/');
        if (slash >= 0) {
            return name.substring(0, slash).equals(".") ? namespace + name.substring(slash) : name;
        }
        int dot = name.indexOf('.');
        if (dot < 0) {
            return namespace + "/" + name;
        }
        var rest = name.substring(dot + 1);
        int end = rest.indexOf('.');
        return (end < 0 ? rest : rest.substring(0, end)) + "/" + name.substring(0, dot);
    }

    /// What a Gateway server of `namespace` serves for VirtualServices of `viewer`: `ns/host` counts for `ns` alone,
    /// `./host` for the Gateway's own namespace; one `*/*` makes the whole list `*`.
    public static List<String> ofServer(List<String> hosts, String namespace, String viewer) {
        if (hosts.contains("*/*")) {
            return List.of("*");
        }
        var seen = new ArrayList<String>();
        for (var host : hosts) {
            int slash = host.indexOf('/');
            if (slash < 0) {
                seen.add(host);
                continue;
            }
            var scope = host.substring(0, slash);
            if (scope.equals("*") || scope.equals(viewer) || (scope.equals(".") && namespace.equals(viewer))) {
                seen.add(host.substring(slash + 1));
            }
        }
        return seen;
    }

    /// The server's hosts without their namespaces, for what does not depend on a VirtualService.
    public static List<String> ofServer(List<String> hosts) {
        if (hosts.contains("*/*")) {
            return List.of("*");
        }
        return hosts.stream()
                .map(host -> host.substring(host.indexOf('/') + 1))
                .distinct()
                .toList();
    }
}
