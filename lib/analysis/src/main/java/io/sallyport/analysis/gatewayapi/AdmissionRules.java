package io.sallyport.analysis.gatewayapi;

import static io.sallyport.model.Severity.ERROR;

import com.google.common.collect.ImmutableList;
import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.text.Addresses;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.model.Ingress;
import io.sallyport.model.Kind;
import io.sallyport.model.gatewayapi.BackendReference;
import io.sallyport.model.gatewayapi.BackendTlsPolicy;
import io.sallyport.model.gatewayapi.GrpcRoute;
import io.sallyport.model.gatewayapi.HttpRoute;
import io.sallyport.model.gatewayapi.KubernetesGateway;
import io.sallyport.model.gatewayapi.KubernetesGateway.Listener;
import io.sallyport.model.gatewayapi.KubernetesGateway.TlsMode;
import io.sallyport.model.gatewayapi.RouteFilter;
import io.sallyport.model.gatewayapi.TcpRoute;
import io.sallyport.model.gatewayapi.TlsRoute;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What the schemas of the Gateway API, and Kubernetes' own check of Ingresses, refuse: such objects cannot be
/// stored in a cluster, and are not stored here.
final class AdmissionRules {

    private static final int LAST_PORT = 65_535;
    private static final int LARGEST_WEIGHT = 1_000_000;

    private AdmissionRules() {}

    static List<Rule<?>> all() {
        return ImmutableList.<Rule<?>>builder()
                .add(new ListenersAreDistinct())
                .add(new HttpRouteIsWhole())
                .add(new GrpcRouteIsWhole())
                .add(new TlsRouteIsWhole())
                .add(new TcpRouteIsWhole())
                .add(new IngressIsWhole())
                .add(new PolicyBelievesSomebody())
                .build();
    }

    private static void hostname(At<String> host, Report report) {
        if (Addresses.isAddress(host.value())) {
            report.at(host, "hostname \"%s\" is an address (expected: a name)".formatted(host.value()));
        } else {
            Hosts.wildcardProblem(host.value()).ifPresent(problem -> report.at(host, problem));
        }
    }

    private static void port(At<Integer> port, Report report) {
        if (port.value() < 1 || port.value() > LAST_PORT) {
            report.at(port, "port %d (expected: 1 to %d)".formatted(port.value(), LAST_PORT));
        }
    }

    private static void backend(At<?> place, BackendReference reference, Report report) {
        if (reference.group().isEmpty() && reference.kindOrService().equals("Service") && reference.port() == 0) {
            report.at(place.below("port"), "no port of Service \"%s\" (expected: port)".formatted(reference.name()));
        }
        var weight = reference.weight();
        if (weight != null && (weight < 0 || weight > LARGEST_WEIGHT)) {
            report.at(place.below("weight"), "weight %d (expected: 0 to %d)".formatted(weight, LARGEST_WEIGHT));
        }
    }

    private static void filter(At<RouteFilter> filter, Report report) {
        var value = filter.value();
        var members = new EnumMap<RouteFilter.Type, Object>(RouteFilter.Type.class);
        put(members, RouteFilter.Type.RequestHeaderModifier, value.requestHeaderModifier());
        put(members, RouteFilter.Type.ResponseHeaderModifier, value.responseHeaderModifier());
        put(members, RouteFilter.Type.RequestMirror, value.requestMirror());
        put(members, RouteFilter.Type.RequestRedirect, value.requestRedirect());
        put(members, RouteFilter.Type.URLRewrite, value.urlRewrite());
        put(members, RouteFilter.Type.CORS, value.cors());
        put(members, RouteFilter.Type.ExtensionRef, value.extensionRef());
        put(members, RouteFilter.Type.ExternalAuth, value.externalAuth());
        if (!members.keySet().equals(Set.of(value.type()))) {
            report.at(
                    filter,
                    "filter of type %s (expected: the member of that type and no other)".formatted(value.type()));
        }
    }

    private static void put(Map<RouteFilter.Type, Object> members, RouteFilter.Type type, @Nullable Object member) {
        if (member != null) {
            members.put(type, member);
        }
    }

    /// SP1981: listeners that the schema cannot tell apart, or that mix what does not go together.
    static final class ListenersAreDistinct extends ObjectRule<KubernetesGateway> {
        private static final Set<String> BARE = Set.of("HTTP", "TCP", "UDP");

        ListenersAreDistinct() {
            super(
                    "SP1981",
                    ERROR,
                    "Listener of a Gateway is refused",
                    Kind.KUBERNETES_GATEWAY,
                    KubernetesGateway.class,
                    new Page(
                            "Each listener has a name of its own, and a port, protocol and hostname that no other one has. TLS goes with HTTPS and TLS alone, hostnames with what names one.",
                            GatewayApiRules.GATEWAY.formatted(
                                    GatewayApiRules.LISTENER + ", {name: http, port: 81, protocol: HTTP}"),
                            GatewayApiRules.GATEWAY.formatted(
                                    GatewayApiRules.LISTENER + ", {name: more, port: 81, protocol: HTTP}")));
        }

        @Override
        public void check(At<KubernetesGateway> gateway, Report report) {
            var names = new HashSet<String>();
            var triples = new HashSet<List<Object>>();
            gateway.each("listeners", KubernetesGateway::listeners).forEach(listener -> {
                var value = listener.value();
                if (!names.add(value.name())) {
                    report.at(
                            listener.below("name"),
                            "listener \"%s\" stands here twice (expected: another name)".formatted(value.name()));
                }
                if (!triples.add(List.of(value.port(), value.protocol(), value.hostname()))) {
                    report.at(
                            listener,
                            "port %d, protocol %s and hostname \"%s\" are those of another listener (expected: one of them another)"
                                    .formatted(value.port(), value.protocol(), value.hostname()));
                }
                listener.field("port", Listener::port).forEach(port -> port(port, report));
                listener.field("hostname", Listener::hostname)
                        .filter(host -> !host.value().isEmpty())
                        .forEach(host -> hostname(host, report));
                mixed(listener, report);
            });
        }

        private static void mixed(At<Listener> listener, Report report) {
            var value = listener.value();
            var tls = value.tls();
            if (tls != null && BARE.contains(value.protocol())) {
                report.at(
                        listener.below("tls"),
                        "tls with protocol %s (expected: HTTPS or TLS)".formatted(value.protocol()));
            }
            if (!value.hostname().isEmpty()
                    && (value.protocol().equals("TCP") || value.protocol().equals("UDP"))) {
                report.at(
                        listener.below("hostname"),
                        "hostname with protocol %s, which names none (expected: none)".formatted(value.protocol()));
            }
            if (tls != null
                    && tls.mode() == TlsMode.Terminate
                    && tls.certificateRefs().isEmpty()
                    && tls.options().isEmpty()) {
                report.at(
                        listener.below("tls"),
                        "mode Terminate without certificateRefs or options (expected: a certificate)");
            }
        }
    }

    /// SP1982: an HTTPRoute that its schema refuses.
    static final class HttpRouteIsWhole extends ObjectRule<HttpRoute> {
        HttpRouteIsWhole() {
            super(
                    "SP1982",
                    ERROR,
                    "HTTPRoute is refused",
                    Kind.HTTP_ROUTE,
                    HttpRoute.class,
                    new Page(
                            "Services need a port, paths begin with a slash, each filter has the member of its type, and a redirect goes nowhere else.",
                            "{rules: [{backendRefs: [{name: cart}]}]}",
                            "{rules: [{backendRefs: [{name: cart, port: 80}]}]}"));
        }

        @Override
        public void check(At<HttpRoute> route, Report report) {
            route.each("hostnames", HttpRoute::hostnames).forEach(host -> hostname(host, report));
            route.each("rules", HttpRoute::rules).forEach(rule -> {
                rule.each("matches", HttpRoute.Rule::matches)
                        .flatMap(match -> match.field("path", HttpRoute.Match::path))
                        .forEach(path -> path(path, report));
                rule.each("filters", HttpRoute.Rule::filters).forEach(filter -> filter(filter, report));
                rule.each("backendRefs", HttpRoute.Rule::backendRefs).forEach(backend -> {
                    backend(backend, backend.value().reference(), report);
                    backend.each("filters", HttpRoute.Backend::filters).forEach(filter -> filter(filter, report));
                });
                redirect(rule, report);
            });
        }

        private static void path(At<HttpRoute.PathMatch> path, Report report) {
            var value = path.value().value();
            if (value != null
                    && path.value().type() != HttpRoute.PathType.RegularExpression
                    && !value.startsWith("/")) {
                report.at(path.below("value"), "path \"%s\" (expected: one that begins with \"/\")".formatted(value));
            }
        }

        private static void redirect(At<HttpRoute.Rule> rule, Report report) {
            var types = rule.value().filters().stream().map(RouteFilter::type).toList();
            if (!types.contains(RouteFilter.Type.RequestRedirect)) {
                return;
            }
            if (!rule.value().backendRefs().isEmpty() || types.contains(RouteFilter.Type.URLRewrite)) {
                report.at(rule, "a redirect beside backendRefs or URLRewrite (expected: one of them)");
            }
        }
    }

    /// SP1983: a GRPCRoute that its schema refuses.
    static final class GrpcRouteIsWhole extends ObjectRule<GrpcRoute> {
        private static final Set<RouteFilter.Type> FILTERS = Set.of(
                RouteFilter.Type.RequestHeaderModifier,
                RouteFilter.Type.ResponseHeaderModifier,
                RouteFilter.Type.RequestMirror,
                RouteFilter.Type.ExtensionRef);

        GrpcRouteIsWhole() {
            super(
                    "SP1983",
                    ERROR,
                    "GRPCRoute is refused",
                    Kind.GRPC_ROUTE,
                    GrpcRoute.class,
                    new Page(
                            "Services need a port, and calls are not redirected or rewritten.",
                            "{rules: [{backendRefs: [{name: cart}]}]}",
                            "{rules: [{backendRefs: [{name: cart, port: 80}]}]}"));
        }

        @Override
        public void check(At<GrpcRoute> route, Report report) {
            route.each("hostnames", GrpcRoute::hostnames).forEach(host -> hostname(host, report));
            route.each("rules", GrpcRoute::rules).forEach(rule -> {
                rule.each("backendRefs", GrpcRoute.Rule::backendRefs)
                        .forEach(backend -> backend(backend, backend.value().reference(), report));
                rule.each("filters", GrpcRoute.Rule::filters).forEach(filter -> {
                    filter(filter, report);
                    if (!FILTERS.contains(filter.value().type())) {
                        report.at(
                                filter,
                                "filter %s of a GRPCRoute (expected: one that changes headers, or a mirror)"
                                        .formatted(filter.value().type()));
                    }
                });
            });
        }
    }

    /// SP1984: a TLSRoute that its schema refuses.
    static final class TlsRouteIsWhole extends ObjectRule<TlsRoute> {
        TlsRouteIsWhole() {
            super(
                    "SP1984",
                    ERROR,
                    "TLSRoute is refused",
                    Kind.TLS_ROUTE,
                    TlsRoute.class,
                    new Page(
                            "Services need a port, and hostnames are names.",
                            "{rules: [{backendRefs: [{name: cart}]}]}",
                            "{rules: [{backendRefs: [{name: cart, port: 443}]}]}"));
        }

        @Override
        public void check(At<TlsRoute> route, Report report) {
            route.each("hostnames", TlsRoute::hostnames).forEach(host -> hostname(host, report));
            route.each("rules", TlsRoute::rules)
                    .flatMap(rule -> rule.each("backendRefs", TlsRoute.Rule::backendRefs))
                    .forEach(backend -> backend(backend, backend.value(), report));
        }
    }

    /// SP1985: a TCPRoute that its schema refuses.
    static final class TcpRouteIsWhole extends ObjectRule<TcpRoute> {
        TcpRouteIsWhole() {
            super(
                    "SP1985",
                    ERROR,
                    "TCPRoute is refused",
                    Kind.TCP_ROUTE,
                    TcpRoute.class,
                    new Page(
                            "Services need a port.",
                            "{rules: [{backendRefs: [{name: cart}]}]}",
                            "{rules: [{backendRefs: [{name: cart, port: 5432}]}]}"));
        }

        @Override
        public void check(At<TcpRoute> route, Report report) {
            route.each("rules", TcpRoute::rules)
                    .flatMap(rule -> rule.each("backendRefs", TcpRoute.Rule::backendRefs))
                    .forEach(backend -> backend(backend, backend.value(), report));
        }
    }

    /// SP1986: an Ingress that Kubernetes refuses. It knows hosts and paths of HTTP and nothing of plain TCP (S15).
    static final class IngressIsWhole extends ObjectRule<Ingress> {
        IngressIsWhole() {
            super(
                    "SP1986",
                    ERROR,
                    "Ingress is refused",
                    Kind.INGRESS,
                    Ingress.class,
                    new Page(
                            "There are rules or a default backend, hosts are names, paths begin with a slash, and a Service is named with a port.",
                            "{rules: [{host: shop.test, http: {paths: [{path: cart, pathType: Prefix, backend: {service: {name: cart, port: {number: 80}}}}]}}]}",
                            "{rules: [{host: shop.test, http: {paths: [{path: /cart, pathType: Prefix, backend: {service: {name: cart, port: {number: 80}}}}]}}]}"));
        }

        @Override
        public void check(At<Ingress> ingress, Report report) {
            if (ingress.value().rules().isEmpty() && ingress.value().defaultBackend() == null) {
                report.at(ingress, "neither rules nor a defaultBackend (expected: one of them)");
            }
            ingress.field("defaultBackend", Ingress::defaultBackend).forEach(backend -> backend(backend, report));
            ingress.each("rules", Ingress::rules).forEach(rule -> {
                rule.field("host", Ingress.Rule::host)
                        .filter(host -> !host.value().isEmpty())
                        .forEach(host -> hostname(host, report));
                rule.field("http", Ingress.Rule::http)
                        .flatMap(http -> http.each("paths", Ingress.Http::paths))
                        .forEach(path -> path(path, report));
            });
        }

        private static void path(At<Ingress.HttpPath> path, Report report) {
            boolean mayBeEmpty = path.value().pathType() == Ingress.PathType.ImplementationSpecific;
            var text = path.value().path();
            if (!text.startsWith("/") && !(mayBeEmpty && text.isEmpty())) {
                report.at(path.below("path"), "path \"%s\" (expected: one that begins with \"/\")".formatted(text));
            }
            path.field("backend", Ingress.HttpPath::backend).forEach(backend -> backend(backend, report));
        }

        private static void backend(At<Ingress.Backend> backend, Report report) {
            var service = backend.value().service();
            if (service == null && backend.value().resource() == null) {
                report.at(backend, "no backend (expected: a service)");
            }
            if (service != null) {
                number(service)
                        .ifPresent(problem -> report.at(backend.below("service").field("port"), problem));
            }
        }

        private static Optional<String> number(Ingress.ServiceBackend service) {
            var port = service.port();
            if (port == null || (port.number() == null && port.name() == null)) {
                return Optional.of("no port of Service \"%s\" (expected: number or name)".formatted(service.name()));
            }
            var number = port.number();
            return number == null || (number >= 1 && number <= LAST_PORT)
                    ? Optional.empty()
                    : Optional.of("port %d (expected: 1 to %d)".formatted(number, LAST_PORT));
        }
    }

    /// SP1987: a BackendTLSPolicy that believes nobody, or two at once.
    static final class PolicyBelievesSomebody extends ObjectRule<BackendTlsPolicy> {
        private static final String POLICY =
                "{targetRefs: [{group: \"\", kind: Service, name: cart}], validation: {%s}}";

        PolicyBelievesSomebody() {
            super(
                    "SP1987",
                    ERROR,
                    "BackendTLSPolicy is refused",
                    Kind.BACKEND_TLS_POLICY,
                    BackendTlsPolicy.class,
                    new Page(
                            "Either authorities are named, or those of the system are believed.",
                            POLICY.formatted("hostname: cart.test"),
                            POLICY.formatted("hostname: cart.test, wellKnownCACertificates: System")));
        }

        @Override
        public void check(At<BackendTlsPolicy> policy, Report report) {
            policy.field("validation", BackendTlsPolicy::validation).forEach(validation -> {
                boolean isNamed = !validation.value().caCertificateRefs().isEmpty();
                var system = validation.value().wellKnownCACertificates();
                if (isNamed == !system.isEmpty() || !(system.isEmpty() || system.equals("System"))) {
                    report.at(
                            validation,
                            "wellKnownCACertificates \"%s\" and %d caCertificateRefs (expected: \"System\", or caCertificateRefs)"
                                    .formatted(
                                            system,
                                            validation
                                                    .value()
                                                    .caCertificateRefs()
                                                    .size()));
                }
            });
        }
    }
}
