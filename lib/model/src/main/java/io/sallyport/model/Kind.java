package io.sallyport.model;

import com.google.common.collect.ImmutableList;
import java.util.List;
import java.util.Optional;

/// The kinds of object that Sallyport reads, with the API group that each belongs to.
/// `Kind.of("networking.istio.io", "Gateway")` is `GATEWAY`; Gateway API's kind of the same name is another group.
public enum Kind {
    GATEWAY("Gateway", "networking.istio.io", "v1", "v1beta1", "v1alpha3"),
    VIRTUAL_SERVICE("VirtualService", "networking.istio.io", "v1", "v1beta1", "v1alpha3"),
    DESTINATION_RULE("DestinationRule", "networking.istio.io", "v1", "v1beta1", "v1alpha3"),
    SERVICE_ENTRY("ServiceEntry", "networking.istio.io", "v1", "v1beta1", "v1alpha3"),
    WORKLOAD_ENTRY("WorkloadEntry", "networking.istio.io", "v1", "v1beta1", "v1alpha3"),
    WORKLOAD_GROUP("WorkloadGroup", "networking.istio.io", "v1", "v1beta1", "v1alpha3"),
    SIDECAR("Sidecar", "networking.istio.io", "v1", "v1beta1", "v1alpha3"),
    PROXY_CONFIG("ProxyConfig", "networking.istio.io", "v1beta1"),
    ENVOY_FILTER("EnvoyFilter", "networking.istio.io", "v1alpha3"),
    TELEMETRY("Telemetry", "telemetry.istio.io", "v1", "v1alpha1"),
    AUTHORIZATION_POLICY("AuthorizationPolicy", "security.istio.io", "v1", "v1beta1"),
    REQUEST_AUTHENTICATION("RequestAuthentication", "security.istio.io", "v1", "v1beta1"),
    PEER_AUTHENTICATION("PeerAuthentication", "security.istio.io", "v1", "v1beta1"),
    WASM_PLUGIN("WasmPlugin", "extensions.istio.io", "v1alpha1"),
    SERVICE("Service", "", "v1"),
    SECRET("Secret", "", "v1"),
    CONFIG_MAP("ConfigMap", "", "v1"),
    ENDPOINT_SLICE("EndpointSlice", "discovery.k8s.io", "v1"),
    /// Lends a secret to gateways of other namespaces.
    SECRET_GRANT("SecretGrant", "sallyport.io", "v1alpha1"),
    /// Says who may leave to where, and stands for the Istio objects that let them.
    EGRESS_POLICY("EgressPolicy", "sallyport.io", "v1alpha1"),
    /// The file `sallyport.yaml` of `sallyport up`: mesh settings and the proxies of one machine. It has no `kind`
    /// line.
    PLATFORM("Platform", "sallyport.io", "v1alpha1");

    private final String text;
    private final String group;
    private final ImmutableList<String> versions;

    Kind(String text, String group, String... versions) {
        this.text = text;
        this.group = group;
        this.versions = ImmutableList.copyOf(versions);
    }

    /// The word after `kind:`.
    public String text() {
        return text;
    }

    /// The part of `apiVersion` before the slash; empty for Kubernetes' core group.
    public String group() {
        return group;
    }

    /// The accepted versions, preferred first; all are read alike.
    public List<String> versions() {
        return versions;
    }

    /// Finds a kind by its group and name; misses for kinds that Sallyport does not read.
    public static Optional<Kind> of(String group, String text) {
        for (var kind : values()) {
            if (kind.group.equals(group) && kind.text.equals(text)) {
                return Optional.of(kind);
            }
        }
        return Optional.empty();
    }

    /// Finds a kind by the word after `kind:` alone, which is unique among the kinds that Sallyport reads.
    public static Optional<Kind> of(String text) {
        for (var kind : values()) {
            if (kind.text.equals(text)) {
                return Optional.of(kind);
            }
        }
        return Optional.empty();
    }

    @Override
    public String toString() {
        return text;
    }
}
