package io.sallyport.model;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// How to treat a service once it was chosen: Istio's `networking.istio.io` DestinationRule, field by field.
public record DestinationRule(
        @Required String host,
        @Nullable TrafficPolicy trafficPolicy,
        ImmutableList<Subset> subsets,
        ImmutableList<String> exportTo,
        @Nullable PolicySelector workloadSelector)
        implements Spec {

    /// Endpoints of the service with these labels, and what differs for them.
    public record Subset(
            @Required String name,
            ImmutableSortedMap<String, String> labels,
            @Nullable TrafficPolicy trafficPolicy) {}

    /// Load balancing, pools, outlier detection and TLS. Settings of a port replace all of these for it.
    public record TrafficPolicy(
            @Nullable LoadBalancerSettings loadBalancer,
            @Nullable ConnectionPoolSettings connectionPool,
            @Nullable OutlierDetection outlierDetection,
            @Nullable ClientTlsSettings tls,
            ImmutableList<PortTrafficPolicy> portLevelSettings,
            @Nullable TunnelSettings tunnel,
            @Nullable ProxyProtocol proxyProtocol,
            @Nullable RetryBudget retryBudget,
            @Nullable ClientCompressionSettings compression) {}

    /// The settings of one port.
    public record PortTrafficPolicy(
            VirtualService.@Nullable PortSelector port,
            @Nullable LoadBalancerSettings loadBalancer,
            @Nullable ConnectionPoolSettings connectionPool,
            @Nullable OutlierDetection outlierDetection,
            @Nullable ClientTlsSettings tls,
            @Nullable ClientCompressionSettings compression) {}

    /// Whether the client's proxy unpacks what the service compressed.
    public record ClientCompressionSettings(@Nullable CompressionResponse response) {}

    /// What happens to compressed responses.
    public record CompressionResponse(@Nullable Decompression decompress) {}

    /// Unpacks responses before the client sees them.
    public record Decompression(@Nullable Boolean enabled) {}

    /// Reaches the service through an HTTP CONNECT or POST tunnel.
    public record TunnelSettings(
            String protocol,
            @Required String targetHost,
            @Required @Unsigned int targetPort) {}

    /// Tells the upstream who the client is, in front of the first byte.
    public record ProxyProtocol(ProxyProtocolVersion version) {}

    /// Versions of the PROXY protocol. Absent means `V1`.
    public enum ProxyProtocolVersion {
        V1,
        V2
    }

    /// How many retries may be under way, as a share of the requests: of those in flight, and with a
    /// `budgetInterval` of those that came within it too.
    public record RetryBudget(
            @Nullable Double percent,
            @Unsigned @Nullable Long minRetryConcurrency,
            @Nullable Duration budgetInterval) {}

    /// Which endpoint gets the next request.
    @OneOf({"simple", "consistentHash", "backendUtilization"})
    @OneOf({"warmupDurationSecs", "warmup"})
    public record LoadBalancerSettings(
            @Nullable SimpleLb simple,
            @Nullable ConsistentHashLb consistentHash,
            @Nullable BackendUtilizationLb backendUtilization,
            @Nullable LocalityLoadBalancerSetting localityLbSetting,
            @Nullable ZoneAwareLoadBalancerSetting zoneAwareLbSetting,
            @DeprecatedField("warmup") @Nullable Duration warmupDurationSecs,
            @Nullable WarmupConfiguration warmup) {}

    /// Load balancing that needs no settings.
    public enum SimpleLb {
        UNSPECIFIED,
        LEAST_CONN,
        RANDOM,
        PASSTHROUGH,
        ROUND_ROBIN,
        LEAST_REQUEST
    }

    /// Weighs endpoints by the load that they report.
    public record BackendUtilizationLb(
            @Nullable Duration weightStabilizationPeriod,
            @Nullable Duration weightExpirationPeriod,
            @Nullable Duration weightUpdatePeriod,
            @Unsigned long errorUtilizationPenaltyPercent,
            ImmutableList<String> metricNamesForComputingUtilization) {}

    /// Prefers endpoints of the client's own zone, by numbers of endpoints alone.
    public record ZoneAwareLoadBalancerSetting(
            @Nullable Boolean enabled,
            ImmutableList<LocalityLoadBalancerSetting.Failover> failover,
            ImmutableList<String> failoverPriority,
            @Unsigned @Nullable Long minClusterSize) {}

    /// Lets a new endpoint take its share step by step.
    public record WarmupConfiguration(
            @Required @Nullable Duration duration,
            @Nullable Double minimumPercent,
            @Nullable Double aggression) {}

    /// Keeps equal requests on equal endpoints.
    @OneOf({"httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName"})
    @OneOf({"ringHash", "maglev"})
    public record ConsistentHashLb(
            @Nullable String httpHeaderName,
            @Nullable HttpCookie httpCookie,
            @Nullable Boolean useSourceIp,
            @Nullable String httpQueryParameterName,
            @Nullable RingHash ringHash,
            @Nullable Maglev maglev,
            @DeprecatedField("ringHash") @Unsigned long minimumRingSize) {}

    /// The cookie that carries the hash; it is made when absent if `ttl` is given.
    public record HttpCookie(
            @Required String name, String path, @Nullable Duration ttl, ImmutableList<CookieAttribute> attributes) {}

    /// A further attribute of the cookie: `SameSite`, say.
    public record CookieAttribute(@Required String name, String value) {}

    /// The ring-hash table.
    public record RingHash(@Unsigned long minimumRingSize) {}

    /// The Maglev table.
    public record Maglev(@Unsigned long tableSize) {}

    /// Bounds on connections and requests, also used by Sidecar listeners.
    public record ConnectionPoolSettings(
            @Nullable TcpSettings tcp, @Nullable HttpSettings http) {}

    /// Bounds for any kind of connection.
    public record TcpSettings(
            int maxConnections,
            @Nullable Duration connectTimeout,
            @Nullable TcpKeepalive tcpKeepalive,
            @Nullable Duration maxConnectionDuration,
            @Nullable Duration idleTimeout) {}

    /// Probes on idle connections.
    public record TcpKeepalive(
            @Unsigned long probes,
            @Nullable Duration time,
            @Nullable Duration interval) {}

    /// Bounds for HTTP.
    public record HttpSettings(
            int http1MaxPendingRequests,
            int http2MaxRequests,
            int maxRequestsPerConnection,
            int maxRetries,
            @Nullable Duration idleTimeout,
            H2UpgradePolicy h2UpgradePolicy,
            boolean useClientProtocol,
            int maxConcurrentStreams,
            @Nullable ConnectionKeepalive http2KeepAlive) {}

    /// Pings on HTTP/2 connections.
    public record ConnectionKeepalive(
            @Nullable Duration interval, @Nullable Duration timeout) {}

    /// Whether HTTP/1.1 goes upstream as HTTP/2.
    public enum H2UpgradePolicy {
        DEFAULT,
        DO_NOT_UPGRADE,
        UPGRADE
    }

    /// Takes endpoints out that answer with errors.
    public record OutlierDetection(
            @DeprecatedField("consecutive5xxErrors") int consecutiveErrors,
            boolean splitExternalLocalOriginErrors,
            @Unsigned @Nullable Long consecutiveLocalOriginFailures,
            @Unsigned @Nullable Long consecutiveGatewayErrors,
            @Unsigned @Nullable Long consecutive5xxErrors,
            @Nullable Duration interval,
            @Nullable Duration baseEjectionTime,
            int maxEjectionPercent,
            int minHealthPercent,
            @Unsigned ImmutableList<Integer> outlierDetectionHttpErrorCodes,
            @Unsigned @Nullable Long failurePercentageThreshold) {}

    /// TLS towards the service.
    public record ClientTlsSettings(
            TlsMode mode,
            String clientCertificate,
            String privateKey,
            String caCertificates,
            String credentialName,
            String caCertCredentialName,
            ImmutableList<String> subjectAltNames,
            String sni,
            @Nullable Boolean insecureSkipVerify,
            String caCrl) {}

    /// Who shows a certificate. Absent means `DISABLE`.
    public enum TlsMode {
        DISABLE,
        SIMPLE,
        MUTUAL,
        ISTIO_MUTUAL
    }
}
