package io.sallyport.translation.emit;

import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.core.v3.Metadata;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.extensions.filters.common.fault.v3.FaultDelay;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.CorsPolicy;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.FaultAbort;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.envoyproxy.envoy.extensions.filters.http.stateful_session.v3.StatefulSessionPerRoute;
import io.envoyproxy.envoy.extensions.http.stateful_session.cookie.v3.CookieBasedSessionState;
import io.envoyproxy.envoy.extensions.http.stateful_session.header.v3.HeaderBasedSessionState;
import io.envoyproxy.envoy.type.http.v3.Cookie;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.plan.Action;
import io.sallyport.translation.plan.Provenance;
import io.sallyport.translation.plan.RequestMatch;
import io.sallyport.translation.plan.RouteRule;
import io.sallyport.translation.plan.RouteRule.Cors;
import io.sallyport.translation.plan.RouteRule.Fault;
import io.sallyport.translation.plan.RouteRule.Fault.Abort;
import io.sallyport.translation.plan.RouteRule.Fault.Delay;
import io.sallyport.translation.plan.Session;
import io.sallyport.translation.plan.Timeout;
import java.util.TreeMap;

/// Emits one Envoy route per [RouteRule]. Pure: equal rules yield equal bytes.
final class RouteEmitter {

    private RouteEmitter() {}

    static Route emit(RouteRule rule) {
        var route = Route.newBuilder()
                .setName(rule.name())
                .setMatch(MatchEmitter.emit(rule.match()))
                .setMetadata(metadata(rule.provenance()))
                .setStatPrefix(rule.statName())
                .addAllRequestHeadersToAdd(
                        HeaderEmitter.emit(rule.headers().request().values()))
                .addAllRequestHeadersToRemove(rule.headers().request().removed())
                .addAllResponseHeadersToAdd(
                        HeaderEmitter.emit(rule.headers().response().values()))
                .addAllResponseHeadersToRemove(rule.headers().response().removed());
        ActionEmitter.emit(rule.action(), route);
        if (rule.match().path() instanceof RequestMatch.PathMatch.Tunnel && route.hasRoute()) {
            addTunnel(route.getRouteBuilder());
        }
        switch (rule.cors()) {
            case Cors.None() -> {}
            case Cors.Allow cors -> route.putTypedPerFilterConfig(ResourceNames.CORS_FILTER, Values.pack(cors(cors)));
        }
        if (!rule.fault().equals(Fault.NONE)) {
            route.putTypedPerFilterConfig(ResourceNames.FAULT_FILTER, Values.pack(fault(rule.fault())));
        }
        if (rule.action() instanceof Action.Forward forward) {
            addSession(forward.session(), route);
        }
        return route.build();
    }

    /// The proxy itself answers a CONNECT, and copies bytes from then on.
    static void addTunnel(RouteAction.Builder action) {
        action.addUpgradeConfigsBuilder()
                .setUpgradeType("CONNECT")
                .setConnectConfig(RouteAction.UpgradeConfig.ConnectConfig.getDefaultInstance());
    }

    private static void addSession(Session session, Route.Builder route) {
        switch (session) {
            case Session.None() -> {}
            case Session.Cookie(var name, var path, var lifetime) -> {
                var cookie = Cookie.newBuilder().setName(name).setPath(path).setTtl(Values.zeroIfNone(lifetime));
                addSession(
                        "envoy.http.stateful_session.cookie",
                        CookieBasedSessionState.newBuilder().setCookie(cookie).build(),
                        route);
            }
            case Session.Header(var name) ->
                addSession(
                        "envoy.http.stateful_session.header",
                        HeaderBasedSessionState.newBuilder().setName(name).build(),
                        route);
        }
    }

    private static void addSession(String name, Message state, Route.Builder route) {
        var session = StatefulSessionPerRoute.newBuilder();
        session.getStatefulSessionBuilder()
                .getSessionStateBuilder()
                .setName(name)
                .setTypedConfig(Values.pack(state));
        route.putTypedPerFilterConfig(ResourceNames.SESSION_FILTER, Values.pack(session.build()));
    }

    // Istio's key is what its tools print; ours is what access logs, refusals and `explain` read.
    private static Metadata metadata(Provenance provenance) {
        var istio = new TreeMap<String, String>();
        istio.put("config", ResourceNames.config(provenance.origin(), provenance.apiVersion()));
        var ours = new TreeMap<String, String>();
        ours.put("digest", provenance.digest());
        ours.put("object", provenance.origin().object().toString());
        ours.put("rule", provenance.origin().path().toString());
        return Metadata.newBuilder()
                .putFilterMetadata(ResourceNames.ISTIO_METADATA, Values.texts(istio))
                .putFilterMetadata(ResourceNames.METADATA, Values.texts(ours))
                .build();
    }

    private static CorsPolicy cors(Cors.Allow cors) {
        var policy = CorsPolicy.newBuilder()
                .setAllowMethods(String.join(",", cors.methods()))
                .setAllowHeaders(String.join(",", cors.headers()))
                .setExposeHeaders(String.join(",", cors.exposed()));
        cors.origins().forEach(origin -> policy.addAllowOriginStringMatch(MatchEmitter.string(origin)));
        switch (cors.maxAge()) {
            case Timeout.None() -> {}
            case Timeout.After(var age) -> policy.setMaxAge(Long.toString(age.toSeconds()));
        }
        switch (cors.credentials()) {
            case UNSAID -> {}
            case ALLOWED -> policy.setAllowCredentials(Values.bool(true));
            case FORBIDDEN -> policy.setAllowCredentials(Values.bool(false));
        }
        switch (cors.unmatched()) {
            case FORWARD -> policy.setForwardNotMatchingPreflights(Values.bool(true));
            case IGNORE -> policy.setForwardNotMatchingPreflights(Values.bool(false));
        }
        return policy.build();
    }

    private static HTTPFault fault(Fault fault) {
        var out = HTTPFault.newBuilder();
        switch (fault.delay()) {
            case Delay.None() -> {}
            case Delay.Fixed(var duration, var share) ->
                out.setDelay(FaultDelay.newBuilder()
                        .setFixedDelay(Values.duration(duration))
                        .setPercentage(Values.percent(share)));
        }
        switch (fault.abort()) {
            case Abort.None() -> {}
            case Abort.Http(int status, var share) ->
                out.setAbort(FaultAbort.newBuilder().setHttpStatus(status).setPercentage(Values.percent(share)));
            case Abort.Grpc(int status, var share) ->
                out.setAbort(FaultAbort.newBuilder().setGrpcStatus(status).setPercentage(Values.percent(share)));
        }
        return out.build();
    }
}
