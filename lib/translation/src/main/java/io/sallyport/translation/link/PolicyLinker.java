package io.sallyport.translation.link;

import com.google.common.collect.ImmutableList;
import io.sallyport.analysis.world.AppProtocol;
import io.sallyport.analysis.world.Backend;
import io.sallyport.analysis.world.MeshSettings;
import io.sallyport.model.DestinationRule;
import io.sallyport.model.DestinationRule.BackendUtilizationLb;
import io.sallyport.model.DestinationRule.ClientTlsSettings;
import io.sallyport.model.DestinationRule.ConnectionKeepalive;
import io.sallyport.model.DestinationRule.ConnectionPoolSettings;
import io.sallyport.model.DestinationRule.ConsistentHashLb;
import io.sallyport.model.DestinationRule.H2UpgradePolicy;
import io.sallyport.model.DestinationRule.HttpSettings;
import io.sallyport.model.DestinationRule.LoadBalancerSettings;
import io.sallyport.model.DestinationRule.OutlierDetection;
import io.sallyport.model.DestinationRule.SimpleLb;
import io.sallyport.model.DestinationRule.TcpKeepalive;
import io.sallyport.model.DestinationRule.TcpSettings;
import io.sallyport.model.DestinationRule.TlsMode;
import io.sallyport.model.DestinationRule.TrafficPolicy;
import io.sallyport.model.LocalityLoadBalancerSetting;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.plan.Revocations;
import io.sallyport.translation.plan.TcpOptions;
import io.sallyport.translation.plan.Timeout;
import io.sallyport.translation.plan.Upstream.Balancing;
import io.sallyport.translation.plan.Upstream.Ejection;
import io.sallyport.translation.plan.Upstream.KeepAlive;
import io.sallyport.translation.plan.Upstream.Limits;
import io.sallyport.translation.plan.Upstream.Pings;
import io.sallyport.translation.plan.Upstream.Preamble;
import io.sallyport.translation.plan.Upstream.Protocol;
import io.sallyport.translation.plan.Upstream.RetryBudget;
import io.sallyport.translation.plan.Upstream.Tls;
import io.sallyport.translation.plan.Upstream.WarmUp;
import io.sallyport.translation.plan.UpstreamId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Reads one traffic policy, with the mesh's defaults where it says nothing.
/// (Istio: `pilot/pkg/networking/core/cluster_traffic_policy.go`, `cluster_tls.go`.)
final class PolicyLinker {

    private static final long RING_SIZE = 1_024;
    private static final long MAGLEV_SIZE = 65_537;
    private static final String SYSTEM = "system";
    // What Istio says of a budget without numbers.
    private static final double RETRY_PERCENT = 20;
    private static final long RETRY_CONCURRENCY = 3;

    private final Optional<TrafficPolicy> policy;
    private final MeshSettings mesh;
    private final Backend.Port port;
    private final UpstreamId id;

    PolicyLinker(Optional<TrafficPolicy> policy, MeshSettings mesh, Backend.Port port, UpstreamId id) {
        this.policy = policy;
        this.mesh = mesh;
        this.port = port;
        this.id = id;
    }

    Balancing balancing() {
        var settings = part(TrafficPolicy::loadBalancer);
        var hash = settings.flatMap(wanted -> Optional.ofNullable(wanted.consistentHash()));
        if (hash.isPresent()) {
            return byHash(hash.get());
        }
        var byLoad = settings.flatMap(wanted -> Optional.ofNullable(wanted.backendUtilization()));
        if (byLoad.isPresent()) {
            return byLoad(byLoad.get());
        }
        var simple =
                settings.flatMap(wanted -> Optional.ofNullable(wanted.simple())).orElse(SimpleLb.UNSPECIFIED);
        var warmUp = settings.map(PolicyLinker::warmUp).orElse(new WarmUp.None());
        return switch (simple) {
            case UNSPECIFIED, LEAST_CONN, LEAST_REQUEST -> new Balancing.LeastRequest(warmUp);
            case ROUND_ROBIN -> new Balancing.RoundRobin(warmUp);
            case RANDOM -> new Balancing.Random();
            case PASSTHROUGH -> new Balancing.AsDiscovered();
        };
    }

    private static Balancing byHash(ConsistentHashLb hash) {
        var maglev = hash.maglev();
        if (maglev != null) {
            return new Balancing.Maglev(maglev.tableSize() == 0 ? MAGLEV_SIZE : maglev.tableSize());
        }
        var ring = hash.ringHash();
        long wanted = ring == null ? hash.minimumRingSize() : ring.minimumRingSize();
        return new Balancing.Ring(wanted == 0 ? RING_SIZE : wanted);
    }

    private static Balancing byLoad(BackendUtilizationLb wanted) {
        return new Balancing.ByLoad(
                Timeouts.of(wanted.weightStabilizationPeriod()),
                Timeouts.of(wanted.weightExpirationPeriod()),
                Timeouts.of(wanted.weightUpdatePeriod()),
                wanted.errorUtilizationPenaltyPercent() / 100.0,
                wanted.metricNamesForComputingUtilization());
    }

    /// Which groups come first, and how they share. The rule's own setting replaces the mesh's as a whole.
    Optional<LocalityLoadBalancerSetting> locality() {
        return part(TrafficPolicy::loadBalancer)
                .flatMap(wanted -> Optional.ofNullable(wanted.localityLbSetting()))
                .or(() -> Optional.of(mesh.locality()))
                .filter(setting -> !Boolean.FALSE.equals(setting.enabled()));
    }

    /// Where zones are to be balanced: who helps when the proxy's own region fails.
    Optional<LocalityLoadBalancerSetting> zones() {
        return part(TrafficPolicy::loadBalancer)
                .flatMap(wanted -> Optional.ofNullable(wanted.zoneAwareLbSetting()))
                .filter(zones -> Boolean.TRUE.equals(zones.enabled()))
                .map(zones -> new LocalityLoadBalancerSetting(
                        ImmutableList.of(), zones.failover(), zones.failoverPriority(), true));
    }

    Preamble preamble() {
        return part(TrafficPolicy::proxyProtocol)
                .map(wanted -> switch (wanted.version()) {
                    case V1 -> Preamble.PROXY_V1;
                    case V2 -> Preamble.PROXY_V2;
                })
                .orElse(Preamble.NONE);
    }

    private static WarmUp warmUp(LoadBalancerSettings settings) {
        var warmup = settings.warmup();
        if (warmup != null) {
            var duration = warmup.duration();
            return duration == null
                    ? new WarmUp.None()
                    : new WarmUp.Over(
                            duration,
                            Optional.ofNullable(warmup.aggression()).orElse(1.0),
                            Optional.ofNullable(warmup.minimumPercent()).orElse(10.0));
        }
        var seconds = settings.warmupDurationSecs();
        return seconds == null ? new WarmUp.None() : new WarmUp.Over(seconds, 1.0, 10.0);
    }

    Limits limits() {
        var tcp = pool(ConnectionPoolSettings::tcp);
        var http = pool(ConnectionPoolSettings::http);
        var tcpIdle = tcp.flatMap(wanted -> Optional.ofNullable(wanted.idleTimeout()));
        var idle = http.flatMap(wanted -> Optional.ofNullable(wanted.idleTimeout()))
                .or(() -> tcpIdle);
        return new Limits(
                tcp.flatMap(wanted -> Optional.ofNullable(wanted.connectTimeout()))
                        .orElse(mesh.connectTimeout()),
                count(tcp.map(TcpSettings::maxConnections)),
                count(http.map(HttpSettings::http1MaxPendingRequests)),
                count(http.map(HttpSettings::http2MaxRequests)),
                count(http.map(HttpSettings::maxRetries)),
                count(http.map(HttpSettings::maxRequestsPerConnection)),
                timeout(idle),
                timeout(tcp.flatMap(wanted -> Optional.ofNullable(wanted.maxConnectionDuration()))),
                keepAlive(tcp.flatMap(wanted -> Optional.ofNullable(wanted.tcpKeepalive()))
                        .or(mesh::keepAlive)),
                part(TrafficPolicy::retryBudget).map(PolicyLinker::budget).orElse(new RetryBudget.None()),
                count(http.map(HttpSettings::maxConcurrentStreams)),
                http.flatMap(wanted -> Optional.ofNullable(wanted.http2KeepAlive()))
                        .map(PolicyLinker::pings)
                        .orElse(new Pings.Off()));
    }

    private static RetryBudget budget(DestinationRule.RetryBudget wanted) {
        var percent = wanted.percent();
        var least = wanted.minRetryConcurrency();
        return new RetryBudget.Of(
                percent == null ? RETRY_PERCENT : percent,
                least == null ? RETRY_CONCURRENCY : least,
                Timeouts.of(wanted.budgetInterval()));
    }

    private static Pings pings(ConnectionKeepalive wanted) {
        var interval = wanted.interval();
        var timeout = wanted.timeout();
        return interval == null ? new Pings.Off() : new Pings.Every(interval, timeout == null ? interval : timeout);
    }

    // Istio cannot tell 0 from nothing: neither is a limit.
    private static long count(Optional<Integer> wanted) {
        return wanted.filter(number -> number > 0).map(Integer::longValue).orElse(Limits.UNLIMITED);
    }

    private static Timeout timeout(Optional<Duration> duration) {
        return duration.map(Timeout::after).orElse(Timeout.none());
    }

    private static KeepAlive keepAlive(Optional<TcpKeepalive> wanted) {
        return wanted.<KeepAlive>map(settings -> new KeepAlive.On(
                        Math.toIntExact(Math.min(settings.probes(), Integer.MAX_VALUE)),
                        Timeouts.of(settings.time()),
                        Timeouts.of(settings.interval())))
                .orElse(new KeepAlive.Off());
    }

    /// What a policy says about connections whose bytes are copied.
    static TcpOptions tcp(TrafficPolicy policy) {
        var pool = Optional.ofNullable(policy.connectionPool()).flatMap(wanted -> Optional.ofNullable(wanted.tcp()));
        boolean staysByAddress = Optional.ofNullable(policy.loadBalancer())
                .flatMap(wanted -> Optional.ofNullable(wanted.consistentHash()))
                .map(ConsistentHashLb::useSourceIp)
                .orElse(false);
        return new TcpOptions(
                timeout(pool.flatMap(wanted -> Optional.ofNullable(wanted.idleTimeout()))),
                timeout(pool.flatMap(wanted -> Optional.ofNullable(wanted.maxConnectionDuration()))),
                staysByAddress,
                tunnel(policy.tunnel()),
                new TcpOptions.Target.Upstream());
    }

    private static TcpOptions.Tunnel tunnel(DestinationRule.@Nullable TunnelSettings wanted) {
        return wanted == null
                ? new TcpOptions.Tunnel.None()
                : new TcpOptions.Tunnel.To(
                        wanted.targetHost(),
                        wanted.targetPort(),
                        wanted.protocol().equals("POST"));
    }

    Ejection ejection() {
        return part(TrafficPolicy::outlierDetection).map(PolicyLinker::ejection).orElse(new Ejection.None());
    }

    private static Ejection ejection(OutlierDetection wanted) {
        return new Ejection.On(
                count(wanted.consecutive5xxErrors()),
                count(wanted.consecutiveGatewayErrors()),
                wanted.splitExternalLocalOriginErrors() ? count(wanted.consecutiveLocalOriginFailures()) : -1,
                wanted.splitExternalLocalOriginErrors(),
                Timeouts.of(wanted.interval()),
                Timeouts.of(wanted.baseEjectionTime()),
                wanted.maxEjectionPercent(),
                wanted.minHealthPercent(),
                count(wanted.failurePercentageThreshold()),
                wanted.outlierDetectionHttpErrorCodes());
    }

    private static long count(@Nullable Long wanted) {
        return wanted == null ? -1 : wanted;
    }

    Protocol protocol() {
        var http = pool(ConnectionPoolSettings::http);
        if (http.filter(HttpSettings::useClientProtocol).isPresent()) {
            return Protocol.AS_CLIENT;
        }
        var upgrade = http.map(HttpSettings::h2UpgradePolicy).orElse(H2UpgradePolicy.DEFAULT);
        boolean isUpgraded = switch (upgrade) {
            case UPGRADE -> true;
            case DO_NOT_UPGRADE -> false;
            case DEFAULT -> port.protocol().isHttp() && mesh.upgradesToHttp2();
        };
        if (isUpgraded || port.protocol().isHttp2()) {
            return Protocol.HTTP2;
        }
        return port.protocol().isHttp() || port.protocol() == AppProtocol.UNSUPPORTED ? Protocol.HTTP1 : Protocol.TCP;
    }

    /// TLS towards the endpoints. Without a name of its own the connection names the request's host.
    /// `authorities` finds those that need no secret.
    Tls tls(Backend backend, Function<String, Optional<String>> authorities) {
        var wanted = part(TrafficPolicy::tls);
        if (id.passedOn() || wanted.isEmpty() || wanted.get().mode() == TlsMode.DISABLE) {
            return new Tls.None();
        }
        var settings = wanted.get();
        var alpn = protocol() == Protocol.HTTP2 ? List.of("h2") : List.<String>of();
        if (settings.mode() == TlsMode.ISTIO_MUTUAL) {
            var secret = mesh.workloadSecret();
            return new Tls.Originate(
                    new Tls.Sni.Fixed(settings.sni().isEmpty() ? ResourceNames.meshName(id) : settings.sni()),
                    settings.subjectAltNames(),
                    new Tls.Authority.Secret(
                            secret.map(ServerTlsLinker::authorityOf).orElse("builtin://ROOTCA")),
                    new Revocations.AsDelivered(),
                    new Tls.Certificate.Secret(secret.orElse("builtin://default")),
                    List.of("istio"));
        }
        return new Tls.Originate(
                settings.sni().isEmpty() ? new Tls.Sni.AsRequest() : new Tls.Sni.Fixed(settings.sni()),
                settings.subjectAltNames().isEmpty() ? backend.subjectAltNames() : settings.subjectAltNames(),
                authority(settings, authorities),
                Revocations.file(settings.caCrl()),
                certificate(settings),
                alpn);
    }

    private static Tls.Authority authority(ClientTlsSettings settings, Function<String, Optional<String>> authorities) {
        if (Boolean.TRUE.equals(settings.insecureSkipVerify())) {
            return new Tls.Authority.Unchecked();
        }
        var credential =
                settings.caCertCredentialName().isEmpty() ? settings.credentialName() : settings.caCertCredentialName();
        if (!credential.isEmpty()) {
            return authorities
                    .apply(credential)
                    .<Tls.Authority>map(Tls.Authority.Inline::new)
                    .orElseGet(() -> new Tls.Authority.Secret(ServerTlsLinker.authorityOf(credential)));
        }
        var file = settings.caCertificates();
        return file.isEmpty() || file.equals(SYSTEM) ? new Tls.Authority.SystemRoots() : new Tls.Authority.File(file);
    }

    private static Tls.Certificate certificate(ClientTlsSettings settings) {
        if (settings.mode() != TlsMode.MUTUAL) {
            return new Tls.Certificate.None();
        }
        return settings.credentialName().isEmpty()
                ? new Tls.Certificate.File(settings.clientCertificate(), settings.privateKey())
                : new Tls.Certificate.Secret(settings.credentialName());
    }

    private <T> Optional<T> part(Function<TrafficPolicy, @Nullable T> part) {
        return policy.flatMap(wanted -> Optional.ofNullable(part.apply(wanted)));
    }

    private <T> Optional<T> pool(Function<ConnectionPoolSettings, @Nullable T> part) {
        return part(TrafficPolicy::connectionPool).flatMap(pool -> Optional.ofNullable(part.apply(pool)));
    }
}
