package io.sallyport.translation.emit;

import com.google.protobuf.ByteString;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.RuntimeFractionalPercent;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.RedirectAction;
import io.envoyproxy.envoy.config.route.v3.RedirectAction.RedirectResponseCode;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster;
import io.envoyproxy.envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate;
import io.envoyproxy.envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatchAndSubstitute;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.plan.Action;
import io.sallyport.translation.plan.Action.Body;
import io.sallyport.translation.plan.Action.Forward;
import io.sallyport.translation.plan.Action.HostChange;
import io.sallyport.translation.plan.Action.PathChange;
import io.sallyport.translation.plan.Action.PortChange;
import io.sallyport.translation.plan.Action.Redirect;
import io.sallyport.translation.plan.Action.Respond;
import io.sallyport.translation.plan.Action.SchemeChange;
import io.sallyport.translation.plan.Action.Stickiness;
import io.sallyport.translation.plan.Retry;
import io.sallyport.translation.plan.Timeout;
import java.nio.charset.StandardCharsets;

/// Spells what is done with a request.
final class ActionEmitter {

    private static final int HOST_SELECTION_ATTEMPTS = 5;
    private static final int PRIORITY_UPDATE_FREQUENCY = 2;
    // Matches any path as a whole, so that a substitution replaces all of it.
    private static final String WHOLE_PATH = "^/.*$";

    private ActionEmitter() {}

    static void emit(Action action, Route.Builder route) {
        switch (action) {
            case Forward forward -> route.setRoute(forward(forward));
            case Redirect redirect -> route.setRedirect(redirect(redirect));
            case Respond(int status, var body) -> route.setDirectResponse(respond(status, body));
        }
    }

    // The newer max_stream_duration would say the same of gRPC, but where it stands Envoy does not look at
    // `timeout`.
    @SuppressWarnings("deprecation")
    private static void addTimeout(Forward forward, RouteAction.Builder action) {
        var timeout = Values.zeroIfNone(forward.timeout());
        action.setTimeout(timeout).setMaxGrpcTimeout(timeout);
    }

    // A split over one upstream is spelled as a plain cluster: shorter dumps, and Envoy skips the random pick.
    private static RouteAction forward(Forward forward) {
        var action = RouteAction.newBuilder();
        addPath(forward.path(), action);
        addHost(forward.host(), action);
        if (forward.shares().size() == 1) {
            action.setCluster(ResourceNames.cluster(forward.shares().getFirst().upstream()));
        } else {
            action.setWeightedClusters(split(forward));
        }
        action.setAppendXForwardedHost(
                tells(forward.host()) || forward.shares().stream().anyMatch(share -> tells(share.host())));
        addTimeout(forward, action);
        switch (forward.retry()) {
            case Retry.None() -> {}
            case Retry.On retry -> action.setRetryPolicy(retry(retry));
        }
        for (var mirror : forward.mirrors()) {
            action.addRequestMirrorPoliciesBuilder()
                    .setCluster(ResourceNames.cluster(mirror.upstream()))
                    .setRuntimeFraction(
                            RuntimeFractionalPercent.newBuilder().setDefaultValue(Values.percent(mirror.share())))
                    // Else a copy for "shop.test" asks for "shop.test-shadow".
                    .setDisableShadowHostSuffixAppend(true);
        }
        addStickiness(forward.stickiness(), action);
        switch (forward.missing()) {
            case UNAVAILABLE -> {}
            case BROKEN ->
                action.setClusterNotFoundResponseCode(RouteAction.ClusterNotFoundResponseCode.INTERNAL_SERVER_ERROR);
        }
        return action.build();
    }

    private static boolean tells(HostChange change) {
        return change instanceof HostChange.Telling;
    }

    private static WeightedCluster split(Forward forward) {
        var split = WeightedCluster.newBuilder();
        for (var share : forward.shares()) {
            var cluster = split.addClustersBuilder()
                    .setName(ResourceNames.cluster(share.upstream()))
                    .setWeight(Values.uint32(share.weight()))
                    .addAllRequestHeadersToAdd(
                            HeaderEmitter.emit(share.headers().request().values()))
                    .addAllRequestHeadersToRemove(share.headers().request().removed())
                    .addAllResponseHeadersToAdd(
                            HeaderEmitter.emit(share.headers().response().values()))
                    .addAllResponseHeadersToRemove(share.headers().response().removed());
            switch (share.host()) {
                case HostChange.Keep() -> {}
                case HostChange.To(var host) -> cluster.setHostRewriteLiteral(host);
                case HostChange.Telling(var host) -> cluster.setHostRewriteLiteral(host);
            }
        }
        return split.build();
    }

    private static void addPath(PathChange change, RouteAction.Builder action) {
        switch (change) {
            case PathChange.Keep() -> {}
            case PathChange.Matched(var replacement) -> action.setPrefixRewrite(replacement);
            case PathChange.Whole(var replacement) ->
                action.setRegexRewrite(substitute(WHOLE_PATH, literal(replacement)));
            case PathChange.Pattern(var regex, var replacement) ->
                action.setRegexRewrite(substitute(regex, replacement));
        }
    }

    private static RegexMatchAndSubstitute substitute(String regex, String replacement) {
        return RegexMatchAndSubstitute.newBuilder()
                .setPattern(MatchEmitter.regex(regex))
                .setSubstitution(replacement)
                .build();
    }

    // A backslash in a substitution begins a reference to a group.
    private static String literal(String replacement) {
        return replacement.replace("\\", "\\\\");
    }

    private static void addHost(HostChange change, RouteAction.Builder action) {
        switch (change) {
            case HostChange.Keep() -> {}
            case HostChange.To(var host) -> action.setHostRewriteLiteral(host);
            case HostChange.Telling(var host) -> action.setHostRewriteLiteral(host);
        }
    }

    private static RetryPolicy retry(Retry.On retry) {
        var out = RetryPolicy.newBuilder()
                .setRetryOn(String.join(",", retry.conditions()))
                .setNumRetries(Values.uint32(retry.attempts()))
                .addAllRetriableStatusCodes(retry.statuses());
        switch (retry.perTry()) {
            case Timeout.None() -> {}
            case Timeout.After(var duration) -> out.setPerTryTimeout(Values.duration(duration));
        }
        if (retry.avoidPrevious()) {
            out.setHostSelectionRetryMaxAttempts(HOST_SELECTION_ATTEMPTS)
                    .addRetryHostPredicateBuilder()
                    .setName("envoy.retry_host_predicates.previous_hosts")
                    .setTypedConfig(Values.pack(PreviousHostsPredicate.getDefaultInstance()));
        }
        if (retry.crossPriorities()) {
            out.getRetryPriorityBuilder()
                    .setName("envoy.retry_priorities.previous_priorities")
                    .setTypedConfig(Values.pack(PreviousPrioritiesConfig.newBuilder()
                            .setUpdateFrequency(PRIORITY_UPDATE_FREQUENCY)
                            .build()));
        }
        switch (retry.backoff()) {
            case Retry.Backoff.Standard() -> {}
            case Retry.Backoff.From(var base) -> out.getRetryBackOffBuilder().setBaseInterval(Values.duration(base));
        }
        return out.build();
    }

    // Envoy mixes the hashes of all policies; a terminal one ends the list where it had a value.
    private static void addStickiness(Stickiness stickiness, RouteAction.Builder action) {
        switch (stickiness) {
            case Stickiness.None() -> {}
            case Stickiness.By(var keys) -> {
                for (var key : keys) {
                    var policy = action.addHashPolicyBuilder().setTerminal(keys.size() > 1);
                    switch (key) {
                        case Stickiness.Key.Header(var name) ->
                            policy.getHeaderBuilder().setHeaderName(name);
                        case Stickiness.Key.Query(var name) ->
                            policy.getQueryParameterBuilder().setName(name);
                        case Stickiness.Key.ClientAddress() ->
                            policy.getConnectionPropertiesBuilder().setSourceIp(true);
                        case Stickiness.Key.Cookie(var name, var path, var lifetime, var attributes) -> {
                            policy.getCookieBuilder().setName(name).setPath(path);
                            attributes.forEach((attribute, value) -> policy.getCookieBuilder()
                                    .addAttributesBuilder()
                                    .setName(attribute)
                                    .setValue(value));
                            switch (lifetime) {
                                case Timeout.None() -> {}
                                case Timeout.After(var duration) ->
                                    policy.getCookieBuilder().setTtl(Values.duration(duration));
                            }
                        }
                    }
                }
            }
        }
    }

    private static RedirectAction redirect(Redirect redirect) {
        var out = RedirectAction.newBuilder().setResponseCode(code(redirect.status()));
        switch (redirect.scheme()) {
            case SchemeChange.Keep() -> {}
            case SchemeChange.To(var scheme) -> out.setSchemeRedirect(scheme);
        }
        switch (redirect.host()) {
            case HostChange.Keep() -> {}
            case HostChange.To(var host) -> out.setHostRedirect(host);
            case HostChange.Telling(var host) -> out.setHostRedirect(host);
        }
        switch (redirect.port()) {
            case PortChange.Keep() -> {}
            case PortChange.To(int port) -> out.setPortRedirect(port);
        }
        switch (redirect.path()) {
            case PathChange.Keep() -> {}
            case PathChange.Matched(var replacement) -> out.setPrefixRewrite(replacement);
            case PathChange.Whole(var replacement) -> out.setPathRedirect(replacement);
            case PathChange.Pattern(var regex, var replacement) -> out.setRegexRewrite(substitute(regex, replacement));
        }
        return out.build();
    }

    private static RedirectResponseCode code(int status) {
        return switch (status) {
            case 301 -> RedirectResponseCode.MOVED_PERMANENTLY;
            case 302 -> RedirectResponseCode.FOUND;
            case 303 -> RedirectResponseCode.SEE_OTHER;
            case 307 -> RedirectResponseCode.TEMPORARY_REDIRECT;
            case 308 -> RedirectResponseCode.PERMANENT_REDIRECT;
            default ->
                throw new IllegalArgumentException("status: " + status + " (expected: 301, 302, 303, 307 or 308)");
        };
    }

    private static DirectResponseAction respond(int status, Body body) {
        var out = DirectResponseAction.newBuilder().setStatus(status);
        switch (body) {
            case Body.Empty() -> {}
            case Body.Text(var text) -> out.setBody(DataSource.newBuilder().setInlineString(text));
            case Body.Bytes(var octets) ->
                out.setBody(DataSource.newBuilder()
                        .setInlineBytes(ByteString.copyFrom(octets, StandardCharsets.ISO_8859_1)));
        }
        return out.build();
    }
}
