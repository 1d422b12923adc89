package io.sallyport.translation.simulate;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.PathWithEscapedSlashesAction;
import io.envoyproxy.envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.simulate.Answer.Replied;
import io.sallyport.translation.simulate.Answer.Share;
import io.sallyport.translation.simulate.HostLookup.Hit;
import io.sallyport.translation.simulate.Trail.Rejection;
import io.sallyport.translation.simulate.Trail.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One request on its way through a connection manager: which table, which virtual host, which route.
final class HttpSimulation {

    private static final int FORBIDDEN = 403;
    private static final int NOT_FOUND = 404;
    private static final int MOVED_PERMANENTLY = 301;
    private static final int TEMPORARY_REDIRECT = 307;

    // Elsewhere what a client says about its certificate is dropped.
    // What one Envoy tells another. At an edge no client may say it.
    // (Envoy: `cleanInternalHeaders` in `source/common/http/conn_manager_utility.cc`.)
    private static final List<String> NO_CLIENTS = List.of(
            "x-envoy-decorator-operation",
            "x-envoy-downstream-service-cluster",
            "x-envoy-downstream-service-node",
            "x-envoy-expected-rq-timeout-ms",
            "x-envoy-force-trace",
            "x-envoy-hedge-on-per-try-timeout",
            "x-envoy-internal",
            "x-envoy-ip-tags",
            "x-envoy-max-retries",
            "x-envoy-original-path",
            "x-envoy-original-url",
            "x-envoy-retriable-header-names",
            "x-envoy-retriable-status-codes",
            "x-envoy-retry-grpc-on",
            "x-envoy-retry-on",
            "x-envoy-upstream-alt-stat-name",
            "x-envoy-upstream-rq-per-try-timeout-ms",
            "x-envoy-upstream-rq-timeout-alt-response",
            "x-envoy-upstream-rq-timeout-ms");

    private final ParsedResources resources;
    private final Listener listener;
    private final String chain;
    private final HttpConnectionManager manager;
    private final Request request;

    // `chain` is the name of the filter chain that took the connection.
    HttpSimulation(
            ParsedResources resources,
            Listener listener,
            String chain,
            HttpConnectionManager manager,
            Request request) {
        this.resources = resources;
        this.listener = listener;
        this.chain = chain;
        this.manager = manager;
        this.request = request.withHost(host(request.host()));
    }

    // The dot goes first, then the port: in Envoy's order.
    private String host(String asked) {
        var name = HostLookup.withoutPort(asked);
        var port = asked.substring(name.length());
        var host = manager.getStripTrailingHostDot() && name.endsWith(".") && name.length() > 1
                ? name.substring(0, name.length() - 1)
                : name;
        return manager.getStripAnyHostPort() ? host : host + port;
    }

    // What proxies in front say counts where any are trusted.
    private String forwardedProtocol() {
        return Optional.of(new HeaderLines(request.headers()))
                .filter(_ -> manager.getXffNumTrustedHops() > 0)
                .flatMap(headers -> headers.find("x-forwarded-proto"))
                .filter(name -> name.equals("http") || name.equals("https"))
                .orElse(request.scheme());
    }

    Answer answer() {
        var answer = found();
        // A tunnel that its route does not open is forbidden, whatever else the route says. Without a route it is 404.
        return request.method().equals("CONNECT")
                        && answer instanceof Replied refused
                        && !refused.flags().equals("NR")
                ? new Replied(FORBIDDEN, "", HeaderLines.NONE, "", refused.trail())
                : answer;
    }

    private Answer found() {
        var headers = arrived();
        var moved = Paths.withSlashes(request.path());
        if (manager.getPathWithEscapedSlashesAction() == PathWithEscapedSlashesAction.UNESCAPE_AND_REDIRECT
                && !moved.equals(request.path())) {
            var location = headers.first(":path").orElse("/");
            return new Replied(
                    TEMPORARY_REDIRECT,
                    "",
                    HeaderLines.NONE.plus("location", location).plus("server", manager.getServerName()),
                    "",
                    new Trail(listener.getName(), "", "", "", Step.NONE, List.of()));
        }
        var table = table(headers);
        if (table.isEmpty()) {
            return notFound(new Trail(listener.getName(), "", "", "", Step.NONE, List.of()));
        }
        var hit = HostLookup.find(table.orElseThrow(), request.host());
        if (hit.isEmpty()) {
            return notFound(new Trail(listener.getName(), table.orElseThrow().getName(), "", "", Step.NONE, List.of()));
        }
        return answer(table.orElseThrow(), hit.orElseThrow(), headers);
    }

    private Replied notFound(Trail trail) {
        return new Replied(
                NOT_FOUND, "NR", HeaderLines.NONE.plus("server", HttpSimulation.serverName(manager)), "", trail);
    }

    // As routes see the request: the path in its normal form, and what early mutations write.
    private HeaderLines arrived() {
        var lines = new ArrayList<HeaderLines.Line>();
        lines.add(new HeaderLines.Line(":authority", request.host()));
        lines.add(new HeaderLines.Line(":method", request.method()));
        lines.add(new HeaderLines.Line(":path", path()));
        // An HTTP/2 client has said a scheme itself.
        lines.add(new HeaderLines.Line(
                ":scheme", request.protocol() == Request.Protocol.HTTP1 ? forwardedProtocol() : request.scheme()));
        lines.addAll(request.headers());
        var headers = new HeaderLines(lines).with("x-forwarded-proto", forwardedProtocol());
        if (!forwardsCertificates()) {
            headers = headers.without("x-forwarded-client-cert");
        }
        if (manager.getUseRemoteAddress().getValue()) {
            for (var name : NO_CLIENTS) {
                headers = headers.without(name);
            }
        }
        for (var extension : manager.getEarlyHeaderMutationExtensionsList()) {
            var mutations = ParsedResources.parse(HeaderMutation.parser(), extension.getTypedConfig());
            var editing = HeaderEditing.NONE;
            for (var mutation : mutations.getMutationsList()) {
                editing = mutation.hasAppend()
                        ? editing.plus(List.of(mutation.getAppend()), List.of())
                        : editing.plus(List.of(), List.of(mutation.getRemove()));
            }
            headers = editing.apply(headers, new Format(request, headers, chain));
        }
        return headers;
    }

    // Without a certificate of the client's own nothing is believed about one, unless that is always believed.
    private boolean forwardsCertificates() {
        return switch (manager.getForwardClientCertDetails()) {
            case FORWARD_ONLY, APPEND_FORWARD -> request.hello() instanceof Hello.Tls tls && tls.certificate();
            case ALWAYS_FORWARD_ONLY -> true;
            case SANITIZE, SANITIZE_SET, UNRECOGNIZED -> false;
        };
    }

    // Escaped slashes first, then the normal form, then slashes beside slashes: in Envoy's order.
    private String path() {
        var path = request.path();
        if (manager.getPathWithEscapedSlashesAction() != PathWithEscapedSlashesAction.KEEP_UNCHANGED) {
            path = Paths.withSlashes(path);
        }
        if (manager.getNormalizePath().getValue()) {
            path = Paths.normalized(path);
        }
        return manager.getMergeSlashes() ? Paths.merged(path) : path;
    }

    private Optional<RouteConfiguration> table(HeaderLines headers) {
        return switch (manager.getRouteSpecifierCase()) {
            case RDS -> resources.routes(manager.getRds().getRouteConfigName());
            case ROUTE_CONFIG -> Optional.of(manager.getRouteConfig());
            case SCOPED_ROUTES -> scope(headers);
            case ROUTESPECIFIER_NOT_SET -> Optional.empty();
        };
    }

    // What the lookup by key finds, then by the key in lower case, then the wildcards: as the two scripts do.
    private Optional<RouteConfiguration> scope(HeaderLines headers) {
        var extractor =
                manager.getScopedRoutes().getScopeKeyBuilder().getFragments(0).getHeaderValueExtractor();
        var value = headers.first(extractor.getName()).orElse("");
        int separator = value.indexOf(extractor.getElementSeparator());
        var key = separator < 0 ? value : value.substring(0, separator);
        int bar = key.indexOf(ResourceNames.SCOPE_BAR);
        if (bar < 0) {
            return resources.scope(key);
        }
        var front = key.substring(0, bar + 1);
        var lower = front + key.substring(bar + 1).toLowerCase(Locale.ROOT);
        return resources
                .scope(key)
                .or(() -> resources.scope(lower))
                .filter(table -> HostLookup.find(table, request.host()).isPresent())
                .or(() -> resources.scope(front + "*"));
    }

    private Answer answer(RouteConfiguration table, Hit hit, HeaderLines headers) {
        var host = hit.host();
        if (host.getRequireTls() == VirtualHost.TlsRequirementType.ALL
                && !forwardedProtocol().equals("https")) {
            var location = "https://" + request.host() + headers.first(":path").orElse("/");
            var trail = trail(table, hit, Step.NONE, List.of());
            return new Replied(
                    MOVED_PERMANENTLY,
                    "",
                    HeaderLines.NONE.plus("location", location).plus("server", HttpSimulation.serverName(manager)),
                    "",
                    trail);
        }
        var rejected = new ArrayList<Rejection>();
        for (int i = 0; i < host.getRoutesCount(); i++) {
            var route = host.getRoutes(i);
            var unmet = Conditions.unmet(route.getMatch(), headers);
            var step = step(
                    i,
                    route.getName(),
                    route.getMetadata().getFilterMetadataMap().get(ResourceNames.METADATA));
            if (unmet.isEmpty()) {
                var trail = trail(table, hit, step, rejected);
                return new RouteSimulation(resources, manager, request, table, host, route, headers, trail).answer();
            }
            rejected.add(new Rejection(step, unmet.orElseThrow()));
        }
        return notFound(trail(table, hit, Step.NONE, rejected));
    }

    private Trail trail(RouteConfiguration table, Hit hit, Step step, List<Rejection> rejected) {
        return new Trail(listener.getName(), table.getName(), hit.host().getName(), hit.domain(), step, rejected);
    }

    private static Step step(int index, String name, @Nullable Struct metadata) {
        return new Step(index, name, text(metadata, "object"), text(metadata, "rule"));
    }

    private static String text(@Nullable Struct metadata, String key) {
        return metadata == null
                ? ""
                : metadata.getFieldsOrDefault(key, Value.getDefaultInstance()).getStringValue();
    }

    /// What Envoy calls itself where it is not told.
    static String serverName(HttpConnectionManager manager) {
        return manager.getServerName().isEmpty() ? "envoy" : manager.getServerName();
    }

    static Share share(
            ParsedResources resources, String cluster, long weight, HeaderLines headers, HeaderEditing response) {
        var known = resources.cluster(cluster);
        if (known.isEmpty()) {
            return new Share(cluster, weight, "NC", List.of(), headers, response);
        }
        var endpoints = resources.endpoints(known.orElseThrow());
        // Where the connection or the request says where to, there is always an endpoint.
        var hasEndpoints = !endpoints.isEmpty()
                || known.orElseThrow().hasClusterType()
                || known.orElseThrow().getType() == Cluster.DiscoveryType.ORIGINAL_DST;
        return new Share(cluster, weight, hasEndpoints ? "" : "UH", endpoints, headers, response);
    }
}
