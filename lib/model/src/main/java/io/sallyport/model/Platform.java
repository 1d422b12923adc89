package io.sallyport.model;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import org.jspecify.annotations.Nullable;

/// The file `sallyport.yaml`: mesh settings and the proxies that `sallyport up` runs on one machine.
///
/// ```yaml
/// mesh: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}}
/// proxies:
/// - {name: istio-ingressgateway, namespace: istio-system, labels: {istio: ingressgateway}, listen: {80: 8080}}
/// ```
///
/// Absent `proxies` mean one gateway ([#proxiesOrDefault]); an empty list means none.
public record Platform(@Nullable MeshConfig mesh, @Nullable ImmutableList<Proxy> proxies, Edge edge) implements Spec {

    /// The file's name, which stands in for `apiVersion` and `kind`.
    public static final String FILE_NAME = "sallyport.yaml";

    /// The one object of this kind.
    public static final ObjectRef REF = new ObjectRef(Kind.PLATFORM, "istio-system", "sallyport");

    /// What runs when the file names no proxies.
    public static final Proxy DEFAULT_PROXY = new Proxy(
            "istio-ingressgateway",
            "istio-system",
            ImmutableSortedMap.of("istio", "ingressgateway"),
            ProxyKind.router,
            "127.0.0.1",
            ImmutableSortedMap.of("80", 8080, "443", 8443));

    /// Where a sidecar without `listen` takes redirected connections, as in Istio.
    public static final int OUTBOUND_PORT = 15_001;

    /// Without the file: no mesh settings, one gateway.
    public static final Platform DEFAULT = new Platform(null, null, Edge.istio);

    public ImmutableList<Proxy> proxiesOrDefault() {
        return proxies == null ? ImmutableList.of(DEFAULT_PROXY) : proxies;
    }

    /// An Envoy that Sallyport starts. `listen` maps a gateway port (or `http-proxy`, `outbound`) to a local port.
    public record Proxy(
            @Required String name,
            String namespace,
            ImmutableSortedMap<String, String> labels,
            ProxyKind kind,
            String address,
            @Unsigned ImmutableSortedMap<String, Integer> listen) {

        public Proxy {
            namespace = namespace.isEmpty() ? "default" : namespace;
            address = address.isEmpty() ? "127.0.0.1" : address;
        }
    }

    /// What a proxy is for. Absent means `router`.
    public enum ProxyKind {
        router,
        sidecar
    }

    /// Whose defaults hold at the edge: Istio's, or the stricter ones of Sallyport.
    public enum Edge {
        istio,
        strict
    }
}
