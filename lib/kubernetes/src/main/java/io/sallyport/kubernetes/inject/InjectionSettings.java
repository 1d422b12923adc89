package io.sallyport.kubernetes.inject;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What injected pods get, as the chart writes it into the ConfigMap `sallyport-injection`:
///
/// ```yaml
/// platformNamespace: istio-system    # where Sallyport's services are
/// clusterDomain: cluster.local
/// authority: {file: /etc/sallyport-tls/ca.crt}    # or {pem: …}: who signs for those services
/// audience: sallyport                # of the token that proves who a pod is
/// tokenSeconds: 3600
/// nativeSidecars: true               # false: a container among the pod's own, for Kubernetes before 1.29
/// address: 127.0.0.1                 # "::" where pods have IPv6 addresses
/// proxy: {image: "docker.io/envoyproxy/envoy:v1.40.0", concurrency: 2}
/// redirect: {image: "registry.example.com/platform/redirect:1"}    # with sh, and nft or iptables
/// excludeOutboundIPRanges: [10.96.0.10/32]    # of every pod, beside its own annotations
/// excludeOutboundPorts: [9093]
/// ```
public record InjectionSettings(
        @Nullable String platformNamespace,
        @Nullable String clusterDomain,
        @Nullable Authority authority,
        @Nullable String audience,
        @Nullable Integer tokenSeconds,
        @Nullable Boolean nativeSidecars,
        @Nullable String address,
        @Nullable Part proxy,
        @Nullable Part redirect,
        @Nullable List<String> excludeOutboundIPRanges,
        @Nullable List<Integer> excludeOutboundPorts) {

    // Kubernetes takes no shorter ones.
    private static final int SHORTEST_TOKEN = 600;
    private static final List<String> ADDRESSES = List.of("127.0.0.1", "::", "0.0.0.0");

    public InjectionSettings {
        platformNamespace = platformNamespace == null ? "sallyport-system" : platformNamespace;
        clusterDomain = clusterDomain == null ? "cluster.local" : clusterDomain;
        audience = audience == null ? "sallyport" : audience;
        tokenSeconds = tokenSeconds == null ? Integer.valueOf(3_600) : tokenSeconds;
        nativeSidecars = nativeSidecars == null ? Boolean.TRUE : nativeSidecars;
        address = address == null ? "127.0.0.1" : address;
        proxy = (proxy == null ? Part.NONE : proxy)
                .or("docker.io/envoyproxy/envoy:v1.40.0", "100m", "128Mi", Optional.empty(), "512Mi");
        redirect = (redirect == null ? Part.NONE : redirect)
                .or("docker.io/istio/proxyv2:1.27.1", "10m", "16Mi", Optional.of("100m"), "64Mi");
        excludeOutboundIPRanges = excludeOutboundIPRanges == null ? List.of() : List.copyOf(excludeOutboundIPRanges);
        excludeOutboundPorts = excludeOutboundPorts == null ? List.of() : List.copyOf(excludeOutboundPorts);
        if (tokenSeconds < SHORTEST_TOKEN) {
            throw new IllegalArgumentException(
                    "tokenSeconds: " + tokenSeconds + " (expected: at least " + SHORTEST_TOKEN + ")");
        }
        if (!ADDRESSES.contains(address)) {
            throw new IllegalArgumentException("address: \"" + address + "\" (expected: one of " + ADDRESSES + ")");
        }
    }

    /// Who signs for the platform's services: a file that is read whenever a pod is injected, or PEM text.
    public record Authority(@Nullable Path file, @Nullable String pem) {

        public Authority {
            if ((file == null) == (pem == null)) {
                throw new IllegalArgumentException("authority needs exactly one of \"file\" and \"pem\"");
            }
        }
    }

    /// One of the containers that are added.
    ///
    /// @param concurrency Envoy's threads; 0: one for each CPU of the node
    public record Part(
            @Nullable String image,
            @Nullable String pullPolicy,
            @Nullable String logLevel,
            @Nullable Integer concurrency,
            @Nullable Integer heapMegabytes,
            @Nullable Map<String, Map<String, String>> resources) {

        static final Part NONE = new Part(null, null, null, null, null, null);

        Part or(String usual, String cpu, String memory, Optional<String> mostCpu, String mostMemory) {
            var limits = new TreeMap<>(Map.of("memory", mostMemory));
            mostCpu.ifPresent(most -> limits.put("cpu", most));
            return new Part(
                    image == null ? usual : image,
                    pullPolicy == null ? "IfNotPresent" : pullPolicy,
                    logLevel == null ? "warning" : logLevel,
                    concurrency == null ? Integer.valueOf(2) : concurrency,
                    heapMegabytes == null ? Integer.valueOf(400) : heapMegabytes,
                    resources == null
                            ? new TreeMap<>(Map.of(
                                    "requests", new TreeMap<>(Map.of("cpu", cpu, "memory", memory)), "limits", limits))
                            : resources);
        }
    }
}
