package io.sallyport.analysis.relation;

import static io.sallyport.analysis.relation.ExampleObjects.CART;
import static io.sallyport.analysis.relation.ExampleObjects.GATEWAY;
import static io.sallyport.analysis.relation.ExampleObjects.SERVICE;
import static io.sallyport.model.Severity.ERROR;
import static io.sallyport.model.Severity.INFO;
import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.Bindings;
import io.sallyport.analysis.Lookup;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.WorldRule;
import io.sallyport.analysis.gateway.HttpsRedirects;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Gateway;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import io.sallyport.model.Platform;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.HttpMatchRequest;
import io.sallyport.model.VirtualService.HttpRoute;
import io.sallyport.model.VirtualService.L4MatchAttributes;
import io.sallyport.model.VirtualService.TcpRoute;
import io.sallyport.model.VirtualService.TlsMatchAttributes;
import io.sallyport.model.VirtualService.TlsRoute;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// How VirtualServices and the Gateways that they name fit each other, and Gateways the proxies that they select.
final class BindingRules {

    private BindingRules() {}

    static List<Rule<?>> all() {
        return List.of(
                new GatewayExists(),
                new GatewaysAreKnown(),
                new SelectorMatchesProxy(),
                new GatewayServesHost(),
                new HostIsServedSomewhere(),
                new MatchedGatewayIsBound(),
                new ChallengeIsNotRedirected());
    }

    /// SP2101: a VirtualService binds to a gateway that nobody declares, so none of its routes take traffic.
    static final class GatewayExists extends WorldRule<VirtualService> {
        GatewayExists() {
            super(
                    "SP2101",
                    ERROR,
                    "Gateway does not exist",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "The routes take no traffic on that gateway until somebody declares it.",
                            GATEWAY + SERVICE
                                    + "{hosts: [shop.test], gateways: [mesh, shop/edg], http: [{directResponse: {status: 200}}]}",
                            GATEWAY + SERVICE
                                    + "{hosts: [shop.test], gateways: [mesh, shop/edge], http: [{directResponse: {status: 200}}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Lookup world, Report report) {
            if (world.hasGateways()) {
                unknownGateways(service, world, report)
                        .forEach(gateway -> report.at(
                                gateway,
                                "gateway \"%s\" does not exist (expected: %s)"
                                        .formatted(
                                                gatewayName(gateway, report),
                                                expected(gatewayName(gateway, report), world))));
            }
        }

        private static String expected(String name, Lookup world) {
            return world.nearestGateway(name)
                    .map(nearest -> '"' + nearest + '"')
                    .orElse("a declared Gateway");
        }
    }

    private static Stream<At<String>> unknownGateways(At<VirtualService> service, Lookup world, Report report) {
        return Stream.concat(service.each("gateways", VirtualService::gateways), matchedGateways(service))
                .filter(gateway -> !gateway.value().equals("mesh"))
                .filter(gateway -> world.gateway(gatewayName(gateway, report)).isEmpty());
    }

    // Those that the matches of rules are limited to.
    private static Stream<At<String>> matchedGateways(At<VirtualService> service) {
        var http = service.each("http", VirtualService::http)
                .flatMap(route -> route.each("match", HttpRoute::match))
                .flatMap(match -> match.each("gateways", HttpMatchRequest::gateways));
        var tls = service.each("tls", VirtualService::tls)
                .flatMap(route -> route.each("match", TlsRoute::match))
                .flatMap(match -> match.each("gateways", TlsMatchAttributes::gateways));
        var tcp = service.each("tcp", VirtualService::tcp)
                .flatMap(route -> route.each("match", TcpRoute::match))
                .flatMap(match -> match.each("gateways", L4MatchAttributes::gateways));
        return Stream.of(http, tls, tcp).flatMap(part -> part);
    }

    private static String gatewayName(At<String> gateway, Report report) {
        return Bindings.gatewayName(gateway.value(), report.object().namespace());
    }

    /// SP2109: a VirtualService alone, without any Gateway to compare its bindings with. Istio accepts it, and a file
    /// that is checked by itself is no mistake.
    static final class GatewaysAreKnown extends WorldRule<VirtualService> {
        GatewaysAreKnown() {
            super(
                    "SP2109",
                    INFO,
                    "Gateways cannot be checked",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "None of the objects is a Gateway, so bindings cannot be compared with anything. Without one no route takes traffic.",
                            SERVICE
                                    + "{hosts: [shop.test], gateways: [shop/edge], http: [{directResponse: {status: 200}}]}",
                            GATEWAY + SERVICE
                                    + "{hosts: [shop.test], gateways: [shop/edge], http: [{directResponse: {status: 200}}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Lookup world, Report report) {
            if (!world.hasGateways()) {
                unknownGateways(service, world, report)
                        .findFirst()
                        .ifPresent(gateway -> report.at(
                                gateway,
                                "gateway \"%s\" was not checked: no Gateway here (expected: it, beside this file)"
                                        .formatted(gatewayName(gateway, report))));
            }
        }
    }

    /// SP2106: a Gateway for proxies that nobody runs.
    static final class SelectorMatchesProxy extends WorldRule<Gateway> {
        SelectorMatchesProxy() {
            super(
                    "SP2106",
                    WARNING,
                    "Gateway selects no proxy",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "No proxy of sallyport.yaml has these labels, so nobody serves the Gateway.",
                            platform("other"),
                            platform("edge")));
        }

        private static String platform(String label) {
            return """
                   apiVersion: sallyport.io/v1alpha1
                   kind: Platform
                   metadata: {namespace: istio-system, name: sallyport}
                   proxies: [{name: edge, namespace: shop, labels: {app: %s}}]
                   ---
                   apiVersion: networking.istio.io/v1
                   kind: Gateway
                   metadata: {namespace: shop, name: edge}
                   spec: {selector: {app: edge}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
                   """.formatted(label);
        }

        @Override
        public void check(At<Gateway> gateway, Lookup world, Report report) {
            var selector = gateway.value().selector();
            if (selector.isEmpty()) {
                return;
            }
            world.platform().map(ConfigObject::spec).ifPresent(spec -> {
                boolean selected = ((Platform) spec)
                        .proxiesOrDefault().stream()
                                .anyMatch(proxy -> proxy.labels().entrySet().containsAll(selector.entrySet()));
                if (!selected) {
                    report.at(
                            gateway.below("selector"),
                            "selector %s matches no proxy (expected: labels of a proxy of sallyport.yaml)"
                                    .formatted(selector));
                }
            });
        }
    }

    /// SP2108: the gateway is there, and takes none of the hosts.
    static final class GatewayServesHost extends WorldRule<VirtualService> {
        GatewayServesHost() {
            super(
                    "SP2108",
                    WARNING,
                    "Gateway takes none of the hosts",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "A VirtualService takes the hosts that its own list and a server of the gateway share.",
                            GATEWAY + SERVICE
                                    + "{hosts: [shop.example], gateways: [edge], http: [{directResponse: {status: 200}}]}",
                            GATEWAY + SERVICE
                                    + "{hosts: [shop.test], gateways: [edge], http: [{directResponse: {status: 200}}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Lookup world, Report report) {
            var namespace = report.object().namespace();
            service.each("gateways", VirtualService::gateways)
                    .filter(gateway -> !gateway.value().equals("mesh"))
                    .forEach(gateway -> world.gateway(Bindings.gatewayName(gateway.value(), namespace))
                            .filter(found -> service.value().hosts().stream()
                                    .noneMatch(host -> serves(found, Hosts.fullName(host, namespace), namespace)))
                            .filter(found -> !service.value().hosts().isEmpty())
                            .ifPresent(found -> report.at(
                                    gateway,
                                    "gateway \"%s\" takes none of the hosts %s (expected: a host that both have)"
                                            .formatted(
                                                    found.ref().qualifiedName(),
                                                    service.value().hosts()),
                                    List.of(new Report.Place(found, Path.of("spec", "servers"))))));
        }

        private static boolean serves(ConfigObject<Gateway> gateway, String host, String namespace) {
            return gateway.spec().servers().stream()
                    .anyMatch(server -> Bindings.takes(gateway, server, host, namespace));
        }
    }

    /// SP2123: one of several hosts that no gateway of the VirtualService takes (Istio: IST0132).
    static final class HostIsServedSomewhere extends WorldRule<VirtualService> {
        HostIsServedSomewhere() {
            super(
                    "SP2123",
                    WARNING,
                    "No gateway takes the host",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Each host needs a server of one of the gateways; the others are served, this one is not.",
                            GATEWAY + SERVICE
                                    + "{hosts: [shop.test, shop.example], gateways: [edge], http: [{directResponse: {status: 200}}]}",
                            GATEWAY + SERVICE
                                    + "{hosts: [shop.test, pay.test], gateways: [edge], http: [{directResponse: {status: 200}}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Lookup world, Report report) {
            var namespace = report.object().namespace();
            var names = service.value().gateways();
            if (names.isEmpty() || names.contains("mesh")) {
                return;
            }
            var gateways = names.stream()
                    .flatMap(name -> world.gateway(Bindings.gatewayName(name, namespace)).stream())
                    .toList();
            var missed = service.each("hosts", VirtualService::hosts)
                    .filter(host -> gateways.stream()
                            .noneMatch(gateway -> GatewayServesHost.serves(
                                    gateway, Hosts.fullName(host.value(), namespace), namespace)))
                    .toList();
            // Without one of the gateways nothing is certain; and that none of the hosts is taken is said elsewhere.
            if (gateways.size() == names.size()
                    && missed.size() < service.value().hosts().size()) {
                missed.forEach(host -> report.at(
                        host,
                        "host \"%s\" is on no server of \"%s\" (expected: it there, or a wildcard that covers it)"
                                .formatted(
                                        host.value(), gateways.getFirst().ref().qualifiedName()),
                        List.of(new Report.Place(gateways.getFirst(), Path.of("spec", "servers")))));
            }
        }
    }

    /// SP2126: a match for a gateway that the VirtualService is not bound to.
    static final class MatchedGatewayIsBound extends WorldRule<VirtualService> {
        private static final String MATCH =
                "{hosts: [shop.test], gateways: [edge], http: [{match: [{gateways: [%s]}], directResponse: {status: 200}}]}";

        MatchedGatewayIsBound() {
            super(
                    "SP2126",
                    WARNING,
                    "Match names a gateway that is not bound",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "The gateways of a match choose among those of the VirtualService, which is served nowhere else. Without gateways it is bound to mesh alone.",
                            GATEWAY + SERVICE + MATCH.formatted("mesh"),
                            GATEWAY + SERVICE + MATCH.formatted("shop/edge")));
        }

        @Override
        public void check(At<VirtualService> service, Lookup world, Report report) {
            // A delegate is served where its root is. Without any Gateway bindings are not judged.
            if (service.value().hosts().isEmpty() || !world.hasGateways()) {
                return;
            }
            var names = service.value().gateways();
            var bound = (names.isEmpty() ? List.of("mesh") : names)
                    .stream()
                            .map(name ->
                                    Bindings.gatewayName(name, report.object().namespace()))
                            .collect(Collectors.toSet());
            matchedGateways(service)
                    .filter(gateway -> !bound.contains(gatewayName(gateway, report)))
                    .forEach(gateway -> report.at(
                            gateway,
                            "never used for \"%s\": spec.gateways has only %s (expected: one of these, or it there too)"
                                    .formatted(gateway.value(), names.isEmpty() ? "mesh" : String.join(", ", names))));
        }
    }

    /// SP4105: a redirect before the route, so that a certificate can never be issued (G11, P19).
    static final class ChallengeIsNotRedirected extends WorldRule<VirtualService> {
        private static final String CHALLENGE = "/.well-known/acme-challenge";

        ChallengeIsNotRedirected() {
            super(
                    "SP4105",
                    WARNING,
                    "ACME challenge is redirected to HTTPS",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "httpsRedirect answers every request of the server, also those that prove the host to a certificate authority, unless the Gateway has the annotation sallyport.io/https-redirect: except-acme.",
                            challenge(", tls: {httpsRedirect: true}"),
                            challenge("")));
        }

        private static String challenge(String tls) {
            return GATEWAY.replace("hosts: [\"*.test\"]", "hosts: [\"*.test\"]" + tls) + CART + SERVICE
                    + "{hosts: [shop.test], gateways: [edge], http: [{match: [{uri: {prefix: /.well-known/acme-challenge/}}], route: [{destination: {host: cart.test}}]}]}";
        }

        @Override
        public void check(At<VirtualService> service, Lookup world, Report report) {
            var challenges = service.each("http", VirtualService::http)
                    .flatMap(route -> route.each("match", HttpRoute::match))
                    .filter(match -> isChallenge(match.value()))
                    .toList();
            if (challenges.isEmpty()) {
                return;
            }
            var namespace = report.object().namespace();
            for (var gateway : service.value().gateways()) {
                var found = world.gateway(Bindings.gatewayName(gateway, namespace));
                var redirects = found.isPresent()
                        && !HttpsRedirects.exceptAcme(found.get())
                        && found.get().spec().servers().stream().anyMatch(server -> redirects(server, service.value()));
                if (redirects) {
                    challenges.forEach(match -> report.at(
                            match,
                            "%s redirects it to HTTPS first (expected: annotation sallyport.io/https-redirect: except-acme there)"
                                    .formatted(found.get().ref()),
                            List.of(new Report.Place(found.get(), Path.of("spec", "servers")))));
                    return;
                }
            }
        }

        private static boolean isChallenge(HttpMatchRequest match) {
            var uri = match.uri();
            return uri != null
                    && ((uri.prefix() != null && uri.prefix().startsWith(CHALLENGE))
                            || (uri.exact() != null && uri.exact().startsWith(CHALLENGE)));
        }

        private static boolean redirects(Gateway.Server server, VirtualService service) {
            var tls = server.tls();
            return tls != null
                    && tls.httpsRedirect()
                    && server.hosts().stream()
                            .anyMatch(served -> service.hosts().stream()
                                    .anyMatch(host -> Hosts.overlap(Bindings.bareHost(served), host)));
        }
    }
}
