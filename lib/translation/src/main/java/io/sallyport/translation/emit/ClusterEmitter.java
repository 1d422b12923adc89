package io.sallyport.translation.emit;

import com.google.common.collect.Comparators;
import com.google.protobuf.FloatValue;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers.Thresholds;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.CommonLbConfig.LocalityWeightedLbConfig;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.DiscoveryType;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.LbPolicy;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.SlowStartConfig;
import io.envoyproxy.envoy.config.cluster.v3.OutlierDetection;
import io.envoyproxy.envoy.config.core.v3.Metadata;
import io.envoyproxy.envoy.config.core.v3.ProxyProtocolConfig;
import io.envoyproxy.envoy.config.core.v3.RuntimeDouble;
import io.envoyproxy.envoy.config.core.v3.TcpKeepalive;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig;
import io.envoyproxy.envoy.extensions.common.dynamic_forward_proxy.v3.DnsCacheConfig;
import io.envoyproxy.envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin;
import io.envoyproxy.envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport;
import io.envoyproxy.envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer;
import io.envoyproxy.envoy.type.v3.Percent;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.plan.Timeout;
import io.sallyport.translation.plan.Upstream.Balancing;
import io.sallyport.translation.plan.Upstream.Discovery;
import io.sallyport.translation.plan.Upstream.Ejection;
import io.sallyport.translation.plan.Upstream.KeepAlive;
import io.sallyport.translation.plan.Upstream.Known;
import io.sallyport.translation.plan.Upstream.Limits;
import io.sallyport.translation.plan.Upstream.RetryBudget;
import io.sallyport.translation.plan.Upstream.Tls;
import io.sallyport.translation.plan.Upstream.WarmUp;
import java.util.Optional;
import java.util.TreeMap;

/// Emits one Envoy cluster per known [Upstream].
final class ClusterEmitter {

    private static final String BY_REQUEST = "envoy.clusters.dynamic_forward_proxy";
    private static final String NAME_CACHE = "sallyport.names";
    private static final int ALWAYS = 100;
    // Envoy 1.40 has RetryBudget.budget_interval, and the classes of its API that we build with do not.
    private static final int BUDGET_INTERVAL = 3;
    private static final java.time.Duration SOON = java.time.Duration.ofSeconds(2);

    private ClusterEmitter() {}

    static Cluster emit(Known upstream) {
        var name = ResourceNames.cluster(upstream.id());
        var out = Cluster.newBuilder()
                .setName(name)
                .setConnectTimeout(Values.duration(upstream.limits().connectTimeout()))
                .setMetadata(metadata(upstream));
        addDiscovery(upstream.discovery(), name, out);
        addBalancing(upstream.balancing(), out);
        addSpread(upstream, out);
        addLimits(upstream.limits(), out);
        addEjection(upstream.ejection(), out);
        UpstreamHttpEmitter.emit(upstream)
                .ifPresent(options -> out.putTypedExtensionProtocolOptions(
                        ResourceNames.HTTP_PROTOCOL_OPTIONS, Values.pack(options)));
        var socket = socket(upstream.tls());
        switch (upstream.preamble()) {
            case NONE -> socket.ifPresent(out::setTransportSocket);
            case PROXY_V1 -> out.setTransportSocket(announced(socket, ProxyProtocolConfig.Version.V1));
            case PROXY_V2 -> out.setTransportSocket(announced(socket, ProxyProtocolConfig.Version.V2));
        }
        return out.build();
    }

    private static Optional<TransportSocket> socket(Tls tls) {
        return switch (tls) {
            case Tls.None() -> Optional.empty();
            case Tls.Originate originate ->
                Optional.of(TransportSocket.newBuilder()
                        .setName(TlsParts.TRANSPORT)
                        .setTypedConfig(Values.pack(UpstreamTlsEmitter.emit(originate)))
                        .build());
        };
    }

    // The line about the client goes before everything else, also before TLS.
    private static TransportSocket announced(Optional<TransportSocket> inner, ProxyProtocolConfig.Version version) {
        var raw = TransportSocket.newBuilder()
                .setName("envoy.transport_sockets.raw_buffer")
                .setTypedConfig(Values.pack(RawBuffer.getDefaultInstance()))
                .build();
        return TransportSocket.newBuilder()
                .setName("envoy.transport_sockets.upstream_proxy_protocol")
                .setTypedConfig(Values.pack(ProxyProtocolUpstreamTransport.newBuilder()
                        .setConfig(ProxyProtocolConfig.newBuilder().setVersion(version))
                        .setTransportSocket(inner.orElse(raw))
                        .build()))
                .build();
    }

    // Where the request itself says where to, there are no groups.
    private static void addSpread(Known upstream, Cluster.Builder out) {
        boolean hasGroups = switch (upstream.discovery()) {
            case Discovery.Listed _, Discovery.Dns _ -> true;
            case Discovery.DnsOne _, Discovery.Original _, Discovery.ByRequest _, Discovery.Nowhere _ -> false;
        };
        switch (upstream.spread()) {
            case ENDPOINTS -> {}
            case GROUPS -> {
                if (hasGroups) {
                    out.getCommonLbConfigBuilder()
                            .setLocalityWeightedLbConfig(LocalityWeightedLbConfig.getDefaultInstance());
                }
            }
        }
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
            case Discovery.Nowhere() -> out.setType(DiscoveryType.STATIC);
            case Discovery.ByRequest() ->
                out.getClusterTypeBuilder()
                        .setName(BY_REQUEST)
                        .setTypedConfig(Values.pack(ClusterConfig.newBuilder()
                                // Where endpoints are reached without TLS there is nothing to check.
                                .setAllowInsecureClusterOptions(true)
                                .setDnsCacheConfig(names())
                                .build()));
        }
    }

    /// The one memory of names that are looked up as they come; Envoy wants all who share it to say the same of it.
    static DnsCacheConfig names() {
        return DnsCacheConfig.newBuilder()
                .setName(NAME_CACHE)
                .setDnsLookupFamily(Cluster.DnsLookupFamily.V4_PREFERRED)
                .build();
    }

    // Answers are kept as long as they say. After a failure the next try comes soon, not after the refresh rate: a name
    // server that was away when a gateway started would cost a minute. The fields have a newer spelling as an
    // extension,
    // under which tools would no longer print STRICT_DNS.
    @SuppressWarnings("deprecation")
    private static Cluster.Builder addNames(DiscoveryType type, java.time.Duration refresh, Cluster.Builder out) {
        return out.setType(type)
                .setDnsRefreshRate(Values.duration(refresh))
                .setDnsFailureRefreshRate(Cluster.RefreshRate.newBuilder()
                        .setBaseInterval(Values.duration(Comparators.min(SOON, refresh)))
                        .setMaxInterval(Values.duration(refresh)))
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
            case Balancing.ByLoad byLoad ->
                out.getLoadBalancingPolicyBuilder()
                        .addPoliciesBuilder()
                        .getTypedExtensionConfigBuilder()
                        .setName("envoy.load_balancing_policies.client_side_weighted_round_robin")
                        .setTypedConfig(Values.pack(byLoad(byLoad)));
        }
    }

    private static ClientSideWeightedRoundRobin byLoad(Balancing.ByLoad byLoad) {
        var out = ClientSideWeightedRoundRobin.newBuilder().addAllMetricNamesForComputingUtilization(byLoad.metrics());
        if (byLoad.settle() instanceof Timeout.After(var settle)) {
            out.setBlackoutPeriod(Values.duration(settle));
        }
        if (byLoad.expire() instanceof Timeout.After(var expire)) {
            out.setWeightExpirationPeriod(Values.duration(expire));
        }
        if (byLoad.update() instanceof Timeout.After(var update)) {
            out.setWeightUpdatePeriod(Values.duration(update));
        }
        if (byLoad.errorPenalty() > 0) {
            out.setErrorUtilizationPenalty(FloatValue.of((float) byLoad.errorPenalty()));
        }
        return out.build();
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
        var thresholds = Thresholds.newBuilder()
                .setMaxConnections(Values.uint32(limits.connections()))
                .setMaxPendingRequests(Values.uint32(limits.pendingRequests()))
                .setMaxRequests(Values.uint32(limits.requests()))
                .setMaxRetries(Values.uint32(limits.retries()))
                .setTrackRemaining(true);
        switch (limits.retryBudget()) {
            case RetryBudget.None() -> {}
            case RetryBudget.Of(double percent, long least, var window) -> {
                var budget = thresholds
                        .getRetryBudgetBuilder()
                        .setBudgetPercent(Percent.newBuilder().setValue(percent))
                        .setMinRetryConcurrency(Values.uint32(least));
                switch (window) {
                    case Timeout.None() -> {}
                    case Timeout.After(var interval) ->
                        budget.setUnknownFields(
                                UpstreamHttpEmitter.unnamed(BUDGET_INTERVAL, Values.duration(interval)));
                }
            }
        }
        out.getCircuitBreakersBuilder().addThresholds(thresholds);
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
                .setSplitExternalLocalOriginErrors(on.splitLocalErrors())
                .setEnforcingSuccessRate(Values.uint32(0));
        if (on.splitLocalErrors()) {
            out.setEnforcingLocalOriginSuccessRate(Values.uint32(0));
        }
        // At 0 % nothing is ever ejected.
        if (on.maxPercent() > 0) {
            out.setMaxEjectionPercent(Values.uint32(on.maxPercent()));
        }
        if (on.failurePercent() >= 0) {
            out.setFailurePercentageThreshold(Values.uint32(on.failurePercent()))
                    .setEnforcingFailurePercentage(Values.uint32(share(on.failurePercent())));
        }
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
                    .setEnforcingConsecutiveLocalOriginFailure(Values.uint32(share(on.consecutiveLocalErrors())));
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
}
