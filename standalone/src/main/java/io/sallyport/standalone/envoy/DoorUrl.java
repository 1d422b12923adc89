package io.sallyport.standalone.envoy;

import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// How clients speak to an address that an Envoy listens on: `https://localhost:8443` where it ends TLS for
/// HTTP, `tls://` where it passes TLS through or ends it for other bytes, `tcp://` for bytes as they are.
public final class DoorUrl {

    private DoorUrl() {}

    /// The address as a URL; without a listener for it the address alone, since nothing more is known.
    ///
    /// @param address `127.0.0.1:8443`
    public static String of(String address, List<Listener> listeners) {
        var shown = address.replace("127.0.0.1:", "localhost:");
        return listener(address, listeners)
                .map(listener -> scheme(chains(listener).toList()) + "://" + shown)
                .orElse(shown);
    }

    /// Whether clients can come to the address. A listener that redirected connections are handed to binds nothing.
    public static boolean isBound(String address, List<Listener> listeners) {
        return listener(address, listeners)
                .filter(found -> found.hasBindToPort() && !found.getBindToPort().getValue())
                .isEmpty();
    }

    private static Optional<Listener> listener(String address, List<Listener> listeners) {
        var port = address.substring(address.lastIndexOf(':') + 1);
        return listeners.stream()
                .filter(listener -> port.equals(port(listener.getAddress().getSocketAddress())))
                .findFirst();
    }

    private static String port(SocketAddress address) {
        return String.valueOf(address.getPortValue());
    }

    private static Stream<FilterChain> chains(Listener listener) {
        return listener.hasDefaultFilterChain()
                ? Stream.concat(listener.getFilterChainsList().stream(), Stream.of(listener.getDefaultFilterChain()))
                : listener.getFilterChainsList().stream();
    }

    private static String scheme(List<FilterChain> chains) {
        var http = chains.stream().filter(DoorUrl::isHttp).toList();
        if (http.isEmpty()) {
            return chains.stream().anyMatch(DoorUrl::isTls) ? "tls" : "tcp";
        }
        return http.stream().allMatch(DoorUrl::isTls) ? "https" : "http";
    }

    private static boolean isHttp(FilterChain chain) {
        return chain.getFiltersList().stream().anyMatch(DoorUrl::isHttp);
    }

    // A manager that many chains share is found by discovery.
    private static boolean isHttp(Filter filter) {
        return filter.hasConfigDiscovery() || filter.getTypedConfig().is(HttpConnectionManager.class);
    }

    private static boolean isTls(FilterChain chain) {
        return chain.hasTransportSocket()
                || chain.getFilterChainMatch().getServerNamesCount() > 0
                || chain.getFilterChainMatch().getTransportProtocol().equals("tls");
    }
}
