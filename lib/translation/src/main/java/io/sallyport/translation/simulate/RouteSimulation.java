package io.sallyport.translation.simulate;

import io.envoyproxy.envoy.config.route.v3.RedirectAction;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteAction.ClusterNotFoundResponseCode;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.CorsPolicy;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatchAndSubstitute;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.simulate.Answer.Forwarded;
import io.sallyport.translation.simulate.Answer.Replied;
import io.sallyport.translation.simulate.Answer.Share;
import java.util.ArrayList;
import java.util.Optional;

/// What a route does with a request that it took.
record RouteSimulation(
        ParsedResources resources,
        HttpConnectionManager manager,
        Request request,
        RouteConfiguration table,
        VirtualHost host,
        Route route,
        HeaderLines headers,
        Trail trail) {

    Answer answer() {
        return fault().or(this::preflight).orElseGet(this::act);
    }

    private Answer act() {
        return switch (route.getActionCase()) {
            case ROUTE -> forward(route.getRoute());
            case REDIRECT -> redirect(route.getRedirect());
            case DIRECT_RESPONSE -> {
                var body = route.getDirectResponse().getBody();
                var text = body.hasInlineBytes() ? body.getInlineBytes().toStringUtf8() : body.getInlineString();
                yield replied(route.getDirectResponse().getStatus(), "", HeaderLines.NONE, text);
            }
            case FILTER_ACTION, NON_FORWARDING_ACTION, ACTION_NOT_SET ->
                throw new IllegalStateException(
                        "action: " + route.getActionCase() + " (expected: one that is emitted)");
        };
    }

    private Replied replied(int status, String flags, HeaderLines lines, String body) {
        var edited = responseEditing(HeaderEditing.NONE).apply(lines, new Format(request, headers));
        return new Replied(status, flags, edited.with("server", HttpSimulation.serverName(manager)), body, trail);
    }

    // Only a fault that hits every request is certain.
    private Optional<Answer> fault() {
        var packed = route.getTypedPerFilterConfigMap().get(ResourceNames.FAULT_FILTER);
        if (packed == null) {
            return Optional.empty();
        }
        var abort = ParsedResources.parse(HTTPFault.parser(), packed).getAbort();
        var hitsAll = abort.getPercentage().getNumerator() == 1_000_000;
        if (!hitsAll) {
            return Optional.empty();
        }
        return abort.hasHttpStatus()
                ? Optional.of(replied(abort.getHttpStatus(), "FI", HeaderLines.NONE, "fault filter abort"))
                : Optional.of(replied(200, "FI", HeaderLines.NONE.plus("grpc-status", "" + abort.getGrpcStatus()), ""));
    }

    private Optional<CorsPolicy> cors() {
        return Optional.ofNullable(route.getTypedPerFilterConfigMap().get(ResourceNames.CORS_FILTER))
                .map(packed -> ParsedResources.parse(CorsPolicy.parser(), packed));
    }

    private Optional<String> allowedOrigin(CorsPolicy cors) {
        return headers.first("origin")
                .filter(origin -> cors.getAllowOriginStringMatchList().stream()
                        // What takes a star as a text takes every origin.
                        .anyMatch(matcher -> Conditions.matches(matcher, "*") || Conditions.matches(matcher, origin)));
    }

    // A preflight has a method to ask for; one from an origin that is not listed may go to the backend.
    private Optional<Answer> preflight() {
        var isPreflight = request.method().equals("OPTIONS")
                && headers.first("origin").isPresent()
                && headers.first("access-control-request-method").isPresent();
        var policy = cors();
        if (!isPreflight || policy.isEmpty()) {
            return Optional.empty();
        }
        var cors = policy.orElseThrow();
        var origin = allowedOrigin(cors);
        var forwards = !cors.hasForwardNotMatchingPreflights()
                || cors.getForwardNotMatchingPreflights().getValue();
        if (origin.isEmpty() && forwards) {
            return Optional.empty();
        }
        var lines = origin.map(allowed -> HeaderLines.NONE.plus("access-control-allow-origin", allowed))
                .orElse(HeaderLines.NONE);
        lines = plusAllowed(lines, "methods", cors.getAllowMethods(), "access-control-request-method");
        lines = plusAllowed(lines, "headers", cors.getAllowHeaders(), "access-control-request-headers");
        lines = plusIfSet(lines, "access-control-max-age", cors.getMaxAge());
        if (cors.getAllowCredentials().getValue()) {
            lines = lines.plus("access-control-allow-credentials", "true");
        }
        return Optional.of(replied(200, "", lines, ""));
    }

    // Whoever allows everything is answered with what was asked for.
    private HeaderLines plusAllowed(HeaderLines lines, String what, String allowed, String asked) {
        return plusIfSet(
                lines,
                "access-control-allow-" + what,
                allowed.equals("*") ? headers.first(asked).orElse("") : allowed);
    }

    private static HeaderLines plusIfSet(HeaderLines lines, String name, String value) {
        return value.isEmpty() ? lines : lines.plus(name, value);
    }

    private Answer redirect(RedirectAction redirect) {
        var path = headers.first(":path").orElse("/");
        var target = switch (redirect.getPathRewriteSpecifierCase()) {
            case PATH_REDIRECT ->
                redirect.getPathRedirect().contains("?")
                        ? redirect.getPathRedirect()
                        : redirect.getPathRedirect() + keptQuery(redirect, path);
            case PREFIX_REWRITE -> replaced(path, redirect.getPrefixRewrite());
            case REGEX_REWRITE -> substituted(path, redirect.getRegexRewrite());
            case PATHREWRITESPECIFIER_NOT_SET -> path;
        };
        var location = scheme(redirect) + "://" + authority(redirect) + target;
        return replied(status(redirect.getResponseCode()), "", HeaderLines.NONE.plus("location", location), "");
    }

    private static String keptQuery(RedirectAction redirect, String path) {
        return redirect.getStripQuery() ? "" : Paths.query(path);
    }

    private String scheme(RedirectAction redirect) {
        if (redirect.getHttpsRedirect()) {
            return "https";
        }
        return redirect.getSchemeRedirect().isEmpty() ? request.scheme() : redirect.getSchemeRedirect();
    }

    // The standard port of the scheme that was used is dropped when the scheme changes.
    private String authority(RedirectAction redirect) {
        var given = headers.first(":authority").orElse("");
        var bare = HostLookup.withoutPort(given);
        var port = given.substring(bare.length());
        var changesScheme = !scheme(redirect).equals(request.scheme());
        var isStandard = (request.scheme().equals("http") && port.equals(":80"))
                || (request.scheme().equals("https") && port.equals(":443"));
        if (changesScheme && isStandard) {
            port = "";
        }
        var name = redirect.getHostRedirect().isEmpty() ? bare : redirect.getHostRedirect();
        if (redirect.getPortRedirect() != 0) {
            return name + ":" + redirect.getPortRedirect();
        }
        return redirect.getHostRedirect().isEmpty() ? name + port : name;
    }

    private static int status(RedirectAction.RedirectResponseCode code) {
        return switch (code) {
            case MOVED_PERMANENTLY -> 301;
            case FOUND -> 302;
            case SEE_OTHER -> 303;
            case TEMPORARY_REDIRECT -> 307;
            case PERMANENT_REDIRECT -> 308;
            case UNRECOGNIZED -> throw new IllegalStateException("response_code: " + code + " (expected: a known one)");
        };
    }

    private Answer forward(RouteAction action) {
        var shares = new ArrayList<Share>();
        if (action.hasWeightedClusters()) {
            for (var cluster : action.getWeightedClusters().getClustersList()) {
                if (cluster.getWeight().getValue() != 0) {
                    shares.add(share(
                            action,
                            cluster.getName(),
                            Integer.toUnsignedLong(cluster.getWeight().getValue()),
                            cluster.getHostRewriteLiteral(),
                            HeaderEditing.NONE.plus(
                                    cluster.getRequestHeadersToAddList(), cluster.getRequestHeadersToRemoveList()),
                            HeaderEditing.NONE.plus(
                                    cluster.getResponseHeadersToAddList(), cluster.getResponseHeadersToRemoveList())));
                }
            }
        } else {
            shares.add(share(action, action.getCluster(), 1, "", HeaderEditing.NONE, HeaderEditing.NONE));
        }
        if (shares.size() == 1 && !shares.getFirst().state().isEmpty()) {
            var body = shares.getFirst().state().equals("UH") ? "no healthy upstream" : "";
            boolean isBroken = shares.getFirst().state().equals("NC")
                    && action.getClusterNotFoundResponseCode() == ClusterNotFoundResponseCode.INTERNAL_SERVER_ERROR;
            return replied(isBroken ? 500 : 503, shares.getFirst().state(), HeaderLines.NONE, body);
        }
        var mirrors = action.getRequestMirrorPoliciesList().stream()
                .map(mirror -> HttpSimulation.share(
                        resources,
                        mirror.getCluster(),
                        mirror.getRuntimeFraction().getDefaultValue().getNumerator(),
                        shares.getFirst().request(),
                        HeaderEditing.NONE))
                .toList();
        return new Forwarded(shares, mirrors, trail);
    }

    private Share share(
            RouteAction action,
            String cluster,
            long weight,
            String ownHost,
            HeaderEditing requestFirst,
            HeaderEditing responseFirst) {
        var edited = requestFirst
                .plus(route.getRequestHeadersToAddList(), route.getRequestHeadersToRemoveList())
                .plus(host.getRequestHeadersToAddList(), host.getRequestHeadersToRemoveList())
                .plus(table.getRequestHeadersToAddList(), table.getRequestHeadersToRemoveList())
                .apply(headers, new Format(request, headers));
        // The share's own host comes first, and nobody is told of it.
        edited = ownHost.isEmpty() ? edited : edited.with(":authority", ownHost);
        var newHost = action.getHostRewriteLiteral();
        if (!newHost.isEmpty()) {
            edited = action.getAppendXForwardedHost() ? told(edited) : edited;
            edited = edited.with(":authority", newHost);
        }
        var path = headers.first(":path").orElse("/");
        var rewritten = rewritten(action, path);
        if (!rewritten.equals(path)) {
            edited = edited.with(":path", rewritten).with("x-envoy-original-path", path);
        }
        return HttpSimulation.share(
                resources,
                cluster,
                weight,
                edited,
                responseEditing(corsHeaders(responseFirst))
                        .plusLiterals(HeaderLines.NONE.plus("server", HttpSimulation.serverName(manager))));
    }

    // Who passed the request on before stays in the list.
    private static HeaderLines told(HeaderLines headers) {
        var asked = headers.find(":authority").orElse("");
        var before = headers.find("x-forwarded-host");
        return before.equals(Optional.of(asked))
                ? headers
                : headers.with(
                        "x-forwarded-host",
                        before.map(list -> list + "," + asked).orElse(asked));
    }

    private HeaderEditing corsHeaders(HeaderEditing first) {
        var policy = cors();
        if (policy.isEmpty() || allowedOrigin(policy.orElseThrow()).isEmpty()) {
            return first;
        }
        var cors = policy.orElseThrow();
        var lines = HeaderLines.NONE.plus(
                "access-control-allow-origin", allowedOrigin(cors).orElseThrow());
        if (cors.getAllowCredentials().getValue()) {
            lines = lines.plus("access-control-allow-credentials", "true");
        }
        return first.plusLiterals(plusIfSet(lines, "access-control-expose-headers", cors.getExposeHeaders()));
    }

    private HeaderEditing responseEditing(HeaderEditing first) {
        return first.plus(route.getResponseHeadersToAddList(), route.getResponseHeadersToRemoveList())
                .plus(host.getResponseHeadersToAddList(), host.getResponseHeadersToRemoveList())
                .plus(table.getResponseHeadersToAddList(), table.getResponseHeadersToRemoveList());
    }

    private String rewritten(RouteAction action, String path) {
        if (!action.getPrefixRewrite().isEmpty()) {
            return replaced(path, action.getPrefixRewrite());
        }
        return action.hasRegexRewrite() ? substituted(path, action.getRegexRewrite()) : path;
    }

    // Replaces what the route's path condition matched: its prefix, or the whole path. The query stays.
    private String replaced(String path, String replacement) {
        var bare = Paths.withoutQuery(path);
        RouteMatch match = route.getMatch();
        int matched = switch (match.getPathSpecifierCase()) {
            case PREFIX -> match.getPrefix().length();
            case PATH_SEPARATED_PREFIX -> match.getPathSeparatedPrefix().length();
            case PATH, SAFE_REGEX, CONNECT_MATCHER, PATH_MATCH_POLICY, PATHSPECIFIER_NOT_SET -> bare.length();
        };
        return replacement + bare.substring(matched) + Paths.query(path);
    }

    private static String substituted(String path, RegexMatchAndSubstitute rewrite) {
        var bare = Paths.withoutQuery(path);
        return Paths.substituted(bare, rewrite.getPattern().getRegex(), rewrite.getSubstitution()) + Paths.query(path);
    }
}
