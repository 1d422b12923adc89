package io.sallyport.config.kubernetes;

import io.grpc.Channel;
import io.sallyport.kubernetes.ClusterSettings;
import java.time.Duration;
import java.util.Optional;

/// How config-service uses a Kubernetes API server.
///
/// @param rootNamespace where the ConfigMap `istio` is
/// @param status whether and how objects are told what became of them
/// @param admission the door for admission reviews, if there is to be one
public record KubernetesSettings(
        ClusterSettings cluster, String rootNamespace, Optional<Status> status, Optional<AdmissionSettings> admission) {

    /// Where Istio keeps its mesh settings unless it is told otherwise.
    public static final String DEFAULT_ROOT_NAMESPACE = "istio-system";

    /// How status is written.
    ///
    /// @param identity of this replica among those that want to write
    /// @param leaseNamespace where the Lease is that says which of them may
    /// @param proxies leads to xds-service, for what proxies run; without it nothing is said of that
    /// @param secrets leads to secret-service, for what becomes of the Secrets that Gateways name;
    ///     without it nothing is said of them
    /// @param every how often it is looked whether there is something new to say
    public record Status(
            String identity,
            String leaseNamespace,
            Optional<Channel> proxies,
            Optional<Channel> secrets,
            Duration every) {}

    /// A source only.
    public static KubernetesSettings source(ClusterSettings cluster, String rootNamespace) {
        return new KubernetesSettings(cluster, rootNamespace, Optional.empty(), Optional.empty());
    }
}
