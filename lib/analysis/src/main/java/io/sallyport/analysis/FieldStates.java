package io.sallyport.analysis;

import com.google.common.collect.ImmutableMap;
import io.sallyport.model.DestinationRule;
import io.sallyport.model.Gateway;
import io.sallyport.model.Ingress;
import io.sallyport.model.IngressClass;
import io.sallyport.model.Kind;
import io.sallyport.model.LocalityLoadBalancerSetting;
import io.sallyport.model.MeshConfig;
import io.sallyport.model.MeshExtensionProvider;
import io.sallyport.model.Platform;
import io.sallyport.model.PolicySelector;
import io.sallyport.model.Port;
import io.sallyport.model.ServiceEntry;
import io.sallyport.model.Sidecar;
import io.sallyport.model.StringMatch;
import io.sallyport.model.Telemetry;
import io.sallyport.model.VirtualService;
import io.sallyport.model.WorkloadEntry;
import io.sallyport.model.WorkloadSelector;
import io.sallyport.model.gatewayapi.BackendReference;
import io.sallyport.model.gatewayapi.BackendTlsPolicy;
import io.sallyport.model.gatewayapi.GatewayClass;
import io.sallyport.model.gatewayapi.GrpcRoute;
import io.sallyport.model.gatewayapi.HttpRoute;
import io.sallyport.model.gatewayapi.KubernetesGateway;
import io.sallyport.model.gatewayapi.ParentReference;
import io.sallyport.model.gatewayapi.RouteFilter;
import io.sallyport.model.gatewayapi.SessionPersistence;
import io.sallyport.model.gatewayapi.TcpRoute;
import io.sallyport.model.gatewayapi.TlsRoute;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What each field of the API does here: the one table behind the finding "known, has no effect here" and behind
/// `docs/reference/fields.md`. A test fails when a field of a record is in no list.
///
/// A field below one without effect has none either, and needs no line of its own.
public final class FieldStates {

    /// What a field does.
    public sealed interface State {}

    /// It has Istio's effect.
    public record Works() implements State {}

    /// It has an effect that is not quite Istio's.
    public record Differs(String how) implements State {}

    /// It is read, checked, and does nothing; who writes it is told.
    public record NoEffect(String reason) implements State {}

    /// It is not for a gateway platform to act on, as with Istio; nobody is told.
    public record Foreign(String reason) implements State {}

    private static final String WORKLOAD_SECRET = "proxyMetadata.SALLYPORT_WORKLOAD_SECRET";
    private static final String CERTIFICATES = "workloads have no certificates of their own";
    private static final String PLACES = "gateways do not tell connections apart by addresses, as with Istio";
    private static final String INBOUND = "client proxies serve what leaves the workload";
    private static final String ZONES =
            "a region's zones share by their endpoints: no gateway knows its kind in each zone";
    private static final State KUBERNETES = new Foreign("Kubernetes' own");

    private static final ImmutableMap<Kind, State> KINDS = ImmutableMap.<Kind, State>builder()
            .put(Kind.PROXY_CONFIG, new NoEffect("proxies are started with settings of their own"))
            .put(Kind.ENVOY_FILTER, new NoEffect("Envoy's configuration is not patched"))
            .put(Kind.WASM_PLUGIN, new NoEffect("plugins are not loaded"))
            .put(Kind.AUTHORIZATION_POLICY, new NoEffect("requests are not authorized yet"))
            .put(Kind.REQUEST_AUTHENTICATION, new NoEffect("tokens are not checked yet"))
            .put(Kind.PEER_AUTHENTICATION, new NoEffect("it is for workloads, which Sallyport does not run"))
            .put(Kind.WORKLOAD_GROUP, new NoEffect("workloads do not register themselves"))
            .put(Kind.SERVICE, KUBERNETES)
            .put(Kind.ENDPOINT_SLICE, KUBERNETES)
            .put(Kind.SECRET, KUBERNETES)
            .put(Kind.CONFIG_MAP, KUBERNETES)
            .put(Kind.NAMESPACE, KUBERNETES)
            .put(Kind.REFERENCE_GRANT, new Works())
            .put(Kind.SECRET_GRANT, new Works())
            .put(Kind.EGRESS_POLICY, new Works())
            .buildOrThrow();

    private static final Map<Class<?>, Map<String, State>> FIELDS = new Table()
            .works(Gateway.class, "servers selector")
            .works(Gateway.Server.class, "port bind hosts name")
            .later(Gateway.Server.class, "gateways forward by routes only, as with Istio", "defaultEndpoint")
            .works(Gateway.Server.class, "tls")
            .works(Gateway.ServerTlsSettings.class, "httpsRedirect")
            .differs(
                    Gateway.ServerTlsSettings.class,
                    "servers with ISTIO_MUTUAL are served with the secret that " + WORKLOAD_SECRET
                            + " names, or not at all",
                    "mode")
            .works(
                    Gateway.ServerTlsSettings.class,
                    "serverCertificate privateKey caCertificates caCrl credentialName credentialNames"
                            + " caCertCredentialName tlsCertificates subjectAltNames verifyCertificateSpki"
                            + " verifyCertificateHash minProtocolVersion maxProtocolVersion cipherSuites"
                            + " insecureSkipVerify")
            .works(Gateway.TlsCertificate.class, "serverCertificate privateKey")
            .later(Gateway.TlsCertificate.class, "caCertificates of the server itself counts", "caCertificates")
            .works(Port.class, "number protocol name")
            .later(Port.class, "refused, as by Istio", "targetPort")
            .works(VirtualService.class, "hosts gateways http tls tcp exportTo")
            .works(
                    VirtualService.HttpRoute.class,
                    "name match route redirect directResponse delegate rewrite timeout retries fault mirror mirrors"
                            + " mirrorPercent mirrorPercentage corsPolicy headers sessionPersistence")
            .works(
                    VirtualService.HttpMatchRequest.class,
                    "name uri scheme method authority headers port gateways queryParams ignoreUriCase withoutHeaders"
                            + " statPrefix sourceLabels sourceNamespace")
            .works(StringMatch.class, "exact prefix regex")
            .works(VirtualService.Delegate.class, "name namespace")
            .works(VirtualService.HttpRouteDestination.class, "destination weight headers")
            .works(VirtualService.RouteDestination.class, "destination weight")
            .works(VirtualService.Destination.class, "host subset port")
            .works(VirtualService.PortSelector.class, "number")
            .works(VirtualService.Headers.class, "request response")
            .works(VirtualService.HeaderOperations.class, "set add remove")
            .works(VirtualService.HttpRedirect.class, "uri authority port derivePort scheme redirectCode prefixRewrite")
            .works(VirtualService.HttpDirectResponse.class, "status body")
            .works(VirtualService.HttpBody.class, "string bytes")
            .works(VirtualService.HttpRewrite.class, "uri authority uriRegexRewrite")
            .works(VirtualService.RegexRewrite.class, "match rewrite")
            .works(
                    VirtualService.HttpRetry.class,
                    "attempts perTryTimeout retryOn retryRemoteLocalities retryIgnorePreviousHosts backoff")
            .works(
                    VirtualService.CorsPolicy.class,
                    "allowOrigin allowOrigins allowMethods allowHeaders exposeHeaders maxAge allowCredentials"
                            + " unmatchedPreflights")
            .works(VirtualService.HttpFaultInjection.class, "delay abort")
            .works(VirtualService.Delay.class, "percent fixedDelay percentage")
            .later(VirtualService.Delay.class, "refused, as by Istio", "exponentialDelay")
            .works(VirtualService.Abort.class, "httpStatus grpcStatus percentage")
            .later(VirtualService.Abort.class, "refused, as by Istio", "http2Error")
            .works(VirtualService.HttpMirrorPolicy.class, "destination percentage")
            .works(VirtualService.Percent.class, "value")
            .works(VirtualService.TlsRoute.class, "match route")
            .works(VirtualService.TlsMatchAttributes.class, "sniHosts port gateways sourceLabels sourceNamespace")
            .later(VirtualService.TlsMatchAttributes.class, PLACES, "destinationSubnets")
            .works(VirtualService.TcpRoute.class, "match route")
            .works(VirtualService.L4MatchAttributes.class, "port gateways sourceLabels sourceNamespace")
            .later(VirtualService.L4MatchAttributes.class, PLACES, "destinationSubnets sourceSubnet")
            .works(DestinationRule.class, "host trafficPolicy subsets exportTo workloadSelector")
            .works(PolicySelector.class, "matchLabels")
            .works(DestinationRule.Subset.class, "name labels trafficPolicy")
            .works(
                    DestinationRule.TrafficPolicy.class,
                    "loadBalancer connectionPool outlierDetection tls portLevelSettings tunnel proxyProtocol"
                            + " retryBudget")
            .later(
                    DestinationRule.TrafficPolicy.class,
                    "none of Envoy's filters for one upstream unpacks answers",
                    "compression")
            .works(DestinationRule.PortTrafficPolicy.class, "port loadBalancer connectionPool outlierDetection tls")
            .later(
                    DestinationRule.PortTrafficPolicy.class,
                    "none of Envoy's filters for one upstream unpacks answers",
                    "compression")
            .differs(
                    DestinationRule.ClientTlsSettings.class,
                    "ISTIO_MUTUAL uses the secret that " + WORKLOAD_SECRET + " names, and connects nowhere without one",
                    "mode")
            .works(
                    DestinationRule.ClientTlsSettings.class,
                    "clientCertificate privateKey caCertificates credentialName caCertCredentialName subjectAltNames"
                            + " sni insecureSkipVerify caCrl")
            .works(DestinationRule.TunnelSettings.class, "protocol targetHost targetPort")
            .works(DestinationRule.ProxyProtocol.class, "version")
            .works(DestinationRule.RetryBudget.class, "percent minRetryConcurrency budgetInterval")
            .works(
                    DestinationRule.LoadBalancerSettings.class,
                    "simple consistentHash backendUtilization localityLbSetting warmupDurationSecs warmup")
            .works(DestinationRule.LoadBalancerSettings.class, "zoneAwareLbSetting")
            .works(DestinationRule.ZoneAwareLoadBalancerSetting.class, "enabled failover failoverPriority")
            .later(DestinationRule.ZoneAwareLoadBalancerSetting.class, ZONES, "minClusterSize")
            .works(
                    DestinationRule.BackendUtilizationLb.class,
                    "weightStabilizationPeriod weightExpirationPeriod weightUpdatePeriod"
                            + " errorUtilizationPenaltyPercent metricNamesForComputingUtilization")
            .works(DestinationRule.WarmupConfiguration.class, "duration minimumPercent aggression")
            .works(
                    DestinationRule.ConsistentHashLb.class,
                    "httpHeaderName httpCookie useSourceIp httpQueryParameterName ringHash maglev minimumRingSize")
            .works(DestinationRule.HttpCookie.class, "name path ttl attributes")
            .works(DestinationRule.CookieAttribute.class, "name value")
            .works(DestinationRule.RingHash.class, "minimumRingSize")
            .works(DestinationRule.Maglev.class, "tableSize")
            .works(DestinationRule.ConnectionPoolSettings.class, "tcp http")
            .works(
                    DestinationRule.TcpSettings.class,
                    "maxConnections connectTimeout tcpKeepalive maxConnectionDuration idleTimeout")
            .works(DestinationRule.TcpKeepalive.class, "probes time interval")
            .works(
                    DestinationRule.HttpSettings.class,
                    "http1MaxPendingRequests http2MaxRequests maxRequestsPerConnection maxRetries idleTimeout"
                            + " h2UpgradePolicy useClientProtocol maxConcurrentStreams http2KeepAlive")
            .works(DestinationRule.ConnectionKeepalive.class, "interval timeout")
            .works(
                    DestinationRule.OutlierDetection.class,
                    "splitExternalLocalOriginErrors consecutiveLocalOriginFailures consecutiveGatewayErrors"
                            + " consecutive5xxErrors interval baseEjectionTime maxEjectionPercent minHealthPercent"
                            + " failurePercentageThreshold outlierDetectionHttpErrorCodes")
            .later(
                    DestinationRule.OutlierDetection.class,
                    "replaced by consecutive5xxErrors, as with Istio",
                    "consecutiveErrors")
            .works(LocalityLoadBalancerSetting.class, "distribute failover failoverPriority enabled")
            .works(LocalityLoadBalancerSetting.Distribute.class, "from to")
            .works(LocalityLoadBalancerSetting.Failover.class, "from to")
            .works(ServiceEntry.class, "hosts ports resolution endpoints workloadSelector exportTo subjectAltNames")
            .works(ServiceEntry.class, "addresses")
            .differs(ServiceEntry.class, "only servers with AUTO_PASSTHROUGH ask for it", "location")
            .works(ServiceEntry.ServicePort.class, "number protocol name targetPort")
            .works(WorkloadEntry.class, "address ports labels locality weight")
            .differs(WorkloadEntry.class, "counts for failoverPriority alone: there is one network", "network")
            .later(WorkloadEntry.class, CERTIFICATES, "serviceAccount")
            .works(WorkloadSelector.class, "labels")
            .works(Platform.class, "mesh proxies edge")
            .works(Platform.Proxy.class, "name namespace labels kind address listen")
            .works(
                    MeshConfig.class,
                    "accessLogFile accessLogFormat accessLogEncoding disableEnvoyListenerLog defaultConfig"
                            + " extensionProviders defaultProviders defaultHttpRetryPolicy connectTimeout tcpKeepalive"
                            + " defaultServiceExportTo defaultVirtualServiceExportTo defaultDestinationRuleExportTo"
                            + " rootNamespace pathNormalization localityLbSetting h2UpgradePolicy tlsDefaults"
                            + " dnsRefreshRate ingressClass ingressControllerMode ingressSelector")
            .differs(MeshConfig.class, "rows go to the cluster als-grpc", "enableEnvoyAccessLogService")
            .works(MeshConfig.class, "outboundTrafficPolicy")
            .works(MeshConfig.OutboundTrafficPolicy.class, "mode")
            .later(
                    MeshConfig.class,
                    "first bytes that never come are waited for, as with Istio",
                    "protocolDetectionTimeout")
            .later(MeshConfig.class, CERTIFICATES, "meshMTLS trustDomain trustDomainAliases")
            .later(MeshConfig.class, "it changes nothing at a gateway", "other")
            .works(MeshConfig.PathNormalization.class, "normalization")
            .works(MeshConfig.TlsConfig.class, "minProtocolVersion ecdhCurves cipherSuites")
            .works(MeshConfig.DefaultProviders.class, "accessLogging")
            .later(MeshConfig.DefaultProviders.class, "traces are not made", "tracing")
            .later(MeshConfig.DefaultProviders.class, "Envoy's own metrics are served as they are", "metrics")
            .works(MeshConfig.MeshProxyConfig.class, "gatewayTopology proxyHeaders")
            .differs(
                    MeshConfig.MeshProxyConfig.class,
                    "it says ISTIO_META_HTTP10, PILOT_ENABLE_QUIC_LISTENERS and SALLYPORT_WORKLOAD_SECRET; nothing else is heeded",
                    "proxyMetadata")
            .later(
                    MeshConfig.MeshProxyConfig.class,
                    "proxies are started with settings of their own",
                    "concurrency drainDuration other")
            .works(MeshConfig.Topology.class, "numTrustedProxies forwardClientCertDetails proxyProtocol")
            .works(
                    MeshConfig.ProxyHeaders.class,
                    "requestId server attemptCount envoyDebugHeaders setCurrentClientCertDetails forwardedClientCert"
                            + " xForwardedPort xForwardedHost")
            .differs(
                    MeshConfig.ProxyHeaders.class,
                    "requests keep their letters, answers are in lower case",
                    "preserveHttp1HeaderCase")
            .later(MeshConfig.ProxyHeaders.class, "gateways never send them", "metadataExchangeHeaders")
            .works(MeshConfig.Switch.class, "disabled enabled")
            .works(MeshConfig.ServerHeader.class, "disabled value")
            .works(MeshConfig.SetCurrentClientCertDetails.class, "subject cert chain dns uri")
            .works(MeshExtensionProvider.class, "name envoyFileAccessLog envoyHttpAls envoyTcpAls envoyOtelAls")
            .later(
                    MeshExtensionProvider.class,
                    "only access logs have providers here",
                    "envoyExtAuthzHttp envoyExtAuthzGrpc zipkin lightstep datadog stackdriver opencensus skywalking"
                            + " opentelemetry prometheus sds")
            .works(MeshExtensionProvider.FileAccessLog.class, "path logFormat omitEmptyValues")
            .works(MeshExtensionProvider.LogFormat.class, "text labels")
            .works(
                    MeshExtensionProvider.HttpGrpcAccessLog.class,
                    "service port logName filterStateObjectsToLog additionalRequestHeadersToLog"
                            + " additionalResponseHeadersToLog additionalResponseTrailersToLog")
            .works(MeshExtensionProvider.TcpGrpcAccessLog.class, "service port logName filterStateObjectsToLog")
            .works(MeshExtensionProvider.OtelAccessLog.class, "service port logName logFormat filterStateObjectsToLog")
            .works(MeshExtensionProvider.OtelLogFormat.class, "text labels")
            .works(Sidecar.class, "workloadSelector egress outboundTrafficPolicy")
            .later(Sidecar.class, INBOUND, "ingress inboundConnectionPool")
            .works(Sidecar.IstioEgressListener.class, "port hosts")
            .later(
                    Sidecar.IstioEgressListener.class,
                    "the proxy's `listen` in sallyport.yaml says what is bound",
                    "bind captureMode")
            .works(Sidecar.SidecarPort.class, "number protocol name")
            .later(Sidecar.SidecarPort.class, "refused, as by Istio", "targetPort")
            .works(Sidecar.OutboundTrafficPolicy.class, "mode egressProxy")
            .works(Telemetry.class, "selector accessLogging")
            .later(Telemetry.class, "it is not looked for by a policy yet", "targetRef targetRefs")
            .later(Telemetry.class, "traces are not made", "tracing")
            .later(Telemetry.class, "Envoy's own metrics are served as they are", "metrics")
            .works(Telemetry.AccessLogging.class, "match providers disabled filter")
            .works(Telemetry.ProviderRef.class, "name")
            .works(Telemetry.LogSelector.class, "mode")
            .differs(
                    Telemetry.Filter.class,
                    "an expression that Envoy cannot build withholds its log instead of the listener",
                    "expression")
            .works(GatewayClass.class, "controllerName")
            .later(GatewayClass.class, "classes have no settings here", "parametersRef")
            .foreign(GatewayClass.class, "for people", "description")
            .works(KubernetesGateway.class, "gatewayClassName listeners")
            .differs(
                    KubernetesGateway.class,
                    "without any, proxies labelled with its name serve it, or the shared ingress gateway: none is deployed",
                    "addresses")
            .differs(KubernetesGateway.class, "frontend closes the listeners: clients would not be asked", "tls")
            .later(KubernetesGateway.class, "nothing is deployed for a Gateway", "infrastructure")
            .later(KubernetesGateway.class, "listeners are those of the Gateway itself", "allowedListeners")
            .later(KubernetesGateway.class, "gateways show no certificate to backends", "backendTLS")
            .later(KubernetesGateway.class, "routes name their Gateways", "defaultScope")
            .works(KubernetesGateway.Listener.class, "name hostname port protocol tls allowedRoutes")
            .works(KubernetesGateway.Tls.class, "mode certificateRefs")
            .differs(KubernetesGateway.Tls.class, "the one option known is Istio's tls-terminate-mode", "options")
            .differs(
                    KubernetesGateway.Tls.class,
                    "it closes the listener: clients would not be asked",
                    "frontendValidation")
            .works(KubernetesGateway.Reference.class, "group kind name namespace")
            .works(KubernetesGateway.AllowedRoutes.class, "namespaces kinds")
            .works(KubernetesGateway.Namespaces.class, "from selector")
            .works(KubernetesGateway.Selector.class, "matchLabels matchExpressions")
            .works(KubernetesGateway.Requirement.class, "key operator values")
            .works(KubernetesGateway.RouteKind.class, "group kind")
            .differs(KubernetesGateway.Address.class, "Hostname alone can be served", "type")
            .works(KubernetesGateway.Address.class, "value")
            .works(ParentReference.class, "group kind namespace name sectionName port")
            .works(BackendReference.class, "group kind name namespace port weight")
            .works(HttpRoute.class, "parentRefs hostnames rules")
            .later(HttpRoute.class, "routes name their Gateways", "useDefaultGateways")
            .works(HttpRoute.Rule.class, "matches filters backendRefs timeouts retry sessionPersistence")
            .foreign(HttpRoute.Rule.class, "for people", "name")
            .works(HttpRoute.Match.class, "path headers queryParams method")
            .works(HttpRoute.PathMatch.class, "type value")
            .works(HttpRoute.ValueMatch.class, "type name value")
            .works(HttpRoute.Backend.class, "group kind name namespace port weight filters")
            .works(HttpRoute.Timeouts.class, "request")
            .differs(
                    HttpRoute.Timeouts.class,
                    "without retry there is one try, within the shorter of both",
                    "backendRequest")
            .works(HttpRoute.Retry.class, "codes attempts backoff")
            .works(
                    RouteFilter.class,
                    "type requestHeaderModifier responseHeaderModifier requestMirror requestRedirect urlRewrite cors")
            .differs(RouteFilter.class, "the requests of the rule are answered with 500", "extensionRef externalAuth")
            .works(RouteFilter.HeaderModifier.class, "set add remove")
            .works(RouteFilter.Header.class, "name value")
            .works(RouteFilter.Mirror.class, "backendRef percent fraction")
            .works(RouteFilter.Fraction.class, "numerator denominator")
            .works(RouteFilter.Redirect.class, "scheme hostname path port statusCode")
            .works(RouteFilter.Rewrite.class, "hostname path")
            .works(RouteFilter.PathModifier.class, "type replaceFullPath replacePrefixMatch")
            .works(
                    RouteFilter.Cors.class,
                    "allowOrigins allowCredentials allowMethods allowHeaders exposeHeaders maxAge")
            .works(RouteFilter.Extension.class, "group kind name")
            .works(SessionPersistence.class, "sessionName absoluteTimeout type cookieConfig")
            .later(SessionPersistence.class, "Envoy's sessions have no idle end", "idleTimeout")
            .works(SessionPersistence.Cookie.class, "lifetimeType")
            .works(GrpcRoute.class, "parentRefs hostnames rules")
            .later(GrpcRoute.class, "routes name their Gateways", "useDefaultGateways")
            .works(GrpcRoute.Rule.class, "matches filters backendRefs sessionPersistence")
            .foreign(GrpcRoute.Rule.class, "for people", "name")
            .works(GrpcRoute.Match.class, "method headers")
            .works(GrpcRoute.MethodMatch.class, "type service method")
            .works(TlsRoute.class, "parentRefs hostnames")
            .differs(TlsRoute.class, "the first rule counts: it takes everything", "rules")
            .later(TlsRoute.class, "routes name their Gateways", "useDefaultGateways")
            .works(TlsRoute.Rule.class, "backendRefs")
            .foreign(TlsRoute.Rule.class, "for people", "name")
            .works(TcpRoute.class, "parentRefs")
            .differs(TcpRoute.class, "the first rule counts: it takes everything", "rules")
            .later(TcpRoute.class, "routes name their Gateways", "useDefaultGateways")
            .works(TcpRoute.Rule.class, "backendRefs")
            .foreign(TcpRoute.Rule.class, "for people", "name")
            .works(BackendTlsPolicy.class, "targetRefs validation")
            .later(BackendTlsPolicy.class, "no options are known", "options")
            .works(BackendTlsPolicy.Target.class, "group kind name sectionName")
            .works(
                    BackendTlsPolicy.Validation.class,
                    "wellKnownCACertificates hostname subjectAltNames caCertificateRefs")
            .works(BackendTlsPolicy.Authority.class, "group kind name")
            .works(BackendTlsPolicy.AltName.class, "type hostname uri")
            .works(Ingress.class, "ingressClassName defaultBackend rules")
            .differs(Ingress.class, "secrets are those of the Ingress's namespace", "tls")
            .works(Ingress.Tls.class, "hosts secretName")
            .works(Ingress.Rule.class, "host http")
            .works(Ingress.Http.class, "paths")
            .works(Ingress.HttpPath.class, "path pathType backend")
            .works(Ingress.Backend.class, "service")
            .differs(Ingress.Backend.class, "its requests are answered with 503", "resource")
            .works(Ingress.ServiceBackend.class, "name port")
            .works(Ingress.ServicePort.class, "name number")
            .works(Ingress.Resource.class, "apiGroup kind name")
            .works(IngressClass.class, "controller")
            .later(IngressClass.class, "classes have no settings here", "parameters")
            .build();

    private FieldStates() {}

    /// What a whole kind does, if it is decided for all of its fields at once.
    public static Optional<State> of(Kind kind) {
        return Optional.ofNullable(KINDS.get(kind));
    }

    /// What a field of a record does; misses for fields that nobody has thought about.
    public static Optional<State> of(Class<?> owner, String field) {
        var fields = FIELDS.get(owner);
        return fields == null ? Optional.empty() : Optional.ofNullable(fields.get(field));
    }

    /// Every field that is listed, as `owner.field`: for the test that none of them is gone.
    static List<String> listed() {
        return FIELDS.entrySet().stream()
                .flatMap(owner -> owner.getValue().keySet().stream()
                        .map(field -> owner.getKey().getName() + "." + field))
                .sorted()
                .toList();
    }

    private static final class Table {
        private final Map<Class<?>, Map<String, State>> states = new HashMap<>();

        Table works(Class<?> owner, String fields) {
            return put(owner, new Works(), fields);
        }

        Table differs(Class<?> owner, String how, String fields) {
            return put(owner, new Differs(how), fields);
        }

        Table later(Class<?> owner, String reason, String fields) {
            return put(owner, new NoEffect(reason), fields);
        }

        Table foreign(Class<?> owner, String reason, String fields) {
            return put(owner, new Foreign(reason), fields);
        }

        private Table put(Class<?> owner, State state, String fields) {
            var own = states.computeIfAbsent(owner, _ -> new HashMap<>());
            for (var field : fields.split(" ")) {
                if (own.put(field, state) != null) {
                    throw new IllegalStateException(owner + "." + field + " is listed twice");
                }
            }
            return this;
        }

        Map<Class<?>, Map<String, State>> build() {
            return Map.copyOf(states);
        }
    }
}
