package io.sallyport.analysis.world;

import com.google.common.collect.ImmutableList;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.ConfigMap;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.DestinationRule;
import io.sallyport.model.Kind;
import io.sallyport.model.LocalityLoadBalancerSetting;
import io.sallyport.model.MeshConfig;
import io.sallyport.model.MeshExtensionProvider;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Platform;
import io.sallyport.model.VirtualService;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The mesh settings that hold: those of `sallyport.yaml` as a whole, else those of the ConfigMap `istio` in
/// the root namespace, else Istio's defaults. (Istio: `pkg/config/mesh/mesh.go`.) Beside them stands `edge` of
/// `sallyport.yaml`: whose defaults hold where they say nothing.
public record MeshSettings(Optional<MeshConfig> config, Platform.Edge edge) {

    public static final MeshSettings DEFAULT = new MeshSettings(Optional.empty(), Platform.Edge.istio);

    private static final String ROOT = "istio-system";
    static final ObjectRef MAP = new ObjectRef(Kind.CONFIG_MAP, ROOT, ConfigMap.MESH_NAME);
    private static final String OWN_LOGS = "envoy";

    /// The settings of an image.
    public static MeshSettings of(ConfigImage image) {
        return of(
                image.find(Platform.REF)
                        .map(object -> ConfigImage.cast(object, Platform.class))
                        .orElse(null),
                image.find(MAP)
                        .map(object -> ConfigImage.cast(object, ConfigMap.class))
                        .orElse(null));
    }

    private static MeshSettings of(@Nullable ConfigObject<Platform> platform, @Nullable ConfigObject<ConfigMap> map) {
        var edge = platform == null ? Platform.Edge.istio : platform.spec().edge();
        if (platform != null && platform.spec().mesh() != null) {
            return new MeshSettings(Optional.ofNullable(platform.spec().mesh()), edge);
        }
        return new MeshSettings(Optional.ofNullable(map).map(ConfigObject::spec).map(ConfigMap::mesh), edge);
    }

    /// What client proxies do with hosts that nobody declares, where no Sidecar says so.
    public MeshConfig.OutboundMode outboundMode() {
        return config.map(MeshConfig::outboundTrafficPolicy)
                .map(MeshConfig.OutboundTrafficPolicy::mode)
                .orElse(MeshConfig.OutboundMode.ALLOW_ANY);
    }

    /// The namespace whose objects hold for all others.
    public String rootNamespace() {
        return config.map(MeshConfig::rootNamespace)
                .filter(name -> !name.isEmpty())
                .orElse(ROOT);
    }

    /// The class of Ingresses that are served here, and what their gateway's label `istio` says.
    public String ingressClass() {
        return config.map(MeshConfig::ingressClass)
                .filter(name -> !name.isEmpty())
                .orElse("istio");
    }

    public String ingressSelector() {
        return config.map(MeshConfig::ingressSelector)
                .filter(name -> !name.isEmpty())
                .orElse("ingressgateway");
    }

    /// Whether Ingresses are served: none, those of the class, or those without any class too.
    public MeshConfig.IngressControllerMode ingressMode() {
        return config.map(MeshConfig::ingressControllerMode)
                .filter(mode -> mode != MeshConfig.IngressControllerMode.UNSPECIFIED)
                .orElse(MeshConfig.IngressControllerMode.STRICT);
    }

    public ImmutableList<String> serviceExportTo() {
        return config.map(MeshConfig::defaultServiceExportTo).orElse(ImmutableList.of());
    }

    public ImmutableList<String> virtualServiceExportTo() {
        return config.map(MeshConfig::defaultVirtualServiceExportTo).orElse(ImmutableList.of());
    }

    public ImmutableList<String> destinationRuleExportTo() {
        return config.map(MeshConfig::defaultDestinationRuleExportTo).orElse(ImmutableList.of());
    }

    public Duration connectTimeout() {
        return config.map(MeshConfig::connectTimeout).orElse(Duration.ofSeconds(10));
    }

    /// How often a name that could not be looked up is tried again.
    public Duration dnsRefreshRate() {
        return config.map(MeshConfig::dnsRefreshRate).orElse(Duration.ofSeconds(60));
    }

    public Optional<VirtualService.HttpRetry> defaultRetries() {
        return config.map(MeshConfig::defaultHttpRetryPolicy);
    }

    /// How endpoints are chosen by place where rules say nothing: near ones first, as soon as there is ejection.
    public LocalityLoadBalancerSetting locality() {
        return config.map(MeshConfig::localityLbSetting)
                .orElse(new LocalityLoadBalancerSetting(
                        ImmutableList.of(), ImmutableList.of(), ImmutableList.of(), null));
    }

    public Optional<DestinationRule.TcpKeepalive> keepAlive() {
        return config.map(MeshConfig::tcpKeepalive);
    }

    /// Whether HTTP/1.1 upstreams are spoken to in HTTP/2 unless a rule says otherwise.
    public boolean upgradesToHttp2() {
        return config.map(MeshConfig::h2UpgradePolicy)
                .filter(policy -> policy == MeshConfig.H2UpgradePolicy.UPGRADE)
                .isPresent();
    }

    /// What a TLS server that says nothing itself is held to.
    public Optional<MeshConfig.TlsConfig> tlsDefaults() {
        return config.map(MeshConfig::tlsDefaults);
    }

    /// Whether connections to gateways begin with a line of the PROXY protocol.
    public boolean expectsProxyProtocol() {
        return config.map(MeshConfig::defaultConfig)
                .map(MeshConfig.MeshProxyConfig::gatewayTopology)
                .map(MeshConfig.Topology::proxyProtocol)
                .isPresent();
    }

    /// Whether HTTP/1.0 is served and not refused: `proxyMetadata: {ISTIO_META_HTTP10: "1"}`.
    public boolean speaksHttp10() {
        return metadata("ISTIO_META_HTTP10").filter("1"::equals).isPresent();
    }

    /// Whether servers with TLS are served by QUIC as well: `proxyMetadata: {PILOT_ENABLE_QUIC_LISTENERS: "true"}`.
    public boolean offersHttp3() {
        return metadata("PILOT_ENABLE_QUIC_LISTENERS").filter("true"::equals).isPresent();
    }

    /// The secret, in the namespace of each proxy, with the certificate of its workload and, as `ca.crt`, those
    /// of its mesh: `proxyMetadata: {SALLYPORT_WORKLOAD_SECRET: mesh-identity}`. ISTIO_MUTUAL uses it on both
    /// sides.
    public Optional<String> workloadSecret() {
        return metadata("SALLYPORT_WORKLOAD_SECRET").filter(name -> !name.isEmpty());
    }

    private Optional<String> metadata(String name) {
        return config.map(MeshConfig::defaultConfig)
                .map(proxy -> proxy.proxyMetadata().get(name));
    }

    /// How many proxies in front of the gateways are believed about the client's address.
    public int trustedProxies() {
        return config.map(MeshConfig::defaultConfig)
                .map(MeshConfig.MeshProxyConfig::gatewayTopology)
                .map(topology -> Math.toIntExact(Math.min(topology.numTrustedProxies(), Integer.MAX_VALUE)))
                .orElse(0);
    }

    /// Whether the edge is to be stricter than Istio's defaults.
    public boolean isStrict() {
        return edge == Platform.Edge.strict;
    }

    /// Settings of every proxy.
    public Optional<MeshConfig.MeshProxyConfig> proxies() {
        return config.map(MeshConfig::defaultConfig);
    }

    public Optional<MeshConfig.PathNormalization> pathNormalization() {
        return config.map(MeshConfig::pathNormalization);
    }

    /// Whether upstreams are told the host that a client asked for, where a rule changes it.
    public boolean tellsForwardedHost() {
        return proxies()
                .map(MeshConfig.MeshProxyConfig::proxyHeaders)
                .map(MeshConfig.ProxyHeaders::xForwardedHost)
                .map(MeshConfig.Switch::enabled)
                .orElse(false);
    }

    /// Whether upstreams are told which attempt a request is.
    public boolean countsAttempts() {
        return !proxies()
                .map(MeshConfig.MeshProxyConfig::proxyHeaders)
                .map(MeshConfig.ProxyHeaders::attemptCount)
                .map(MeshConfig.Switch::disabled)
                .orElse(false);
    }

    /// Where rows go that no Telemetry decides about; empty is nowhere.
    public String accessLogFile() {
        return Optional.ofNullable(config.orElse(null))
                .map(MeshConfig::accessLogFile)
                .orElse("");
    }

    /// How the rows of [#accessLogFile] read; empty is as Istio has it.
    public String accessLogFormat() {
        return config.map(MeshConfig::accessLogFormat).orElse("");
    }

    public MeshConfig.AccessLogEncoding accessLogEncoding() {
        return config.map(MeshConfig::accessLogEncoding).orElse(MeshConfig.AccessLogEncoding.TEXT);
    }

    /// Whether rows that no Telemetry decides about go to the collector that proxies are started with.
    public boolean logsToCollector() {
        return config.filter(MeshConfig::enableEnvoyAccessLogService).isPresent();
    }

    /// Whether connections are logged that no server of a port takes.
    public boolean logsUnmatched() {
        return config.filter(MeshConfig::disableEnvoyListenerLog).isEmpty();
    }

    /// The names of the providers that log where no Telemetry says otherwise.
    public List<String> defaultLogProviders() {
        return config.map(MeshConfig::defaultProviders)
                .map(MeshConfig.DefaultProviders::accessLogging)
                .orElse(ImmutableList.of());
    }

    /// The provider of a name, in any case. Istio has one of its own, `envoy`, which prints, unless the
    /// settings have another of that name.
    public Optional<MeshExtensionProvider> provider(String name) {
        var own = OWN_LOGS.equalsIgnoreCase(name) ? Stream.of(printing()) : Stream.<MeshExtensionProvider>empty();
        return Stream.concat(
                        config.map(MeshConfig::extensionProviders).orElse(ImmutableList.of()).stream()
                                .filter(provider -> provider.name().equalsIgnoreCase(name)),
                        own)
                .findFirst();
    }

    private static MeshExtensionProvider printing() {
        var file = new MeshExtensionProvider.FileAccessLog("/dev/stdout", null, false);
        return new MeshExtensionProvider(
                OWN_LOGS, null, null, null, null, null, null, null, null, null, null, file, null, null, null, null);
    }
}
