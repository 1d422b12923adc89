package io.sallyport.analysis.virtualservice;

import static io.sallyport.model.Severity.ERROR;
import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.text.Addresses;
import io.sallyport.analysis.text.HeaderNames;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.model.Kind;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.HttpMatchRequest;
import io.sallyport.model.VirtualService.TlsMatchAttributes;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// What a VirtualService is for, and where it binds.
final class HostRules {

    private HostRules() {}

    static List<Rule<?>> all() {
        return List.of(
                new HostIsName(),
                new StarNeedsGateway(),
                new HostsDoNotOverlap(),
                new SomethingIsRouted(),
                new DelegateIsBare(),
                new GatewayNameIsValid(),
                new ClaimsNeedGateway(),
                new GatewayNameIsNotLegacy());
    }

    static Optional<String> problem(VirtualService service, String host) {
        if (Addresses.isAddress(host)) {
            return Optional.empty();
        }
        boolean sni = service.tls().stream()
                .flatMap(route -> route.match().stream())
                .anyMatch(match -> !match.sniHosts().isEmpty());
        return Walk.isGatewayOnly(service) ? Hosts.gatewayBoundProblem(host, sni) : Hosts.wildcardProblem(host);
    }

    static boolean allValid(VirtualService service) {
        return service.hosts().stream().allMatch(host -> problem(service, host).isEmpty())
                && (Walk.isGatewayOnly(service) || !service.hosts().contains("*"));
    }

    /// SP1201: a host that no request can carry.
    static final class HostIsName extends ObjectRule<VirtualService> {
        HostIsName() {
            super(
                    "SP1201",
                    ERROR,
                    "Host of a VirtualService is no host name",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Requests are matched by host name or IP address; anything else can never match.",
                            "{hosts: [\"shop_test\"], http: [{directResponse: {status: 200}}]}",
                            "{hosts: [shop.test], http: [{directResponse: {status: 200}}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            service.each("hosts", VirtualService::hosts)
                    .forEach(host ->
                            problem(service.value(), host.value()).ifPresent(problem -> report.at(host, problem)));
        }
    }

    /// SP1202: `*` would take every request of the mesh.
    static final class StarNeedsGateway extends ObjectRule<VirtualService> {
        StarNeedsGateway() {
            super(
                    "SP1202",
                    ERROR,
                    "Host \"*\" is bound to the mesh",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Without gateways, or with \"mesh\" among them, every client in the mesh would be caught.",
                            "{hosts: [\"*\"], http: [{directResponse: {status: 200}}]}",
                            "{hosts: [\"*\"], gateways: [edge], http: [{directResponse: {status: 200}}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            if (!Walk.isGatewayOnly(service.value())) {
                service.each("hosts", VirtualService::hosts)
                        .filter(host -> host.value().equals("*"))
                        .forEach(host -> report.at(
                                host,
                                "host \"*\" is bound to the mesh (expected: a name, or gateways without \"mesh\")"));
            }
        }
    }

    /// SP1204: two hosts of one object that one request fits.
    static final class HostsDoNotOverlap extends ObjectRule<VirtualService> {
        HostsDoNotOverlap() {
            super(
                    "SP1204",
                    ERROR,
                    "Hosts of a VirtualService overlap",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "A host that another one of the same object covers is a duplicate.",
                            "{hosts: [\"*.test\", shop.test], gateways: [edge], http: [{directResponse: {status: 200}}]}",
                            "{hosts: [\"*.test\"], gateways: [edge], http: [{directResponse: {status: 200}}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            if (!allValid(service.value())) {
                return;
            }
            var hosts = service.each("hosts", VirtualService::hosts).toList();
            var seen = new Overlaps();
            for (var host : hosts) {
                seen.add(host.value())
                        .ifPresent(other -> report.at(
                                host,
                                "host \"%s\" overlaps host \"%s\" (expected: each request fits one host at most)"
                                        .formatted(host.value(), other)));
            }
        }
    }

    /// SP1205: an object that routes nothing.
    static final class SomethingIsRouted extends ObjectRule<VirtualService> {
        SomethingIsRouted() {
            super(
                    "SP1205",
                    ERROR,
                    "VirtualService has no routes",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "A VirtualService needs at least one of http, tls and tcp.",
                            "{hosts: [shop.test]}",
                            "{hosts: [shop.test], http: [{directResponse: {status: 200}}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            var spec = service.value();
            if (spec.http().isEmpty() && spec.tls().isEmpty() && spec.tcp().isEmpty()) {
                report.at(service, "no routes (expected: at least one of http, tls and tcp)");
            }
        }
    }

    /// SP1206: what a delegate inherits it cannot say itself.
    static final class DelegateIsBare extends ObjectRule<VirtualService> {
        DelegateIsBare() {
            super(
                    "SP1206",
                    ERROR,
                    "Delegate says more than HTTP routes",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "A VirtualService without hosts is a delegate: another one names it and decides hosts and gateways.",
                            "{gateways: [edge], http: [{directResponse: {status: 200}}]}",
                            "{http: [{directResponse: {status: 200}}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            var spec = service.value();
            if (!spec.hosts().isEmpty()) {
                return;
            }
            var expected = " in a VirtualService without hosts (expected: none, as delegates have; or hosts)";
            if (!spec.gateways().isEmpty()) {
                report.at(service.below("gateways"), "gateways" + expected);
            }
            if (!spec.tls().isEmpty()) {
                report.at(service.below("tls"), "tls routes" + expected);
            }
            if (!spec.tcp().isEmpty()) {
                report.at(service.below("tcp"), "tcp routes" + expected);
            }
            Walk.http(service)
                    .flatMap(route -> route.field("delegate", VirtualService.HttpRoute::delegate))
                    .forEach(delegate -> report.at(delegate, "delegate" + expected));
        }
    }

    /// SP1207: a gateway that cannot exist.
    static final class GatewayNameIsValid extends ObjectRule<VirtualService> {
        GatewayNameIsValid() {
            super(
                    "SP1207",
                    ERROR,
                    "Gateway name cannot be a name",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "A gateway is named as \"namespace/name\", as \"name\", or \"mesh\".",
                            "{hosts: [shop.test], gateways: [\"shop/\"], http: [{directResponse: {status: 200}}]}",
                            "{hosts: [shop.test], gateways: [shop/edge], http: [{directResponse: {status: 200}}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            check(service.each("gateways", VirtualService::gateways), report);
            Walk.matches(service).forEach(match -> check(match.each("gateways", HttpMatchRequest::gateways), report));
            Walk.tlsMatches(service)
                    .forEach(match -> check(match.each("gateways", TlsMatchAttributes::gateways), report));
            Walk.tcpMatches(service)
                    .forEach(
                            match -> check(match.each("gateways", VirtualService.L4MatchAttributes::gateways), report));
        }

        // Istio stops reading a list at the first name without a slash; so do we, for the same verdict.
        private static void check(Stream<At<String>> gateways, Report report) {
            for (var gateway : gateways.toList()) {
                int slash = gateway.value().indexOf('/');
                if (slash < 0) {
                    Hosts.nameProblem(gateway.value())
                            .ifPresent(problem -> report.at(
                                    gateway,
                                    "gateway \"%s\" (expected: \"namespace/name\", \"name\" or \"mesh\")"
                                            .formatted(gateway.value())));
                    return;
                }
                boolean fits = Hosts.isLabel(gateway.value().substring(0, slash))
                        && Hosts.isLabel(gateway.value().substring(slash + 1));
                if (!fits) {
                    report.at(
                            gateway,
                            "gateway \"%s\" (expected: \"namespace/name\" of letters, digits and dashes)"
                                    .formatted(gateway.value()));
                }
            }
        }
    }

    /// SP1208: only gateways check tokens before they route.
    static final class ClaimsNeedGateway extends ObjectRule<VirtualService> {
        ClaimsNeedGateway() {
            super(
                    "SP1208",
                    ERROR,
                    "Routing by token claims needs a gateway",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Headers \"@request.auth.claims…\" match claims of a token, which only gateways know in time.",
                            "{hosts: [shop.test], http: [{match: [{headers: {\"@request.auth.claims.group\": {exact: a}}}], directResponse: {status: 200}}]}",
                            "{hosts: [shop.test], gateways: [edge], http: [{match: [{headers: {\"@request.auth.claims.group\": {exact: a}}}], directResponse: {status: 200}}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            if (Walk.isGatewayOnly(service.value())) {
                return;
            }
            Walk.matches(service)
                    .flatMap(match -> Stream.concat(
                            match.entries("headers", HttpMatchRequest::headers),
                            match.entries("withoutHeaders", HttpMatchRequest::withoutHeaders)))
                    .filter(header -> HeaderNames.isClaim(header.path().name()))
                    .forEach(header -> report.at(
                            header,
                            "claim \"%s\" is matched outside a gateway (expected: gateways without \"mesh\")"
                                    .formatted(header.path().name())));
        }
    }

    /// SP4203: `edge.shop.svc.cluster.local` instead of `shop/edge`. Istio warns too.
    static final class GatewayNameIsNotLegacy extends ObjectRule<VirtualService> {
        GatewayNameIsNotLegacy() {
            super(
                    "SP4203",
                    WARNING,
                    "Gateway is named in the old form",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "The old form with dots is still read, and easily means another namespace than intended.",
                            "{hosts: [shop.test], gateways: [edge.shop.svc.cluster.local], http: [{directResponse: {status: 200}}]}",
                            "{hosts: [shop.test], gateways: [shop/edge], http: [{directResponse: {status: 200}}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            check(service.each("gateways", VirtualService::gateways), report);
            Walk.tlsMatches(service)
                    .forEach(match -> check(match.each("gateways", TlsMatchAttributes::gateways), report));
        }

        // Not in http and tcp matches: Istio's admission loses the warning there.
        private static void check(Stream<At<String>> gateways, Report report) {
            for (var gateway : gateways.toList()) {
                if (gateway.value().contains("/")) {
                    continue;
                }
                var parts = gateway.value().split("\\.", -1);
                if (parts.length > 1) {
                    report.at(
                            gateway,
                            "gateway \"%s\" is in the old form (expected: \"%s/%s\")"
                                    .formatted(gateway.value(), parts[1], parts[0]));
                }
                return;
            }
        }
    }
}
