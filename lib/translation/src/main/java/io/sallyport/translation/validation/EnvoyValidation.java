package io.sallyport.translation.validation;

import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.route.v3.FilterConfig;
import io.envoyproxy.envoy.extensions.access_loggers.file.v3.FileAccessLog;
import io.envoyproxy.envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter;
import io.envoyproxy.envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig;
import io.envoyproxy.envoy.extensions.access_loggers.grpc.v3.TcpGrpcAccessLogConfig;
import io.envoyproxy.envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig;
import io.envoyproxy.envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.Cors;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.CorsPolicy;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.envoyproxy.envoy.extensions.filters.http.lua.v3.Lua;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.http.stateful_session.v3.StatefulSession;
import io.envoyproxy.envoy.extensions.filters.http.stateful_session.v3.StatefulSessionPerRoute;
import io.envoyproxy.envoy.extensions.filters.listener.http_inspector.v3.HttpInspector;
import io.envoyproxy.envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol;
import io.envoyproxy.envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import io.envoyproxy.envoy.extensions.formatter.req_without_query.v3.ReqWithoutQuery;
import io.envoyproxy.envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation;
import io.envoyproxy.envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig;
import io.envoyproxy.envoy.extensions.http.stateful_session.cookie.v3.CookieBasedSessionState;
import io.envoyproxy.envoy.extensions.http.stateful_session.header.v3.HeaderBasedSessionState;
import io.envoyproxy.envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin;
import io.envoyproxy.envoy.extensions.rbac.matchers.upstream_ip_port.v3.UpstreamIpPortMatcher;
import io.envoyproxy.envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate;
import io.envoyproxy.envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport;
import io.envoyproxy.envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport;
import io.envoyproxy.envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import java.util.List;

/// Would Envoy 1.40 take this resource? Asks the `validate.rules` of Envoy's API and, beyond them, what Envoy refuses
/// only while it applies a resource. An instance belongs to one thread.
public final class EnvoyValidation {

    // Everything that the emitter packs.
    private static final List<Message> PACKED = List.of(
            ClientSideWeightedRoundRobin.getDefaultInstance(),
            ClusterConfig.getDefaultInstance(),
            CookieBasedSessionState.getDefaultInstance(),
            FileAccessLog.getDefaultInstance(),
            HttpGrpcAccessLogConfig.getDefaultInstance(),
            TcpGrpcAccessLogConfig.getDefaultInstance(),
            OpenTelemetryAccessLogConfig.getDefaultInstance(),
            ExpressionFilter.getDefaultInstance(),
            ReqWithoutQuery.getDefaultInstance(),
            PreserveCaseFormatterConfig.getDefaultInstance(),
            Cors.getDefaultInstance(),
            CorsPolicy.getDefaultInstance(),
            FilterConfig.getDefaultInstance(),
            HTTPFault.getDefaultInstance(),
            HeaderBasedSessionState.getDefaultInstance(),
            HeaderMutation.getDefaultInstance(),
            HttpConnectionManager.getDefaultInstance(),
            HttpProtocolOptions.getDefaultInstance(),
            Lua.getDefaultInstance(),
            PreviousHostsPredicate.getDefaultInstance(),
            PreviousPrioritiesConfig.getDefaultInstance(),
            ProxyProtocol.getDefaultInstance(),
            ProxyProtocolUpstreamTransport.getDefaultInstance(),
            RawBuffer.getDefaultInstance(),
            QuicDownstreamTransport.getDefaultInstance(),
            Router.getDefaultInstance(),
            io.envoyproxy.envoy.extensions.filters.http.header_mutation.v3.HeaderMutation.getDefaultInstance(),
            StatefulSession.getDefaultInstance(),
            StatefulSessionPerRoute.getDefaultInstance(),
            io.envoyproxy.envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig
                    .getDefaultInstance(),
            io.envoyproxy.envoy.extensions.filters.network.rbac.v3.RBAC.getDefaultInstance(),
            io.envoyproxy.envoy.extensions.filters.http.rbac.v3.RBAC.getDefaultInstance(),
            io.envoyproxy.envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig.getDefaultInstance(),
            UpstreamIpPortMatcher.getDefaultInstance(),
            TcpProxy.getDefaultInstance(),
            HttpInspector.getDefaultInstance(),
            TlsInspector.getDefaultInstance(),
            UpstreamTlsContext.getDefaultInstance(),
            DownstreamTlsContext.getDefaultInstance());

    private final ValidateRules rules = new ValidateRules(PACKED, EnvoyRules::check);

    /// Everything that Envoy would refuse, in order of the fields; empty when it would take the resource.
    public List<Violation> check(Message resource) {
        return rules.check(resource);
    }
}
