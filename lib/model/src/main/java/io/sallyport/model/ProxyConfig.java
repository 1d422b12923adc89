package io.sallyport.model;

import com.google.common.collect.ImmutableSortedMap;
import org.jspecify.annotations.Nullable;

/// Settings of proxies of one namespace: Istio's `networking.istio.io` ProxyConfig. (The settings of all proxies are
/// [MeshConfig.MeshProxyConfig].)
public record ProxyConfig(
        @Nullable PolicySelector selector,
        @Nullable Integer concurrency,
        ImmutableSortedMap<String, String> environmentVariables,
        @Nullable ProxyImage image)
        implements Spec {

    /// Which build of the proxy.
    public record ProxyImage(String imageType) {}
}
