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
    GATEWAY_CLASS("GatewayClass", "gateway.networking.k8s.io", "v1", "v1beta1"),
    /// The Gateway API's own, which is called as Istio's is: its [#text] says its group, too.
    KUBERNETES_GATEWAY("Gateway", "gateway.networking.k8s.io", "v1", "v1beta1") {
        @Override
        public String text() {
            return word() + "." + group();
        }
    },
    HTTP_ROUTE("HTTPRoute", "gateway.networking.k8s.io", "v1", "v1beta1"),
    GRPC_ROUTE("GRPCRoute", "gateway.networking.k8s.io", "v1", "v1alpha2"),
    TLS_ROUTE("TLSRoute", "gateway.networking.k8s.io", "v1", "v1alpha3", "v1alpha2"),
    TCP_ROUTE("TCPRoute", "gateway.networking.k8s.io", "v1alpha2"),
    REFERENCE_GRANT("ReferenceGrant", "gateway.networking.k8s.io", "v1", "v1beta1"),
    BACKEND_TLS_POLICY("BackendTLSPolicy", "gateway.networking.k8s.io", "v1", "v1alpha3"),
    INGRESS("Ingress", "networking.k8s.io", "v1"),
    INGRESS_CLASS("IngressClass", "networking.k8s.io", "v1"),
    NAMESPACE("Namespace", "", "v1"),
    /// Lends a secret to gateways of other namespaces.
    SECRET_GRANT("SecretGrant", "sallyport.io", "v1alpha1"),
    /// Says who may leave to where, and stands for the Istio objects that let them.
    EGRESS_POLICY("EgressPolicy", "sallyport.io", "v1alpha1"),
    /// The file `sallyport.yaml` of `sallyport up`: mesh settings and the proxies of one machine. It has no `kind`
    /// line.
    PLATFORM("Platform", "sallyport.io", "v1alpha1");

    private final String word;
    private final String group;
    private final ImmutableList<String> versions;

    Kind(String word, String group, String... versions) {
        this.word = word;
        this.group = group;
        this.versions = ImmutableList.copyOf(versions);
    }

    /// The word after `kind:`.
    public String word() {
        return word;
    }

    /// How people and other programs name the kind: no other one that Sallyport reads has the same.
    public String text() {
        return word;
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
    public static Optional<Kind> of(String group, String word) {
        for (var kind : values()) {
            if (kind.group.equals(group) && kind.word.equals(word)) {
                return Optional.of(kind);
            }
        }
        return Optional.empty();
    }

    /// Finds a kind by its [#text]: `Gateway` is Istio's.
    public static Optional<Kind> of(String text) {
        for (var kind : values()) {
            if (kind.text().equals(text)) {
                return Optional.of(kind);
            }
        }
        return Optional.empty();
    }

    @Override
    public String toString() {
        return text();
    }
}
