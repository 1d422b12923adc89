package io.sallyport.standalone.envoy;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Struct;
import com.google.protobuf.TypeRegistry;
import com.google.protobuf.UInt32Value;
import com.google.protobuf.UInt64Value;
import com.google.protobuf.Value;
import com.google.protobuf.util.Durations;
import com.google.protobuf.util.JsonFormat;
import io.envoyproxy.envoy.config.bootstrap.v3.Admin;
import io.envoyproxy.envoy.config.bootstrap.v3.Bootstrap;
import io.envoyproxy.envoy.config.bootstrap.v3.LayeredRuntime;
import io.envoyproxy.envoy.config.bootstrap.v3.RuntimeLayer;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.UpstreamConnectionOptions;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.AggregatedConfigSource;
import io.envoyproxy.envoy.config.core.v3.ApiConfigSource;
import io.envoyproxy.envoy.config.core.v3.ApiVersion;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.config.core.v3.GrpcService;
import io.envoyproxy.envoy.config.core.v3.Http2ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.KeepaliveSettings;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.config.core.v3.Pipe;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.core.v3.TcpKeepalive;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.Endpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import io.envoyproxy.envoy.config.metrics.v3.StatsConfig;
import io.envoyproxy.envoy.config.metrics.v3.StatsMatcher;
import io.envoyproxy.envoy.config.overload.v3.BufferFactoryConfig;
import io.envoyproxy.envoy.config.overload.v3.OverloadAction;
import io.envoyproxy.envoy.config.overload.v3.OverloadManager;
import io.envoyproxy.envoy.config.overload.v3.ResourceMonitor;
import io.envoyproxy.envoy.config.overload.v3.ScaledTrigger;
import io.envoyproxy.envoy.config.overload.v3.ThresholdTrigger;
import io.envoyproxy.envoy.config.overload.v3.Trigger;
import io.envoyproxy.envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig;
import io.envoyproxy.envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig;
import io.envoyproxy.envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import io.envoyproxy.envoy.type.matcher.v3.ListStringMatcher;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatcher;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.sallyport.model.Platform;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What an Envoy starts with: who it is, where discovery is, and the bounds that no discovery may lift.
///
/// Built as Envoy's own message and printed as JSON, never as text with holes: a label with quotes or `%` in
/// it stays a label. Listeners, routes and clusters all come by discovery, secrets from `sds-grpc`; access
/// logs go to `als- grpc`, which is the door of discovery.
public final class EnvoyBootstrap {

    /// Istio's bootstrap raises Envoy's 100 to the same number; the checks of regular expressions count with it.
    private static final int RE2_MAX_PROGRAM_SIZE = 32_768;

    private static final int MAX_SECRETS = 100_000;

    private static final String HEAP = "envoy.resource_monitors.fixed_heap";

    // Streams that hold at least a mebibyte are known by what they hold.
    private static final int TRACKED_STREAM = 20;

    private static final JsonFormat.Printer JSON = JsonFormat.printer()
            .preservingProtoFieldNames()
            .usingTypeRegistry(TypeRegistry.newBuilder()
                    .add(HttpProtocolOptions.getDescriptor())
                    .add(CaresDnsResolverConfig.getDescriptor())
                    .add(DownstreamConnectionsConfig.getDescriptor())
                    .add(FixedHeapConfig.getDescriptor())
                    .build());

    private static final String RESOLVER = "envoy.network.dns_resolver.cares";

    // A cluster of looked-up names warms until the first answer or the end of all tries, and everything that is changed
    // with it waits: 35 s with a silent name server by the defaults of c-ares (4 tries from 5 s up).
    private static final CaresDnsResolverConfig CARES = CaresDnsResolverConfig.newBuilder()
            .setQueryTimeoutSeconds(UInt64Value.of(2))
            .setQueryTries(UInt32Value.of(2))
            .build();

    private final Bootstrap bootstrap;

    private EnvoyBootstrap(Bootstrap bootstrap) {
        this.bootstrap = bootstrap;
    }

    /// Where a proxy finds what it needs: discovery by address, secrets by a Unix socket, its own admin socket.
    public record Doors(InetSocketAddress xds, Path secretSocket, Path adminSocket) {}

    /// What a proxy may use: connections from downstream at a time, and bytes of heap. As the heap fills, it frees
    /// caches, then resets the streams that hold most, then refuses new requests; it never grows until the system
    /// ends it.
    public record Limits(int connections, long heapBytes) {}

    /// For a proxy on this machine.
    public static EnvoyBootstrap of(Platform.Proxy proxy, Doors doors, Limits limits) {
        return new EnvoyBootstrap(Bootstrap.newBuilder()
                .setNode(node(proxy))
                .setAdmin(Admin.newBuilder()
                        .setAddress(Address.newBuilder()
                                .setPipe(Pipe.newBuilder()
                                        .setPath(doors.adminSocket().toString())
                                        .setMode(0600))))
                .setDynamicResources(discovery())
                .setStaticResources(Bootstrap.StaticResources.newBuilder()
                        .addClusters(discoveryCluster(doors.xds()))
                        .addClusters(logCluster(doors.xds()))
                        .addClusters(secretCluster(doors.secretSocket())))
                .setTypedDnsResolverConfig(
                        TypedExtensionConfig.newBuilder().setName(RESOLVER).setTypedConfig(Any.pack(CARES)))
                .setLayeredRuntime(runtime())
                .setOverloadManager(overload(limits))
                .setStatsConfig(stats())
                .build());
    }

    /// The same with name servers of its own, instead of those that the machine is set to use.
    public EnvoyBootstrap withNameServers(List<InetSocketAddress> servers) {
        var resolver = CARES.toBuilder();
        servers.forEach(server -> resolver.addResolvers(Address.newBuilder()
                .setSocketAddress(
                        SocketAddress.newBuilder().setAddress(literal(server)).setPortValue(server.getPort()))));
        return new EnvoyBootstrap(bootstrap.toBuilder()
                .setTypedDnsResolverConfig(
                        TypedExtensionConfig.newBuilder().setName(RESOLVER).setTypedConfig(Any.pack(resolver.build())))
                .build());
    }

    /// The text that Envoy reads. Equal bootstraps have equal text.
    public String json() {
        try {
            return JSON.print(bootstrap) + "\n";
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("bootstrap holds a message that is not registered for printing", e);
        }
    }

    Bootstrap message() {
        return bootstrap;
    }

    // Istio's proxies name themselves like this, so whoever reads node ids for Istio reads ours.
    private static Node node(Platform.Proxy proxy) {
        var id = proxy.kind().name().toLowerCase(Locale.ROOT) + "~127.0.0.1~" + proxy.name() + "." + proxy.namespace()
                + "~" + proxy.namespace() + ".svc.cluster.local";
        var metadata = Struct.newBuilder()
                .putFields("NAME", text(proxy.name()))
                .putFields("NAMESPACE", text(proxy.namespace()))
                .putFields("LABELS", texts(proxy.labels()))
                .putFields("ADDRESS", text(proxy.address()));
        var listen = Struct.newBuilder();
        proxy.listen().forEach((gatewayPort, localPort) -> listen.putFields(gatewayPort, text(localPort.toString())));
        if (!mayBindLowPorts()) {
            // Istio's word for it: listeners below 1,024 are then left out instead of being refused by the system.
            metadata.putFields("UNPRIVILEGED_POD", text("true"));
        }
        metadata.putFields("LISTEN", Value.newBuilder().setStructValue(listen).build());
        return Node.newBuilder()
                .setId(id)
                .setCluster(proxy.name() + "." + proxy.namespace())
                .setMetadata(metadata)
                .build();
    }

    private static boolean mayBindLowPorts() {
        if (System.getProperty("user.name", "").equals("root")) {
            return true;
        }
        try {
            var first = Files.readString(Path.of("/proc/sys/net/ipv4/ip_unprivileged_port_start"));
            return Integer.parseInt(first.strip()) <= 1;
        } catch (IOException | NumberFormatException e) {
            return false;
        }
    }

    private static Bootstrap.DynamicResources discovery() {
        // No time limit for the first answer: an Envoy without configuration is of no use, and must not claim to
        // be.
        var source = ConfigSource.newBuilder()
                .setAds(AggregatedConfigSource.getDefaultInstance())
                .setInitialFetchTimeout(Duration.getDefaultInstance())
                .setResourceApiVersion(ApiVersion.V3)
                .build();
        return Bootstrap.DynamicResources.newBuilder()
                .setLdsConfig(source)
                .setCdsConfig(source)
                .setAdsConfig(ApiConfigSource.newBuilder()
                        .setApiType(ApiConfigSource.ApiType.DELTA_GRPC)
                        .setTransportApiVersion(ApiVersion.V3)
                        .setSetNodeOnFirstMessageOnly(true)
                        .addGrpcServices(GrpcService.newBuilder()
                                .setEnvoyGrpc(GrpcService.EnvoyGrpc.newBuilder().setClusterName("xds-grpc"))))
                .build();
    }

    private static Cluster discoveryCluster(InetSocketAddress xds) {
        var address = Address.newBuilder()
                .setSocketAddress(
                        SocketAddress.newBuilder().setAddress(literal(xds)).setPortValue(xds.getPort()));
        return cluster("xds-grpc", address)
                .setUpstreamConnectionOptions(UpstreamConnectionOptions.newBuilder()
                        .setTcpKeepalive(TcpKeepalive.newBuilder().setKeepaliveTime(UInt32Value.of(300))))
                .build();
    }

    private static Cluster logCluster(InetSocketAddress door) {
        var address = Address.newBuilder()
                .setSocketAddress(
                        SocketAddress.newBuilder().setAddress(literal(door)).setPortValue(door.getPort()));
        return cluster("als-grpc", address).build();
    }

    // Envoy opens one call a secret: its usual 1,024 requests at a time would leave the rest without.
    private static Cluster secretCluster(Path socket) {
        var address = Address.newBuilder()
                .setPipe(Pipe.newBuilder().setPath(socket.toAbsolutePath().toString()));
        return cluster("sds-grpc", address)
                .setCircuitBreakers(CircuitBreakers.newBuilder()
                        .addThresholds(CircuitBreakers.Thresholds.newBuilder()
                                .setMaxRequests(UInt32Value.of(MAX_SECRETS))
                                .setMaxPendingRequests(UInt32Value.of(MAX_SECRETS))))
                .build();
    }

    private static Cluster.Builder cluster(String name, Address.Builder address) {
        var http2 = Http2ProtocolOptions.newBuilder()
                .setConnectionKeepalive(KeepaliveSettings.newBuilder()
                        .setInterval(Durations.fromSeconds(10))
                        .setTimeout(Durations.fromSeconds(10)));
        var protocol = HttpProtocolOptions.newBuilder()
                .setExplicitHttpConfig(
                        HttpProtocolOptions.ExplicitHttpConfig.newBuilder().setHttp2ProtocolOptions(http2))
                .build();
        return Cluster.newBuilder()
                .setName(name)
                .setType(Cluster.DiscoveryType.STATIC)
                .setConnectTimeout(Durations.fromSeconds(1))
                .putTypedExtensionProtocolOptions(
                        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions", any(protocol))
                .setLoadAssignment(ClusterLoadAssignment.newBuilder()
                        .setClusterName(name)
                        .addEndpoints(LocalityLbEndpoints.newBuilder()
                                .addLbEndpoints(LbEndpoint.newBuilder()
                                        .setEndpoint(Endpoint.newBuilder().setAddress(address)))));
    }

    private static String literal(InetSocketAddress address) {
        InetAddress resolved = address.getAddress();
        return resolved == null ? address.getHostString() : resolved.getHostAddress();
    }

    private static LayeredRuntime runtime() {
        var limits = Struct.newBuilder()
                .putFields("re2.max_program_size.error_level", number(RE2_MAX_PROGRAM_SIZE))
                .putFields("re2.max_program_size.warn_level", number(RE2_MAX_PROGRAM_SIZE));
        return LayeredRuntime.newBuilder()
                .addLayers(RuntimeLayer.newBuilder().setName("sallyport").setStaticLayer(limits))
                .build();
    }

    private static OverloadManager overload(Limits limits) {
        var connections = DownstreamConnectionsConfig.newBuilder()
                .setMaxActiveDownstreamConnections(limits.connections())
                .build();
        var heap = FixedHeapConfig.newBuilder()
                .setMaxHeapSizeBytes(limits.heapBytes())
                .build();
        return OverloadManager.newBuilder()
                .setRefreshInterval(Durations.fromMillis(250))
                .addResourceMonitors(ResourceMonitor.newBuilder()
                        .setName("envoy.resource_monitors.global_downstream_max_connections")
                        .setTypedConfig(any(connections)))
                .addResourceMonitors(ResourceMonitor.newBuilder().setName(HEAP).setTypedConfig(any(heap)))
                .addActions(action("envoy.overload_actions.shrink_heap", 0.92))
                .addActions(OverloadAction.newBuilder()
                        .setName("envoy.overload_actions.reset_high_memory_stream")
                        .addTriggers(Trigger.newBuilder()
                                .setName(HEAP)
                                .setScaled(ScaledTrigger.newBuilder()
                                        .setScalingThreshold(0.92)
                                        .setSaturationThreshold(0.98))))
                .addActions(action("envoy.overload_actions.disable_http_keepalive", 0.95))
                .addActions(action("envoy.overload_actions.stop_accepting_requests", 0.98))
                .setBufferFactoryConfig(
                        BufferFactoryConfig.newBuilder().setMinimumAccountToTrackPowerOfTwo(TRACKED_STREAM))
                .build();
    }

    private static OverloadAction action(String name, double threshold) {
        return OverloadAction.newBuilder()
                .setName(name)
                .addTriggers(Trigger.newBuilder()
                        .setName(HEAP)
                        .setThreshold(ThresholdTrigger.newBuilder().setValue(threshold)))
                .build();
    }

    // What Istio's bootstrap keeps by default (X5), and each listener's own numbers.
    private static StatsConfig stats() {
        var kept = ListStringMatcher.newBuilder();
        for (var prefix : new String[] {
            "cluster_manager", "listener_manager", "listener.", "server", "cluster.xds-grpc", "access_logs."
        }) {
            kept.addPatterns(StringMatcher.newBuilder().setPrefix(prefix));
        }
        kept.addPatterns(StringMatcher.newBuilder().setSuffix("downstream_cx_active"));
        kept.addPatterns(StringMatcher.newBuilder()
                .setSafeRegex(RegexMatcher.newBuilder().setRegex("vhost\\..*\\.route\\..*")));
        return StatsConfig.newBuilder()
                .setStatsMatcher(StatsMatcher.newBuilder().setInclusionList(kept))
                .build();
    }

    private static Any any(Message message) {
        return Any.pack(message);
    }

    private static Value text(String value) {
        return Value.newBuilder().setStringValue(value).build();
    }

    private static Value number(double value) {
        return Value.newBuilder().setNumberValue(value).build();
    }

    private static Value texts(Map<String, String> values) {
        var struct = Struct.newBuilder();
        values.forEach((key, value) -> struct.putFields(key, text(value)));
        return Value.newBuilder().setStructValue(struct).build();
    }
}
