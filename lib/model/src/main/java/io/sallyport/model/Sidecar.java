package io.sallyport.model;

import com.google.common.collect.ImmutableList;
import org.jspecify.annotations.Nullable;

/// What a client proxy listens to and what it may reach: Istio's `networking.istio.io` Sidecar, field by field.
public record Sidecar(
        @Nullable WorkloadSelector workloadSelector,
        ImmutableList<IstioIngressListener> ingress,
        ImmutableList<IstioEgressListener> egress,
        DestinationRule.@Nullable ConnectionPoolSettings inboundConnectionPool,
        @Nullable OutboundTrafficPolicy outboundTrafficPolicy)
        implements Spec {

    /// A port of the workload.
    public record IstioIngressListener(
            @Required @Nullable SidecarPort port,
            String bind,
            CaptureMode captureMode,
            String defaultEndpoint,
            Gateway.@Nullable ServerTlsSettings tls,
            DestinationRule.@Nullable ConnectionPoolSettings connectionPool) {}

    /// A port for requests that leave, and the hosts they may go to.
    public record IstioEgressListener(
            @Nullable SidecarPort port,
            String bind,
            CaptureMode captureMode,
            @Required ImmutableList<String> hosts) {}

    /// A port of a listener.
    public record SidecarPort(
            @Unsigned int number,
            String protocol,
            String name,
            @DeprecatedField @Unsigned int targetPort) {}

    /// How traffic comes to a listener.
    public enum CaptureMode {
        DEFAULT,
        IPTABLES,
        NONE
    }

    /// Where traffic to unknown hosts goes. `{}` is `REGISTRY_ONLY`.
    public record OutboundTrafficPolicy(
            MeshConfig.OutboundMode mode, VirtualService.@Nullable Destination egressProxy) {}
}
