package io.sallyport.translation.emit;

import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers.Thresholds;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.DiscoveryType;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.LbPolicy;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.SlowStartConfig;
import io.envoyproxy.envoy.config.cluster.v3.OutlierDetection;
import io.envoyproxy.envoy.config.core.v3.Http1ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.Http2ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.Metadata;
import io.envoyproxy.envoy.config.core.v3.RuntimeDouble;
import io.envoyproxy.envoy.config.core.v3.TcpKeepalive;
import io.envoyproxy.envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig;
import io.envoyproxy.envoy.extensions.common.dynamic_forward_proxy.v3.DnsCacheConfig;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import io.envoyproxy.envoy.type.v3.Percent;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.plan.Timeout;
import io.sallyport.translation.plan.Upstream.Balancing;
import io.sallyport.translation.plan.Upstream.Discovery;
import io.sallyport.translation.plan.Upstream.Ejection;
import io.sallyport.translation.plan.Upstream.KeepAlive;
import io.sallyport.translation.plan.Upstream.Known;
import io.sallyport.translation.plan.Upstream.Limits;
import io.sallyport.translation.plan.Upstream.Tls;
import io.sallyport.translation.plan.Upstream.WarmUp;
import java.util.TreeMap;

/// Emits one Envoy cluster per known [Upstream].
final class ClusterEmitter {

    private static final String BY_REQUEST = "envoy.clusters.dynamic_forward_proxy";
    private static final String NAME_CACHE = "sallyport.names";
    private static final int ALWAYS = 100;

    private ClusterEmitter() {}

    static Cluster emit(Known upstream) {
        var name = ResourceNames.cluster(upstream.id());
        var out = Cluster.newBuilder()
                .setName(name)
                .setConnectTimeout(Values.duration(upstream.limits().connectTimeout()))
                .setMetadata(metadata(upstream));
        addDiscovery(upstream.discovery(), name, out);
        addBalancing(upstream.balancing(), out);
        addLimits(upstream.limits(), out);
        addEjection(upstream.ejection(), out);
        addProtocol(upstream, out);
        switch (upstream.tls()) {
            case Tls.None() -> {}
            case Tls.Originate tls ->
                out.getTransportSocketBuilder()
                        .setName(TlsParts.TRANSPORT)
                        .setTypedConfig(Values.pack(UpstreamTlsEmitter.emit(tls)));
        }
        return out.build();
    }

    private static Metadata metadata(Known upstream) {
        var istio = new TreeMap<String, String>();
        if (!upstream.rules().isEmpty()) {
            // Istio prints the newest version of its API here, whatever the object's file says.
            istio.put("config", ResourceNames.config(upstream.rules().getLast(), "v1"));
        }
        if (!upstream.id().subset().isEmpty()) {
            istio.put("subset", upstream.id().subset());
        }
        var ours = new TreeMap<String, String>();
        ours.put("object", upstream.service().object().toString());
        var out = Metadata.newBuilder().putFilterMetadata(ResourceNames.METADATA, Values.texts(ours));
        if (!istio.isEmpty()) {
            out.putFilterMetadata(ResourceNames.ISTIO_METADATA, Values.texts(istio));
        }
        return out.build();
    }

    private static void addDiscovery(Discovery discovery, String name, Cluster.Builder out) {
        switch (discovery) {
            case Discovery.Listed _ -> {
                out.setType(DiscoveryType.EDS);
                out.getEdsClusterConfigBuilder().setEdsConfig(Values.ads()).setServiceName(name);
            }
            case Discovery.Dns(var groups, var refresh) ->
                addNames(DiscoveryType.STRICT_DNS, refresh, out).setLoadAssignment(EndpointEmitter.emit(name, groups));
            case Discovery.DnsOne(var groups, var refresh) ->
                addNames(DiscoveryType.LOGICAL_DNS, refresh, out).setLoadAssignment(EndpointEmitter.emit(name, groups));
            case Discovery.Original(int port) -> {
                out.setType(DiscoveryType.ORIGINAL_DST);
                if (port > 0) {
                    out.getOriginalDstLbConfigBuilder().setUpstreamPortOverride(Values.uint32(port));
                }
            }
            case Discovery.ByRequest() ->
                out.getClusterTypeBuilder()
                        .setName(BY_REQUEST)
                        .setTypedConfig(Values.pack(ClusterConfig.newBuilder()
                                .setDnsCacheConfig(DnsCacheConfig.newBuilder()
                                        .setName(NAME_CACHE)
                                        .setDnsLookupFamily(Cluster.DnsLookupFamily.V4_PREFERRED))
                                .build()));
        }
    }

    // Answers are kept as long as they say; after a failure the next try waits for the refresh rate. The fields have a
    // newer spelling as an extension, under which tools would no longer print STRICT_DNS.
    @SuppressWarnings("deprecation")
    private static Cluster.Builder addNames(DiscoveryType type, java.time.Duration refresh, Cluster.Builder out) {
        return out.setType(type)
                .setDnsRefreshRate(Values.duration(refresh))
                .setRespectDnsTtl(true)
                .setDnsLookupFamily(Cluster.DnsLookupFamily.V4_PREFERRED);
    }

    private static void addBalancing(Balancing balancing, Cluster.Builder out) {
        switch (balancing) {
            case Balancing.LeastRequest(var warmUp) -> {
                out.setLbPolicy(LbPolicy.LEAST_REQUEST);
                switch (warmUp) {
                    case WarmUp.None() -> {}
                    case WarmUp.Over over ->
                        out.getLeastRequestLbConfigBuilder().setSlowStartConfig(slowStart(over));
                }
            }
            case Balancing.RoundRobin(var warmUp) -> {
                out.setLbPolicy(LbPolicy.ROUND_ROBIN);
                switch (warmUp) {
                    case WarmUp.None() -> {}
                    case WarmUp.Over over -> out.getRoundRobinLbConfigBuilder().setSlowStartConfig(slowStart(over));
                }
            }
            case Balancing.Random() -> out.setLbPolicy(LbPolicy.RANDOM);
            case Balancing.AsDiscovered() -> out.setLbPolicy(LbPolicy.CLUSTER_PROVIDED);
            case Balancing.Ring(long minimumSize) -> {
                out.setLbPolicy(LbPolicy.RING_HASH);
                out.getRingHashLbConfigBuilder().getMinimumRingSizeBuilder().setValue(minimumSize);
            }
            case Balancing.Maglev(long tableSize) -> {
                out.setLbPolicy(LbPolicy.MAGLEV);
                out.getMaglevLbConfigBuilder().getTableSizeBuilder().setValue(tableSize);
            }
        }
    }

    private static SlowStartConfig slowStart(WarmUp.Over over) {
        return SlowStartConfig.newBuilder()
                .setSlowStartWindow(Values.duration(over.duration()))
                .setAggression(RuntimeDouble.newBuilder()
                        .setDefaultValue(over.aggression())
                        .setRuntimeKey("upstream.slow_start.aggression"))
                .setMinWeightPercent(Percent.newBuilder().setValue(over.minimumPercent()))
                .build();
    }

    private static void addLimits(Limits limits, Cluster.Builder out) {
        out.getCircuitBreakersBuilder()
                .addThresholds(Thresholds.newBuilder()
                        .setMaxConnections(Values.uint32(limits.connections()))
                        .setMaxPendingRequests(Values.uint32(limits.pendingRequests()))
                        .setMaxRequests(Values.uint32(limits.requests()))
                        .setMaxRetries(Values.uint32(limits.retries()))
                        .setTrackRemaining(true));
        switch (limits.keepAlive()) {
            case KeepAlive.Off() -> {}
            case KeepAlive.On on -> out.getUpstreamConnectionOptionsBuilder().setTcpKeepalive(keepAlive(on));
        }
    }

    private static TcpKeepalive keepAlive(KeepAlive.On on) {
        var out = TcpKeepalive.newBuilder();
        if (on.probes() > 0) {
            out.setKeepaliveProbes(Values.uint32(on.probes()));
        }
        switch (on.time()) {
            case Timeout.None() -> {}
            case Timeout.After(var time) -> out.setKeepaliveTime(Values.uint32(time.toSeconds()));
        }
        switch (on.interval()) {
            case Timeout.None() -> {}
            case Timeout.After(var interval) -> out.setKeepaliveInterval(Values.uint32(interval.toSeconds()));
        }
        return out.build();
    }

    // The panic threshold stands with ejection: what is left out by it must not come back by panic.
    private static void addEjection(Ejection ejection, Cluster.Builder out) {
        switch (ejection) {
            case Ejection.None() -> {}
            case Ejection.On on -> {
                out.setOutlierDetection(ejection(on));
                out.getCommonLbConfigBuilder().getHealthyPanicThresholdBuilder().setValue(on.minHealthPercent());
            }
        }
    }

    private static OutlierDetection ejection(Ejection.On on) {
        var out = OutlierDetection.newBuilder()
                .setMaxEjectionPercent(Values.uint32(on.maxPercent()))
                .setSplitExternalLocalOriginErrors(on.splitLocalErrors())
                .setEnforcingSuccessRate(Values.uint32(0));
        if (on.consecutive5xx() >= 0) {
            out.setConsecutive5Xx(Values.uint32(on.consecutive5xx()))
                    .setEnforcingConsecutive5Xx(Values.uint32(share(on.consecutive5xx())));
        }
        if (on.consecutiveGatewayErrors() >= 0) {
            out.setConsecutiveGatewayFailure(Values.uint32(on.consecutiveGatewayErrors()))
                    .setEnforcingConsecutiveGatewayFailure(Values.uint32(share(on.consecutiveGatewayErrors())));
        }
        if (on.consecutiveLocalErrors() >= 0) {
            out.setConsecutiveLocalOriginFailure(Values.uint32(on.consecutiveLocalErrors()))
                    .setEnforcingConsecutiveLocalOriginFailure(Values.uint32(share(on.consecutiveLocalErrors())))
                    .setEnforcingLocalOriginSuccessRate(Values.uint32(0));
        }
        switch (on.interval()) {
            case Timeout.None() -> {}
            case Timeout.After(var interval) -> out.setInterval(Values.duration(interval));
        }
        switch (on.baseTime()) {
            case Timeout.None() -> {}
            case Timeout.After(var time) -> out.setBaseEjectionTime(Values.duration(time));
        }
        return out.build();
    }

    // Envoy has no "off" for a kind of failure but a share of 0.
    private static int share(long count) {
        return count > 0 ? ALWAYS : 0;
    }

    private static void addProtocol(Known upstream, Cluster.Builder out) {
        var options = HttpProtocolOptions.newBuilder();
        switch (upstream.protocol()) {
            case TCP -> {
                return;
            }
            case HTTP1 ->
                options.getExplicitHttpConfigBuilder()
                        .setHttpProtocolOptions(Http1ProtocolOptions.getDefaultInstance());
            case HTTP2 ->
                options.getExplicitHttpConfigBuilder()
                        .setHttp2ProtocolOptions(Http2ProtocolOptions.getDefaultInstance());
            case AS_CLIENT ->
                options.getUseDownstreamProtocolConfigBuilder()
                        .setHttpProtocolOptions(Http1ProtocolOptions.getDefaultInstance())
                        .setHttp2ProtocolOptions(Http2ProtocolOptions.getDefaultInstance());
        }
        addConnections(upstream.limits(), options.getCommonHttpProtocolOptionsBuilder());
        if (upstream.tls() instanceof Tls.Originate tls && tls.sni() instanceof Tls.Sni.AsRequest) {
            options.getUpstreamHttpProtocolOptionsBuilder()
                    .setAutoSni(true)
                    .setAutoSanValidation(
                            tls.alternativeNames().isEmpty() && !(tls.authority() instanceof Tls.Authority.Unchecked));
        }
        out.putTypedExtensionProtocolOptions(ResourceNames.HTTP_PROTOCOL_OPTIONS, Values.pack(options.build()));
    }

    private static void addConnections(
            Limits limits, io.envoyproxy.envoy.config.core.v3.HttpProtocolOptions.Builder out) {
        if (limits.requestsPerConnection() > 0 && limits.requestsPerConnection() < Limits.UNLIMITED) {
            out.setMaxRequestsPerConnection(Values.uint32(limits.requestsPerConnection()));
        }
        switch (limits.idle()) {
            case Timeout.None() -> {}
            case Timeout.After(var idle) -> out.setIdleTimeout(Values.duration(idle));
        }
        switch (limits.connectionAge()) {
            case Timeout.None() -> {}
            case Timeout.After(var age) -> out.setMaxConnectionDuration(Values.duration(age));
        }
    }
}
