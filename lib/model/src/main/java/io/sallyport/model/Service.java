package io.sallyport.model;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import org.jspecify.annotations.Nullable;

/// A Kubernetes `v1` Service, field by field. Its addresses come from [EndpointSlice]s.
public record Service(
        ImmutableList<ServicePort> ports,
        ImmutableSortedMap<String, String> selector,
        String clusterIP,
        ImmutableList<String> clusterIPs,
        Type type,
        ImmutableList<String> externalIPs,
        SessionAffinity sessionAffinity,
        @DeprecatedField String loadBalancerIP,
        ImmutableList<String> loadBalancerSourceRanges,
        String externalName,
        @Nullable TrafficPolicy externalTrafficPolicy,
        int healthCheckNodePort,
        boolean publishNotReadyAddresses,
        @Nullable SessionAffinityConfig sessionAffinityConfig,
        ImmutableList<IpFamily> ipFamilies,
        @Nullable IpFamilyPolicy ipFamilyPolicy,
        @Nullable Boolean allocateLoadBalancerNodePorts,
        String loadBalancerClass,
        @Nullable TrafficPolicy internalTrafficPolicy,
        String trafficDistribution)
        implements Spec {

    /// One port. An absent `targetPort` is the same as `port`.
    public record ServicePort(
            String name,
            Protocol protocol,
            String appProtocol,
            @Required int port,
            @Nullable IntOrString targetPort,
            int nodePort) {}

    /// The transport of a port, of Services and of EndpointSlices. Absent means `TCP`.
    public enum Protocol {
        TCP,
        UDP,
        SCTP
    }

    /// How the Service is reached. Absent means `ClusterIP`.
    public enum Type {
        ClusterIP,
        NodePort,
        LoadBalancer,
        ExternalName
    }

    /// Whether a client stays with one endpoint.
    public enum SessionAffinity {
        None,
        ClientIP
    }

    /// How far traffic may travel.
    public enum TrafficPolicy {
        Cluster,
        Local
    }

    /// A family of addresses.
    public enum IpFamily {
        IPv4,
        IPv6
    }

    /// How many families of addresses the Service has.
    public enum IpFamilyPolicy {
        SingleStack,
        PreferDualStack,
        RequireDualStack
    }

    /// Settings of [SessionAffinity].
    public record SessionAffinityConfig(@Nullable ClientIpConfig clientIP) {}

    /// How long a client stays with one endpoint.
    public record ClientIpConfig(@Nullable Integer timeoutSeconds) {}
}
