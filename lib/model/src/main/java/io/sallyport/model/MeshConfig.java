package io.sallyport.model;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Settings of the whole mesh: the parts of Istio's MeshConfig that change what Envoy is told. The rest of its
/// fields is read by name into `other`, and has no effect here.
public record MeshConfig(
        @Nullable OutboundTrafficPolicy outboundTrafficPolicy,
        @Nullable String accessLogFile,
        String accessLogFormat,
        AccessLogEncoding accessLogEncoding,
        boolean enableEnvoyAccessLogService,
        boolean disableEnvoyListenerLog,
        @Nullable MeshProxyConfig defaultConfig,
        ImmutableList<MeshExtensionProvider> extensionProviders,
        @Nullable DefaultProviders defaultProviders,
        VirtualService.@Nullable HttpRetry defaultHttpRetryPolicy,
        @Nullable Duration connectTimeout,
        DestinationRule.@Nullable TcpKeepalive tcpKeepalive,
        ImmutableList<String> defaultServiceExportTo,
        ImmutableList<String> defaultVirtualServiceExportTo,
        ImmutableList<String> defaultDestinationRuleExportTo,
        String rootNamespace,
        @Nullable PathNormalization pathNormalization,
        @Nullable LocalityLoadBalancerSetting localityLbSetting,
        H2UpgradePolicy h2UpgradePolicy,
        @Nullable TlsConfig tlsDefaults,
        @Nullable TlsConfig meshMTLS,
        String trustDomain,
        ImmutableList<String> trustDomainAliases,
        @Nullable Duration dnsRefreshRate,
        @Nullable Duration protocolDetectionTimeout,
        String ingressClass,
        IngressControllerMode ingressControllerMode,
        String ingressSelector,

        @KnownFields({
            "caCertificates",
            "ca",
            "certificates",
            "configSources",
            "disableMixerHttpReports",
            "disablePolicyChecks",
            "discoverySelectors",
            "enableAutoMtls",
            "enableClientSidePolicyCheck",
            "enablePrometheusMerge",
            "enableSdsTokenMount",
            "enableTracing",
            "hboneIdleTimeout",
            "inboundClusterStatName",
            "inboundTrafficPolicy",
            "ingressService",
            "mixerCheckServer",
            "mixerReportServer",
            "outboundClusterStatName",
            "policyCheckFailOpen",
            "proxyHttpPort",
            "proxyInboundListenPort",
            "proxyListenPort",
            "reportBatchMaxEntries",
            "reportBatchMaxTime",
            "sdsRefreshDelay",
            "sdsUdsPath",
            "serviceScopeConfigs",
            "serviceSettings",
            "sidecarToTelemetrySessionAffinity",
            "thriftConfig",
            "verifyCertificateAtClient"
        })
        ImmutableSortedMap<String, Value> other) {

    /// Where traffic to unknown hosts goes. Absent as a whole it is `ALLOW_ANY`, but `{}` is `REGISTRY_ONLY`.
    public record OutboundTrafficPolicy(OutboundMode mode) {}

    /// What a client proxy does with a host that nobody declared.
    public enum OutboundMode {
        REGISTRY_ONLY,
        ALLOW_ANY,
        ALLOW_ANY_DYNAMIC_DNS
    }

    /// Which Ingresses are served. Absent means `STRICT`: those that name the class.
    public enum IngressControllerMode {
        UNSPECIFIED,
        OFF,
        DEFAULT,
        STRICT
    }

    /// How `accessLogFile` is written.
    public enum AccessLogEncoding {
        TEXT,
        JSON
    }

    /// Whether HTTP/1.1 goes upstream as HTTP/2, where DestinationRules say nothing.
    public enum H2UpgradePolicy {
        DO_NOT_UPGRADE,
        UPGRADE
    }

    /// How paths are brought into one form before they are matched.
    public record PathNormalization(NormalizationType normalization) {}

    /// Absent means `DEFAULT`, which is `BASE`.
    public enum NormalizationType {
        DEFAULT,
        NONE,
        BASE,
        MERGE_SLASHES,
        DECODE_AND_MERGE_SLASHES
    }

    /// Bounds on TLS.
    public record TlsConfig(
            Gateway.TlsProtocol minProtocolVersion,
            ImmutableList<String> ecdhCurves,
            ImmutableList<String> cipherSuites) {}

    /// Which extension providers serve where no Telemetry says so.
    public record DefaultProviders(
            ImmutableList<String> tracing, ImmutableList<String> metrics, ImmutableList<String> accessLogging) {}

    /// Settings of every proxy: the parts of Istio's ProxyConfig that change what Envoy is told.
    public record MeshProxyConfig(
            @Nullable Topology gatewayTopology,
            @Nullable ProxyHeaders proxyHeaders,
            @Nullable Integer concurrency,
            @Nullable Duration drainDuration,
            ImmutableSortedMap<String, String> proxyMetadata,

            @KnownFields({
                "availabilityZone",
                "binaryPath",
                "caCertificatesPem",
                "configPath",
                "controlPlaneAuthPolicy",
                "customConfigFile",
                "discoveryAddress",
                "discoveryRefreshDelay",
                "envoyAccessLogService",
                "envoyMetricsService",
                "envoyMetricsServiceAddress",
                "extraStatTags",
                "fileFlushInterval",
                "fileFlushMinSizeKb",
                "holdApplicationUntilProxyStarts",
                "image",
                "interceptionMode",
                "meshId",
                "parentShutdownDuration",
                "privateKeyProvider",
                "proxyAdminPort",
                "proxyBootstrapTemplatePath",
                "proxyStatsMatcher",
                "readinessProbe",
                "runtimeValues",
                "sds",
                "serviceCluster",
                "statNameLength",
                "statsCompression",
                "statsdUdpAddress",
                "statusPort",
                "terminationDrainDuration",
                "tracing",
                "tracingServiceName",
                "zipkinAddress"
            })
            ImmutableSortedMap<String, Value> other) {}

    /// What stands in front of the gateways.
    public record Topology(
            @Unsigned long numTrustedProxies,
            ForwardClientCertDetails forwardClientCertDetails,
            @Nullable ProxyProtocolConfiguration proxyProtocol) {}

    /// Expects the PROXY protocol on every connection.
    public record ProxyProtocolConfiguration() {}

    /// What happens to `x-forwarded-client-cert`.
    public enum ForwardClientCertDetails {
        UNDEFINED,
        SANITIZE,
        FORWARD_ONLY,
        APPEND_FORWARD,
        SANITIZE_SET,
        ALWAYS_FORWARD_ONLY
    }

    /// Headers that proxies add or leave out.
    public record ProxyHeaders(
            @Nullable Switch requestId,
            @Nullable ServerHeader server,
            @Nullable Switch attemptCount,
            @Nullable Switch envoyDebugHeaders,
            @Nullable MetadataExchange metadataExchangeHeaders,
            @Nullable SetCurrentClientCertDetails setCurrentClientCertDetails,
            ForwardClientCertDetails forwardedClientCert,
            @Nullable Switch preserveHttp1HeaderCase,
            @Nullable Switch xForwardedHost,
            @Nullable Switch xForwardedPort) {}

    /// A header that is on or off.
    public record Switch(
            @Nullable Boolean disabled, @Nullable Boolean enabled) {}

    /// The header `server`.
    public record ServerHeader(@Nullable Boolean disabled, String value) {}

    /// The headers by which sidecars tell one another who they are.
    public record MetadataExchange(MetadataExchangeMode mode) {}

    /// Where metadata headers are sent.
    public enum MetadataExchangeMode {
        UNDEFINED,
        IN_MESH
    }

    /// Which parts of a client's certificate are passed on.
    public record SetCurrentClientCertDetails(
            @Nullable Boolean subject,
            @Nullable Boolean cert,
            @Nullable Boolean chain,
            @Nullable Boolean dns,
            @Nullable Boolean uri) {}
}
