package io.sallyport.model;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import org.jspecify.annotations.Nullable;

/// A template for [WorkloadEntry]s that register themselves: Istio's `networking.istio.io` WorkloadGroup.
public record WorkloadGroup(
        @Nullable ObjectMeta metadata,
        @Required @Nullable WorkloadEntry template,
        @Nullable ReadinessProbe probe) implements Spec {

    /// Labels and annotations of the entries.
    public record ObjectMeta(
            ImmutableSortedMap<String, String> labels, ImmutableSortedMap<String, String> annotations) {}

    /// How the workload shows that it is ready.
    @OneOf({"httpGet", "tcpSocket", "exec", "grpc"})
    public record ReadinessProbe(
            int initialDelaySeconds,
            int timeoutSeconds,
            int periodSeconds,
            int successThreshold,
            int failureThreshold,
            @Nullable HttpHealthCheck httpGet,
            @Nullable TcpHealthCheck tcpSocket,
            @Nullable ExecHealthCheck exec,
            @Nullable GrpcHealthCheck grpc) {}

    /// Ready when a GET is answered with success.
    public record HttpHealthCheck(
            String path,
            @Required @Unsigned int port,
            String host,
            String scheme,
            ImmutableList<HttpHeader> httpHeaders) {}

    /// A header of a probe.
    public record HttpHeader(String name, String value) {}

    /// Ready when a connection opens.
    public record TcpHealthCheck(
            String host, @Required @Unsigned int port) {}

    /// Ready when a command succeeds.
    public record ExecHealthCheck(@Required @NotEmpty ImmutableList<String> command) {}

    /// Ready when the gRPC health service says so.
    public record GrpcHealthCheck(@Unsigned int port, String service) {}
}
