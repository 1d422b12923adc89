package io.sallyport.translation.link;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import io.sallyport.analysis.text.Weights;
import io.sallyport.analysis.world.Backend;
import io.sallyport.analysis.world.HostNames;
import io.sallyport.analysis.world.Routing;
import io.sallyport.analysis.world.World;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.DestinationRule.ConsistentHashLb;
import io.sallyport.model.Origin;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.CorsPolicy;
import io.sallyport.model.VirtualService.Destination;
import io.sallyport.model.VirtualService.HttpBody;
import io.sallyport.model.VirtualService.HttpDirectResponse;
import io.sallyport.model.VirtualService.HttpFaultInjection;
import io.sallyport.model.VirtualService.HttpMatchRequest;
import io.sallyport.model.VirtualService.HttpRedirect;
import io.sallyport.model.VirtualService.HttpRewrite;
import io.sallyport.model.VirtualService.HttpRoute;
import io.sallyport.model.VirtualService.HttpRouteDestination;
import io.sallyport.model.VirtualService.RedirectPortSelection;
import io.sallyport.model.VirtualService.RouteDestination;
import io.sallyport.model.VirtualService.UnmatchedPreflights;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.plan.Action;
import io.sallyport.translation.plan.Action.Body;
import io.sallyport.translation.plan.Action.HostChange;
import io.sallyport.translation.plan.Action.Mirror;
import io.sallyport.translation.plan.Action.PathChange;
import io.sallyport.translation.plan.Action.PortChange;
import io.sallyport.translation.plan.Action.SchemeChange;
import io.sallyport.translation.plan.Action.Share;
import io.sallyport.translation.plan.Action.Stickiness;
import io.sallyport.translation.plan.HeaderEdits;
import io.sallyport.translation.plan.Percent;
import io.sallyport.translation.plan.Provenance;
import io.sallyport.translation.plan.RequestMatch;
import io.sallyport.translation.plan.RouteRule;
import io.sallyport.translation.plan.RouteRule.Cors;
import io.sallyport.translation.plan.RouteRule.Fault;
import io.sallyport.translation.plan.UpstreamId;
import io.sallyport.translation.plan.ValueTest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Makes the rules of one VirtualService for one Gateway and server port: one rule for each `match` entry, in
/// order, up to the first that takes everything. (Istio: `BuildHTTPRoutesForVirtualService` and
/// `translateRoute` in `pilot/pkg/networking/core/route/route.go`.)
final class RuleLinker {

    private static final int MOVED = 301;
    private static final int UNAVAILABLE = 503;
    private static final ImmutableSet<Integer> REDIRECTS = ImmutableSet.of(301, 302, 303, 307, 308);
    private static final String MESH = "mesh";
    // Istio's name of such routes.
    private static final String STRAIGHT = "default";

    private final World world;
    private final ProxyClass proxy;

    RuleLinker(World world, ProxyClass proxy) {
        this.world = world;
        this.proxy = proxy;
    }

    /// The rules for requests that come in by `gateway` at `port`; none when no entry is for them. `encrypted` says
    /// whether the server ends TLS.
    List<RouteRule> link(Routing routing, String gateway, int port, boolean encrypted) {
        var rules = new ArrayList<RouteRule>();
        for (var part : Delegation.rules(world, routing)) {
            var place = new Place(routing.object(), part.namespace(), gateway, port, encrypted);
            var route = part.route();
            if (route.match().isEmpty()) {
                rules.add(rule(place, route, Optional.empty(), part.origin()));
                break;
            }
            if (addMatches(rules, place, route, part.origin())) {
                break;
            }
        }
        return List.copyOf(rules);
    }

    /// The rule of a service that no VirtualService speaks for: requests go to its own port.
    RouteRule straight(Backend backend, int port) {
        var object = world.image().find(backend.origin().object()).orElseThrow();
        var place = new Place(object, backend.namespace(), MESH, port, false);
        var destination = new Destination(backend.host(), "", new VirtualService.PortSelector(port));
        var route = ImmutableList.of(new HttpRouteDestination(destination, 0, null));
        var edits = HeaderEdits.NONE;
        return new RouteRule(
                STRAIGHT,
                RequestMatch.EVERYTHING,
                forward(place, onlyTo(route), Optional.empty(), new HostChange.Keep()),
                edits,
                new Cors.None(),
                Fault.NONE,
                "",
                new Provenance(
                        backend.origin(),
                        object.metadata().apiVersion(),
                        object.source().digest()));
    }

    private static HttpRoute onlyTo(ImmutableList<HttpRouteDestination> destinations) {
        return HttpRoute.plain(STRAIGHT, ImmutableList.of(), destinations, null);
    }

    // Whether an entry took everything: what follows is never reached.
    private boolean addMatches(List<RouteRule> rules, Place place, HttpRoute route, Origin origin) {
        for (var match : route.match()) {
            if (!applies(place, match)) {
                continue;
            }
            var rule = rule(place, route, Optional.of(match), origin);
            rules.add(rule);
            if (rule.isCatchAll()) {
                return true;
            }
        }
        return false;
    }

    private boolean applies(Place place, HttpMatchRequest match) {
        if (match.port() != 0 && match.port() != place.port()) {
            return false;
        }
        if (!match.gateways().isEmpty()) {
            return match.gateways().stream()
                    .anyMatch(gateway ->
                            HostNames.gateway(gateway, place.namespace()).equals(place.gateway()));
        }
        return proxy.labels().entrySet().containsAll(match.sourceLabels().entrySet())
                && (match.sourceNamespace().isEmpty() || match.sourceNamespace().equals(proxy.namespace()));
    }

    private RouteRule rule(Place place, HttpRoute route, Optional<HttpMatchRequest> match, Origin origin) {
        var object = place.object();
        var headers = HeaderLinker.link(route.headers());
        var action = action(place, route, match, headers.host());
        var edits = headers.edits();
        var only = only(route.route());
        if (action instanceof Action.Forward && only.isPresent()) {
            var own = HeaderLinker.link(only.get().headers()).edits();
            // Of a share Envoy does first what the share says, also where all others weigh nothing.
            edits = route.route().size() == 1 ? HeaderLinker.append(edits, own) : HeaderLinker.chain(own, edits);
        }
        return new RouteRule(
                match.map(HttpMatchRequest::name)
                        .filter(name -> !name.isEmpty())
                        .map(name -> route.name() + "." + name)
                        .orElse(route.name()),
                match.map(entry -> MatchLinker.link(entry, place.semantics().goesBySegments()))
                        .orElse(RequestMatch.EVERYTHING),
                action,
                edits,
                cors(route.corsPolicy()),
                fault(route.fault()),
                match.map(HttpMatchRequest::statPrefix).orElse(""),
                provenance(object, origin));
    }

    // Of a rule that nobody wrote, people are told what they wrote.
    private Provenance provenance(ConfigObject<?> object, Origin origin) {
        var spelled = world.spelled(object.ref());
        if (spelled.isEmpty()) {
            return new Provenance(
                    origin, object.metadata().apiVersion(), object.source().digest());
        }
        var place = spelled.get().written(origin.path());
        return new Provenance(
                place.origin(),
                place.object().metadata().apiVersion(),
                place.object().source().digest());
    }

    private Action action(Place place, HttpRoute route, Optional<HttpMatchRequest> match, HostChange host) {
        var redirect = route.redirect();
        if (redirect != null) {
            return redirect(place, redirect, match);
        }
        var response = route.directResponse();
        return response != null ? respond(response) : forward(place, route, match, host);
    }

    private static Action redirect(Place place, HttpRedirect redirect, Optional<HttpMatchRequest> match) {
        int code = redirect.redirectCode() == 0 ? MOVED : redirect.redirectCode();
        if (!REDIRECTS.contains(code)) {
            // Envoy has no redirect with this code. The rule keeps its requests, so that no later rule gets
            // them. (Not answered with the code itself: Envoy would add the request's own address as the
            // location.)
            return new Action.Respond(UNAVAILABLE, new Body.Empty());
        }
        var scheme = redirect.scheme().isEmpty() ? place.scheme() : redirect.scheme();
        int wanted = port(place, redirect);
        boolean isImplied = wanted == 0 || wanted == implied(scheme);
        var authority = redirect.authority().isEmpty() && isImplied ? place.bareHost() : redirect.authority();
        boolean keepsPort = isImplied && !(authority.isEmpty() && place.mayCarryPort());
        return new Action.Redirect(
                code,
                redirect.scheme().isEmpty() ? new SchemeChange.Keep() : new SchemeChange.To(redirect.scheme()),
                authority.isEmpty() ? new HostChange.Keep() : new HostChange.To(authority),
                keepsPort ? new PortChange.Keep() : new PortChange.To(wanted == 0 ? implied(scheme) : wanted),
                path(place, redirect, match));
    }

    private static PathChange path(Place place, HttpRedirect redirect, Optional<HttpMatchRequest> match) {
        if (!redirect.prefixRewrite().isEmpty()) {
            return place.semantics().replaced(redirect.prefixRewrite(), match);
        }
        return redirect.uri().isEmpty() ? new PathChange.Keep() : new PathChange.Whole(redirect.uri());
    }

    // 0 where none is named.
    private static int port(Place place, HttpRedirect redirect) {
        var wanted = redirect.port();
        if (wanted != null) {
            return wanted;
        }
        return redirect.derivePort() == RedirectPortSelection.FROM_REQUEST_PORT ? place.port() : 0;
    }

    private static int implied(String scheme) {
        return switch (scheme) {
            case "http" -> 80;
            case "https" -> 443;
            default -> 0;
        };
    }

    private static Action respond(HttpDirectResponse response) {
        return new Action.Respond(response.status(), body(response.body()));
    }

    private static Body body(@Nullable HttpBody body) {
        if (body == null) {
            return new Body.Empty();
        }
        var text = body.string();
        if (text != null) {
            return new Body.Text(text);
        }
        var bytes = body.bytes();
        return bytes == null
                ? new Body.Empty()
                : new Body.Bytes(new String(bytes.toArray(), StandardCharsets.ISO_8859_1));
    }

    private Action forward(Place place, HttpRoute route, Optional<HttpMatchRequest> match, HostChange fromHeaders) {
        var rewrite = Optional.ofNullable(route.rewrite());
        var host = rewrite.map(wanted -> wanted.authority())
                .filter(authority -> !authority.isEmpty())
                .<HostChange>map(HostChange.To::new)
                .orElse(fromHeaders);
        var shares = shares(place, route.route());
        if (shares.isEmpty()) {
            // Every weight is 0, or their sum is too large. Leaving the rule out would send its requests elsewhere.
            return new Action.Respond(503, new Body.Empty());
        }
        var only = only(route.route());
        if (only.isPresent() && host instanceof HostChange.Keep) {
            host = HeaderLinker.link(only.get().headers()).host();
        }
        host = told(host);
        var stickiness = stickiness(place, route.route());
        boolean isPinned = route.route().size() == 1 && stickiness instanceof Stickiness.By;
        return new Action.Forward(
                shares,
                rewrite.map(wanted -> path(place, wanted, match)).orElse(new PathChange.Keep()),
                host,
                Timeouts.unlessZero(route.timeout()),
                RetryLinker.link(
                        Optional.ofNullable(route.retries())
                                .or(() -> world.mesh().defaultRetries()),
                        isPinned),
                mirrors(place, route),
                stickiness,
                SessionLinker.link(route.sessionPersistence()),
                place.semantics().missing());
    }

    private static PathChange path(Place place, HttpRewrite rewrite, Optional<HttpMatchRequest> match) {
        var pattern = rewrite.uriRegexRewrite();
        if (pattern != null) {
            return new PathChange.Pattern(pattern.match(), pattern.rewrite());
        }
        return rewrite.uri().isEmpty()
                ? new PathChange.Keep()
                : place.semantics().replaced(rewrite.uri(), match);
    }

    // The destination that takes all: a single one, whatever its weight; of several, the one that has a weight.
    private static Optional<HttpRouteDestination> only(List<HttpRouteDestination> destinations) {
        var takers = destinations.stream()
                .filter(destination -> destination.destination() != null)
                .filter(destination -> destinations.size() == 1 || destination.weight() > 0)
                .toList();
        return takers.size() == 1 ? Optional.of(takers.getFirst()) : Optional.empty();
    }

    // What takes all takes it as the rule says. Of several destinations, those without weight take nothing.
    private List<Share> shares(Place place, List<HttpRouteDestination> destinations) {
        var shares = new ArrayList<Share>();
        for (var destination : destinations) {
            var target = destination.destination();
            if (target == null) {
                continue;
            }
            var upstream = upstream(place.namespace(), target, place.port());
            if (destinations.size() == 1 || destination.weight() > 0) {
                var headers = HeaderLinker.link(destination.headers());
                shares.add(new Share(upstream, destination.weight(), headers.edits(), told(headers.host())));
            }
        }
        return shares.size() == 1 ? List.of(Share.whole(shares.getFirst().upstream())) : fitting(shares);
    }

    private HostChange told(HostChange change) {
        return change instanceof HostChange.To(var host) && world.mesh().tellsForwardedHost()
                ? new HostChange.Telling(host)
                : change;
    }

    // Envoy would refuse the whole table for one such rule (SP4212).
    private static List<Share> fitting(List<Share> shares) {
        return Weights.fit(shares.stream().mapToInt(Share::weight)) ? shares : List.of();
    }

    /// The shares of a TCP rule; none when every weight of several is 0, or their sum too large.
    List<Share> shares(Routing routing, List<RouteDestination> destinations, int port) {
        var shares = new ArrayList<Share>();
        for (var destination : destinations) {
            var target = destination.destination();
            if (target == null) {
                continue;
            }
            var upstream = upstream(routing.object().namespace(), target, port);
            if (destinations.size() == 1) {
                return List.of(Share.whole(upstream));
            }
            if (destination.weight() > 0) {
                shares.add(new Share(upstream, destination.weight(), HeaderEdits.NONE, new HostChange.Keep()));
            }
        }
        return fitting(shares);
    }

    /// The upstream that a destination means: its own port, else the only one of the service, else the
    /// server's. A host that nobody declares is an upstream too.
    private UpstreamId upstream(String namespace, Destination destination, int serverPort) {
        var host = HostNames.qualify(destination.host(), namespace);
        var backend = backend(host, namespace);
        var target =
                backend.map(Backend::alias).filter(alias -> !alias.isEmpty()).orElse(host);
        var selector = destination.port();
        int port = selector != null && selector.number() != 0
                ? selector.number()
                : backend.filter(known -> known.ports().size() == 1)
                        .map(known -> known.ports().getFirst().number())
                        .orElse(serverPort);
        return new UpstreamId(port, destination.subset(), target);
    }

    // The VirtualService's own namespace is asked first, as long as the proxy sees what it says.
    private Optional<Backend> backend(String host, String namespace) {
        var visible = world.backends(host, proxy.namespace());
        return visible.stream()
                .filter(backend -> backend.namespace().equals(namespace))
                .findFirst()
                .or(() -> visible.stream().findFirst());
    }

    private List<Mirror> mirrors(Place place, HttpRoute route) {
        var mirrors = new ArrayList<Mirror>();
        var single = route.mirror();
        if (single != null) {
            var percentage = route.mirrorPercentage();
            var percent = route.mirrorPercent();
            double share = percentage != null ? percentage.value() : percent != null ? percent : 100;
            addMirror(mirrors, place, single, share);
        }
        for (var mirror : route.mirrors()) {
            var destination = mirror.destination();
            var percentage = mirror.percentage();
            if (destination != null) {
                addMirror(mirrors, place, destination, percentage == null ? 100 : percentage.value());
            }
        }
        return mirrors;
    }

    private void addMirror(List<Mirror> mirrors, Place place, Destination destination, double percent) {
        if (percent > 0) {
            mirrors.add(new Mirror(upstream(place.namespace(), destination, place.port()), Percent.of(percent)));
        }
    }

    private Stickiness stickiness(Place place, List<HttpRouteDestination> destinations) {
        var keys = new LinkedHashSet<Stickiness.Key>();
        for (var destination : destinations) {
            var target = destination.destination();
            if (target == null || (destinations.size() > 1 && destination.weight() == 0)) {
                continue;
            }
            var upstream = upstream(place.namespace(), target, place.port());
            hash(upstream).flatMap(RuleLinker::key).ifPresent(keys::add);
        }
        return keys.isEmpty() ? new Stickiness.None() : new Stickiness.By(List.copyOf(keys));
    }

    private Optional<ConsistentHashLb> hash(UpstreamId upstream) {
        var backends = world.backends(upstream.host(), proxy.namespace());
        if (backends.isEmpty()) {
            return Optional.empty();
        }
        var rule = world.rule(upstream.host(), backends.getFirst().namespace(), proxy.namespace(), proxy.labels());
        return TrafficPolicies.effective(rule, upstream)
                .flatMap(policy -> Optional.ofNullable(policy.loadBalancer()))
                .flatMap(balancer -> Optional.ofNullable(balancer.consistentHash()));
    }

    private static Optional<Stickiness.Key> key(ConsistentHashLb hash) {
        var header = hash.httpHeaderName();
        if (header != null) {
            return Optional.of(new Stickiness.Key.Header(header));
        }
        var query = hash.httpQueryParameterName();
        if (query != null) {
            return Optional.of(new Stickiness.Key.Query(query));
        }
        var cookie = hash.httpCookie();
        if (cookie != null) {
            var attributes = new TreeMap<String, String>();
            cookie.attributes().forEach(attribute -> attributes.put(attribute.name(), attribute.value()));
            return Optional.of(
                    new Stickiness.Key.Cookie(cookie.name(), cookie.path(), Timeouts.of(cookie.ttl()), attributes));
        }
        return Boolean.TRUE.equals(hash.useSourceIp())
                ? Optional.of(new Stickiness.Key.ClientAddress())
                : Optional.empty();
    }

    private static Cors cors(@Nullable CorsPolicy policy) {
        if (policy == null) {
            return new Cors.None();
        }
        var origins = policy.allowOrigins().isEmpty()
                ? policy.allowOrigin().stream()
                        .<ValueTest>map(origin -> new ValueTest.Exact(origin, true))
                        .toList()
                : policy.allowOrigins().stream().map(MatchLinker::test).toList();
        var credentials = policy.allowCredentials();
        return new Cors.Allow(
                origins,
                policy.allowMethods(),
                policy.allowHeaders(),
                policy.exposeHeaders(),
                Timeouts.of(policy.maxAge()),
                credentials == null
                        ? Cors.Credentials.UNSAID
                        : credentials ? Cors.Credentials.ALLOWED : Cors.Credentials.FORBIDDEN,
                policy.unmatchedPreflights() == UnmatchedPreflights.IGNORE
                        ? Cors.Preflights.IGNORE
                        : Cors.Preflights.FORWARD);
    }

    // A share that is left out is none at all, except for the old spelling `percent`.
    private static Fault fault(@Nullable HttpFaultInjection injection) {
        if (injection == null) {
            return Fault.NONE;
        }
        return new Fault(FaultLinker.delay(injection.delay()), FaultLinker.abort(injection.abort()));
    }

    /// Where a rule is for, and the namespace that its names belong to.
    private record Place(ConfigObject<?> object, String namespace, String gateway, int port, boolean encrypted) {

        String scheme() {
            return encrypted ? "https" : "http";
        }

        Semantics semantics() {
            return Semantics.of(object);
        }

        /// The host that a redirect of the Gateway API names where its scheme implies the port, since Envoy
        /// alone would keep the port of the request's host. Empty for a wildcard, and for Istio's own rules.
        String bareHost() {
            return semantics() == Semantics.GATEWAY
                            && object.spec() instanceof VirtualService service
                            && service.hosts().size() == 1
                            && !service.hosts().getFirst().startsWith("*")
                    ? service.hosts().getFirst()
                    : "";
        }

        /// Whether requests of the Gateway API usually name their port, so that a redirect has to name its own.
        boolean mayCarryPort() {
            return semantics() == Semantics.GATEWAY && port != implied(scheme());
        }
    }
}
