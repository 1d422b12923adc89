package io.sallyport.translation;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/// What decides a proxy's configuration. Proxies of one class share one plan and one set of bytes.
///
/// `name` is the router entry or workload that it belongs to, as its node says. `listen` maps a gateway port to the
/// local
/// port that is bound (`80 -> 8080`); ports that are not in it bind as they are. `address` is what listeners bind.
/// `privileged` says whether ports below 1,024 can be bound.
public record ProxyClass(
        Role role,
        String namespace,
        String name,
        SortedMap<String, String> labels,
        SortedMap<String, Integer> listen,
        String address,
        boolean privileged) {

    /// Gateways forward what Gateway resources say; sidecars are client proxies.
    public enum Role {
        ROUTER,
        SIDECAR
    }

    public ProxyClass {
        labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
        listen = Collections.unmodifiableSortedMap(new TreeMap<>(listen));
    }
}
