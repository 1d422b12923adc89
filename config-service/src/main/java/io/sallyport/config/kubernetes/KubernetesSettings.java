package io.sallyport.config.kubernetes;

import io.sallyport.kubernetes.ClusterSettings;

/// How config-service uses a Kubernetes API server.
///
/// @param rootNamespace where the ConfigMap `istio` is
public record KubernetesSettings(ClusterSettings cluster, String rootNamespace) {

    /// Where Istio keeps its mesh settings unless it is told otherwise.
    public static final String DEFAULT_ROOT_NAMESPACE = "istio-system";
}
