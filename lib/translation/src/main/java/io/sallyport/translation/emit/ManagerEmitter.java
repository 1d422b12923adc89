package io.sallyport.translation.emit;

import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.common.mutation_rules.v3.HeaderMutation;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;
import io.envoyproxy.envoy.config.core.v3.Http1ProtocolOptions.HeaderKeyFormat;
import io.envoyproxy.envoy.config.core.v3.HttpProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.Cors;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.envoyproxy.envoy.extensions.filters.http.lua.v3.Lua;
import io.envoyproxy.envoy.extensions.filters.http.rbac.v3.RBAC;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.http.stateful_session.v3.StatefulSession;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ForwardClientCertDetails;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.PathWithEscapedSlashesAction;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ServerHeaderTransformation;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.Rds;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.ScopedRds;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.ScopedRoutes;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.ScopedRoutes.ScopeKeyBuilder.FragmentBuilder.HeaderValueExtractor;
import io.envoyproxy.envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.plan.Chain.Content;
import io.sallyport.translation.plan.HttpOptions;
import io.sallyport.translation.plan.HttpOptions.ClientCertificate;
import io.sallyport.translation.plan.HttpOptions.PathForm;
import io.sallyport.translation.plan.HttpOptions.Precautions;
import io.sallyport.translation.plan.HttpOptions.Server;
import io.sallyport.translation.plan.ListenerPlan;
import io.sallyport.translation.plan.NameGuard;
import io.sallyport.translation.plan.RouteTableId;
import io.sallyport.translation.validation.SubstitutionFormat;
import java.util.ArrayList;
import java.util.List;

/// Emits what reads HTTP on a port: a connection manager for each chain, or one that many chains have in common.
///
/// Its bounds are the same everywhere, whatever anybody configures: a client that sends a header a minute, or opens
/// streams without end, costs no more than they allow (`docs/security.md`).
final class ManagerEmitter {

    private static final Duration HEADERS = Duration.newBuilder().setSeconds(10).build();
    private static final Duration CONNECTION_IDLE =
            Duration.newBuilder().setSeconds(3_600).build();
    // A year, that is never: only a timer that exists can be shortened, which a gateway does when it drains, so that
    // clients in the middle of a stream get their GOAWAY too.
    private static final Duration CONNECTION_AGE =
            Duration.newBuilder().setSeconds(31_536_000).build();
    private static final int MAX_HEADER_KILOBYTES = 60;
    private static final int MAX_HEADERS = 100;
    private static final int MAX_STREAMS = 100;
    private static final int STREAM_WINDOW = 64 << 10;
    private static final int CONNECTION_WINDOW = 1 << 20;

    // What a client claims about hops before it.
    private static final List<String> FORWARDED = List.of(
            "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix", "x-real-ip");

    private ManagerEmitter() {}

    static HttpConnectionManager emit(ListenerPlan plan, Content.Http http, boolean scoped) {
        return emit(plan, http.options(), new Lookup.Own(http.table(), scoped));
    }

    /// The manager of all chains of a port with these options. Each request finds the table by the name of its chain,
    /// which no client can choose: what it says itself is written over.
    static HttpConnectionManager shared(ListenerPlan plan, HttpOptions options) {
        return emit(plan, options, new Lookup.ByChain());
    }

    // How a request finds its table.
    private sealed interface Lookup {

        // The one table that the manager names, be it whole or in scopes by host.
        record Own(RouteTableId table, boolean isScoped) implements Lookup {}

        // The table of the chain that took the connection.
        record ByChain() implements Lookup {}
    }

    private static HttpConnectionManager emit(ListenerPlan plan, HttpOptions options, Lookup lookup) {
        var out = HttpConnectionManager.newBuilder()
                .setStatPrefix(ResourceNames.httpStatistics(plan.bind()))
                .addAllAccessLog(AccessLogEmitter.requests(plan.logs().requests()))
                .setCodecType(HttpConnectionManager.CodecType.AUTO)
                .setUseRemoteAddress(Values.bool(options.side() == HttpOptions.Side.EDGE))
                .setXffNumTrustedHops(options.trustedHops());
        addBounds(options.precautions(), out);
        addPaths(options.paths(), out);
        addOwnHeaders(options.headers(), out);
        addCertificate(options.certificate(), out);
        out.getHttpProtocolOptionsBuilder().setAcceptHttp10(options.http10());
        if (options.side() == HttpOptions.Side.CLIENT_OF_PROXY) {
            out.getHttpProtocolOptionsBuilder().setAllowAbsoluteUrl(Values.bool(true));
        }
        out.addUpgradeConfigsBuilder().setUpgradeType("websocket");
        addEarlyMutations(lookup, options.precautions(), out);
        if (options.precautions().refusesTrace()) {
            out.addHttpFilters(filter(ResourceNames.TRACE_FILTER, lua(Scripts.REFUSE_TRACE)));
        }
        switch (lookup) {
            case Lookup.Own own
            when own.isScoped() -> {
                addScopes(ResourceNames.routes(own.table()), out);
                out.addHttpFilters(filter(ResourceNames.LOWER_CASE_FILTER, lua(Scripts.LOWER_CASE)))
                        .addHttpFilters(filter(ResourceNames.FALLBACK_FILTER, lua(Scripts.FALLBACK)));
            }
            case Lookup.Own own ->
                out.setRds(Rds.newBuilder()
                        .setRouteConfigName(ResourceNames.routes(own.table()))
                        .setConfigSource(Values.patientAds()));
            case Lookup.ByChain() -> addScopes(ResourceNames.httpStatistics(plan.bind()), out);
        }
        var router =
                Router.newBuilder().setSuppressEnvoyHeaders(!options.headers().debug());
        out.addHttpFilters(filter(ResourceNames.FAULT_FILTER, HTTPFault.getDefaultInstance()))
                .addHttpFilters(filter(ResourceNames.CORS_FILTER, Cors.getDefaultInstance()))
                .addHttpFilters(filter(ResourceNames.SESSION_FILTER, StatefulSession.getDefaultInstance()));
        switch (options.names()) {
            case NameGuard.None() -> {}
            case NameGuard.Outside(var allowed) ->
                out.addHttpFilters(filter(ResourceNames.LOOKUP_FILTER, GuardEmitter.lookup()))
                        .addHttpFilters(filter(
                                ResourceNames.GUARD_FILTER,
                                RBAC.newBuilder()
                                        .setRules(GuardEmitter.rules(allowed))
                                        .build()));
        }
        return out.addHttpFilters(filter(ResourceNames.ROUTER_FILTER, router.build()))
                .build();
    }

    private static void addBounds(Precautions precautions, HttpConnectionManager.Builder out) {
        out.setRequestHeadersTimeout(HEADERS)
                .setStreamIdleTimeout(Values.zeroIfNone(precautions.streamIdle()))
                .setMaxRequestHeadersKb(Values.uint32(MAX_HEADER_KILOBYTES))
                .setHttp1SafeMaxConnectionDuration(true)
                .setStripTrailingHostDot(precautions.stripsHostEnd());
        out.getCommonHttpProtocolOptionsBuilder()
                .setIdleTimeout(CONNECTION_IDLE)
                .setMaxConnectionDuration(CONNECTION_AGE)
                .setMaxHeadersCount(Values.uint32(MAX_HEADERS));
        out.getHttp2ProtocolOptionsBuilder()
                .setMaxConcurrentStreams(Values.uint32(MAX_STREAMS))
                .setInitialStreamWindowSize(Values.uint32(STREAM_WINDOW))
                .setInitialConnectionWindowSize(Values.uint32(CONNECTION_WINDOW));
        if (precautions.refusesUnderscores()) {
            out.getCommonHttpProtocolOptionsBuilder()
                    .setHeadersWithUnderscoresAction(HttpProtocolOptions.HeadersWithUnderscoresAction.REJECT_REQUEST);
        }
        if (precautions.stripsHostPort()) {
            out.setStripAnyHostPort(true);
        }
    }

    private static void addPaths(PathForm form, HttpConnectionManager.Builder out) {
        out.setNormalizePath(Values.bool(form != PathForm.AS_SENT))
                .setMergeSlashes(form.compareTo(PathForm.MERGED) >= 0)
                .setPathWithEscapedSlashesAction(
                        switch (form) {
                            case AS_SENT, NORMAL, MERGED -> PathWithEscapedSlashesAction.KEEP_UNCHANGED;
                            case DECODED -> PathWithEscapedSlashesAction.UNESCAPE_AND_FORWARD;
                            case REDIRECTED -> PathWithEscapedSlashesAction.UNESCAPE_AND_REDIRECT;
                        });
    }

    private static void addOwnHeaders(HttpOptions.OwnHeaders headers, HttpConnectionManager.Builder out) {
        switch (headers.server()) {
            case Server.Named(var name) -> out.setServerName(name);
            case Server.AsUpstream() -> out.setServerHeaderTransformation(ServerHeaderTransformation.PASS_THROUGH);
        }
        out.setAppendXForwardedPort(headers.forwardedPort());
        if (!headers.requestId()) {
            out.setGenerateRequestId(Values.bool(false));
        }
        if (headers.keepsLetterCase()) {
            out.getHttpProtocolOptionsBuilder().setHeaderKeyFormat(lettersAsSent());
        }
    }

    /// HTTP/1.1 headers in the letters in which they came.
    static HeaderKeyFormat lettersAsSent() {
        return HeaderKeyFormat.newBuilder()
                .setStatefulFormatter(TypedExtensionConfig.newBuilder()
                        .setName("preserve_case")
                        .setTypedConfig(Values.pack(PreserveCaseFormatterConfig.getDefaultInstance())))
                .build();
    }

    private static void addCertificate(ClientCertificate certificate, HttpConnectionManager.Builder out) {
        out.setForwardClientCertDetails(
                switch (certificate.forwarding()) {
                    case SANITIZE -> ForwardClientCertDetails.SANITIZE;
                    case FORWARD_ONLY -> ForwardClientCertDetails.FORWARD_ONLY;
                    case APPEND_FORWARD -> ForwardClientCertDetails.APPEND_FORWARD;
                    case SANITIZE_SET -> ForwardClientCertDetails.SANITIZE_SET;
                    case ALWAYS_FORWARD_ONLY -> ForwardClientCertDetails.ALWAYS_FORWARD_ONLY;
                });
        out.getSetCurrentClientCertDetailsBuilder()
                .setSubject(Values.bool(certificate.subject()))
                .setCert(certificate.certificate())
                .setChain(certificate.chain())
                .setDns(certificate.dns())
                .setUri(certificate.uri());
    }

    // Before anything else reads the request. A header of ours is never a client's to set: where scopes are looked up
    // by it, it is overwritten.
    private static void addEarlyMutations(Lookup lookup, Precautions precautions, HttpConnectionManager.Builder out) {
        var mutations = new ArrayList<HeaderMutation>();
        if (precautions.forgetsForwarded()) {
            FORWARDED.forEach(name ->
                    mutations.add(HeaderMutation.newBuilder().setRemove(name).build()));
        }
        switch (lookup) {
            case Lookup.Own own
            when own.isScoped() ->
                mutations.add(scope(
                        SubstitutionFormat.literal(ResourceNames.scopePrefix(own.table())) + "%REQ(:AUTHORITY)%"));
            case Lookup.Own _ -> {}
            case Lookup.ByChain() -> mutations.add(scope("%FILTER_CHAIN_NAME%"));
        }
        // Elsewhere the table takes the header off (TableEmitter), which a thousand chains need not say too.
        if (mutations.isEmpty()) {
            return;
        }
        out.addEarlyHeaderMutationExtensionsBuilder()
                .setName("envoy.http.early_header_mutation.header_mutation")
                .setTypedConfig(
                        Values.pack(io.envoyproxy.envoy.extensions.http.early_header_mutation.header_mutation.v3
                                .HeaderMutation.newBuilder()
                                .addAllMutations(mutations)
                                .build()));
    }

    private static HeaderMutation scope(String format) {
        return HeaderMutation.newBuilder()
                .setAppend(HeaderValueOption.newBuilder()
                        .setHeader(HeaderValue.newBuilder()
                                .setKey(ResourceNames.SCOPE_HEADER)
                                .setValue(format))
                        .setAppendAction(HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD))
                .build();
    }

    // Each table has its own part of the scopes, which Envoy keeps in one set for all listeners.
    private static void addScopes(String name, HttpConnectionManager.Builder out) {
        var routes = ScopedRoutes.newBuilder()
                .setName(name)
                .setRdsConfigSource(Values.patientAds())
                .setScopedRds(ScopedRds.newBuilder().setScopedRdsConfigSource(Values.patientAds()));
        routes.getScopeKeyBuilderBuilder()
                .addFragmentsBuilder()
                .setHeaderValueExtractor(HeaderValueExtractor.newBuilder()
                        .setName(ResourceNames.SCOPE_HEADER)
                        .setElementSeparator(ResourceNames.SCOPE_SEPARATOR)
                        .setIndex(0));
        out.setScopedRoutes(routes);
    }

    private static Lua lua(String script) {
        var out = Lua.newBuilder();
        out.getDefaultSourceCodeBuilder().setInlineString(script);
        return out.build();
    }

    private static HttpFilter filter(String name, Message configuration) {
        return HttpFilter.newBuilder()
                .setName(name)
                .setTypedConfig(Values.pack(configuration))
                .build();
    }
}
