package io.sallyport.translation;

import io.sallyport.model.Platform;
import java.util.Collections;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;

/// What decides a proxy's configuration. Proxies of one class share one plan and one set of bytes.
///
/// `name` is the router entry or workload that it belongs to, as its node says. `listen` maps a gateway port
/// to the local port that is bound (`80 -> 8080`); ports that are not in it bind as they are. `address` is
/// what listeners bind. `privileged` says whether ports below 1,024 can be bound.
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

    /// The name in `listen` of the port that takes redirected connections.
    public static final String OUTBOUND = "outbound";

    /// The name in `listen` of the port for clients that know that they speak to a proxy.
    public static final String HTTP_PROXY = "http-proxy";

    /// The port that takes redirected connections. A client proxy that says nothing about ports has Istio's.
    public OptionalInt redirectedPort() {
        var own = listen.get(OUTBOUND);
        if (own != null) {
            return OptionalInt.of(own);
        }
        return listen.isEmpty() ? OptionalInt.of(Platform.OUTBOUND_PORT) : OptionalInt.empty();
    }

    /// Whether some connections come by redirection, and so have a place that they were going to.
    public boolean isRedirected() {
        return redirectedPort().isPresent();
    }

    /// The port for clients that know that they speak to a proxy.
    public OptionalInt proxiedPort() {
        var own = listen.get(HTTP_PROXY);
        return own == null ? OptionalInt.empty() : OptionalInt.of(own);
    }

    public ProxyClass {
        labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
        listen = Collections.unmodifiableSortedMap(new TreeMap<>(listen));
    }
}
