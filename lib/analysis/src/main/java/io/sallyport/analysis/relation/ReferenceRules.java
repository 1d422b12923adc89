package io.sallyport.analysis.relation;

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
import io.sallyport.analysis.text.Addresses;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.DestinationRule;
import io.sallyport.model.Gateway;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import io.sallyport.model.Platform;
import io.sallyport.model.Service;
import io.sallyport.model.ServiceEntry;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.Destination;
import io.sallyport.model.VirtualService.HttpMatchRequest;
import io.sallyport.model.VirtualService.HttpMirrorPolicy;
import io.sallyport.model.VirtualService.HttpRoute;
import io.sallyport.model.VirtualService.HttpRouteDestination;
import io.sallyport.model.VirtualService.RouteDestination;
import io.sallyport.model.VirtualService.TcpRoute;
import io.sallyport.model.VirtualService.TlsRoute;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

/// What an object names, and nobody declares.
final class ReferenceRules {

    private static final String GATEWAY = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {namespace: shop, name: edge}
            spec: {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.test"]}]}
            ---
            """;
    private static final String CART = """
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {namespace: shop, name: cart}
            spec: {hosts: [cart.test], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
            ---
            """;
    private static final String SERVICE =
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {namespace: shop, name: shop}\nspec: ";

    private ReferenceRules() {}

    static List<Rule<?>> all() {
        return List.of(
                new GatewayExists(),
                new GatewaysAreKnown(),
                new DestinationExists(),
                new RegistryIsKnown(),
                new SubsetExists(),
                new PortIsOnService(),
                new SelectorMatchesProxy(),
                new DelegateExists(),
                new DelegatesAreKnown(),
                new GatewayServesHost(),
                new HostIsServedSomewhere(),
                new ChallengeIsNotRedirected());
    }

    static Stream<At<Destination>> destinations(At<VirtualService> service) {
        var http = service.each("http", VirtualService::http)
                .flatMap(route -> Stream.of(
                                route.each("route", HttpRoute::route)
                                        .flatMap(
                                                share -> share.field("destination", HttpRouteDestination::destination)),
                                route.field("mirror", HttpRoute::mirror),
                                route.each("mirrors", HttpRoute::mirrors)
                                        .flatMap(mirror -> mirror.field("destination", HttpMirrorPolicy::destination)))
                        .flatMap(part -> part));
        var other = Stream.concat(
                        service.each("tls", VirtualService::tls).flatMap(route -> route.each("route", TlsRoute::route)),
                        service.each("tcp", VirtualService::tcp).flatMap(route -> route.each("route", TcpRoute::route)))
                .flatMap(share -> share.field("destination", RouteDestination::destination));
        return Stream.concat(http, other);
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
        var matched = service.each("http", VirtualService::http)
                .flatMap(route -> route.each("match", HttpRoute::match))
                .flatMap(match -> match.each("gateways", HttpMatchRequest::gateways));
        return Stream.concat(service.each("gateways", VirtualService::gateways), matched)
                .filter(gateway -> !gateway.value().equals("mesh"))
                .filter(gateway -> world.gateway(gatewayName(gateway, report)).isEmpty());
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

    /// SP2102: requests are answered 503 `NC`, since leaving the rule out would send them elsewhere.
    static final class DestinationExists extends WorldRule<VirtualService> {
        DestinationExists() {
            super(
                    "SP2102",
                    WARNING,
                    "Destination does not exist",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Requests to a host that no Service and no ServiceEntry declares are answered with 503 (flag NC).",
                            CART + SERVICE + "{hosts: [shop.test], http: [{route: [{destination: {host: crt.test}}]}]}",
                            CART + SERVICE
                                    + "{hosts: [shop.test], http: [{route: [{destination: {host: cart.test}}]}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Lookup world, Report report) {
            if (world.hasProviders()) {
                unknown(service, world, report).forEach(destination -> {
                    var host = fullName(destination, report);
                    var nearest = world.nearestHost(host).map(name -> '"' + name + '"');
                    report.at(
                            destination.below("host"),
                            "destination \"%s\" does not exist (expected: %s)"
                                    .formatted(host, nearest.orElse("a Service or ServiceEntry for it")));
                });
            }
        }
    }

    private static Stream<At<Destination>> unknown(At<VirtualService> service, Lookup world, Report report) {
        return destinations(service)
                .filter(destination -> !destination.value().host().isEmpty())
                .filter(destination -> !Addresses.isAddress(destination.value().host()))
                .filter(destination ->
                        world.providers(fullName(destination, report)).isEmpty());
    }

    private static String fullName(At<Destination> destination, Report report) {
        return Hosts.fullName(destination.value().host(), report.object().namespace());
    }

    /// SP2103: routes alone, without any service to compare them with.
    static final class RegistryIsKnown extends WorldRule<VirtualService> {
        RegistryIsKnown() {
            super(
                    "SP2103",
                    INFO,
                    "Destinations cannot be checked",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "None of the objects is a Service or ServiceEntry, so destinations cannot be compared with anything.",
                            SERVICE + "{hosts: [shop.test], http: [{route: [{destination: {host: cart.test}}]}]}",
                            CART + SERVICE
                                    + "{hosts: [shop.test], http: [{route: [{destination: {host: cart.test}}]}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Lookup world, Report report) {
            if (!world.hasProviders() && destinations(service).findAny().isPresent()) {
                report.at(
                        service,
                        "destinations were not checked: no Service and no ServiceEntry here (expected: theirs, beside this file)");
            }
        }
    }

    /// SP2104: a subset that no DestinationRule declares; 503 `NC` too.
    static final class SubsetExists extends WorldRule<VirtualService> {
        SubsetExists() {
            super(
                    "SP2104",
                    WARNING,
                    "Subset does not exist",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Requests to a subset that no DestinationRule declares are answered with 503 (flag NC).",
                            CART + SERVICE
                                    + "{hosts: [shop.test], http: [{route: [{destination: {host: cart.test, subset: v1}}]}]}",
                            CART
                                    + "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {namespace: shop, name: cart}\nspec: {host: cart.test, subsets: [{name: v1, labels: {version: v1}}]}\n---\n"
                                    + SERVICE
                                    + "{hosts: [shop.test], http: [{route: [{destination: {host: cart.test, subset: v1}}]}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Lookup world, Report report) {
            destinations(service)
                    .filter(destination -> !destination.value().subset().isEmpty())
                    .forEach(destination -> {
                        var host = fullName(destination, report);
                        var rules = world.rules(host);
                        if (rules.isEmpty() && world.providers(host).isEmpty()) {
                            return;
                        }
                        var names = new TreeSet<String>();
                        for (var rule : rules) {
                            ((DestinationRule) rule.spec()).subsets().forEach(subset -> names.add(subset.name()));
                        }
                        var subset = destination.value().subset();
                        if (!names.contains(subset)) {
                            report.at(
                                    destination.below("subset"),
                                    "subset \"%s\" of \"%s\" does not exist (expected: %s)"
                                            .formatted(
                                                    subset,
                                                    host,
                                                    names.isEmpty() ? "a DestinationRule with it" : "one of " + names),
                                    rules.stream()
                                            .limit(3)
                                            .map(rule -> new Report.Place(rule, Path.of("spec", "subsets")))
                                            .toList());
                        }
                    });
        }
    }

    /// SP2105: the service has no such port; 503 `NC` too.
    static final class PortIsOnService extends WorldRule<VirtualService> {
        PortIsOnService() {
            super(
                    "SP2105",
                    WARNING,
                    "Port is not on the service",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Requests to a port that the service does not have are answered with 503 (flag NC).",
                            CART + SERVICE
                                    + "{hosts: [shop.test], http: [{route: [{destination: {host: cart.test, port: {number: 8080}}}]}]}",
                            CART + SERVICE
                                    + "{hosts: [shop.test], http: [{route: [{destination: {host: cart.test, port: {number: 80}}}]}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Lookup world, Report report) {
            destinations(service).forEach(destination -> {
                var port = destination.value().port();
                if (port == null) {
                    return;
                }
                var providers = world.providers(fullName(destination, report));
                var ports = new TreeSet<Integer>();
                providers.forEach(provider -> ports.addAll(ports(provider)));
                if (!providers.isEmpty() && !ports.isEmpty() && !ports.contains(port.number())) {
                    report.at(
                            destination.path().field("port").field("number"),
                            "port %d is not on \"%s\" (expected: one of %s)"
                                    .formatted(port.number(), fullName(destination, report), ports),
                            providers.stream()
                                    .limit(1)
                                    .map(provider -> new Report.Place(provider, Path.of("spec", "ports")))
                                    .toList());
                }
            });
        }

        private static List<Integer> ports(ConfigObject<?> provider) {
            return switch (provider.spec()) {
                case ServiceEntry entry ->
                    entry.ports().stream().map(ServiceEntry.ServicePort::number).toList();
                case Service service ->
                    service.ports().stream().map(Service.ServicePort::port).toList();
                default -> List.of();
            };
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

    /// SP2107: the rule that names it is withheld.
    static final class DelegateExists extends WorldRule<VirtualService> {
        DelegateExists() {
            super(
                    "SP2107",
                    ERROR,
                    "Delegate does not exist",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "A rule whose delegate is missing, has hosts of its own, or delegates further, is withheld.",
                            GATEWAY + SERVICE.replace("name: shop}", "name: cart}")
                                    + "{http: [{directResponse: {status: 200}}]}\n---\n" + SERVICE
                                    + "{hosts: [shop.test], gateways: [edge], http: [{delegate: {name: crt}}]}",
                            GATEWAY + SERVICE.replace("name: shop}", "name: cart}")
                                    + "{http: [{directResponse: {status: 200}}]}\n---\n" + SERVICE
                                    + "{hosts: [shop.test], gateways: [edge], http: [{delegate: {name: cart}}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Lookup world, Report report) {
            service.each("http", VirtualService::http)
                    .flatMap(route -> route.field("delegate", HttpRoute::delegate))
                    .forEach(delegate -> {
                        var namespace = delegate.value().namespace().isEmpty()
                                ? report.object().namespace()
                                : delegate.value().namespace();
                        var name = namespace + "/" + delegate.value().name();
                        var found = world.virtualService(name);
                        if (found.isEmpty() && !world.hasDelegates()) {
                            return;
                        }
                        if (found.isEmpty()) {
                            report.at(
                                    delegate,
                                    "delegate \"%s\" does not exist (expected: a VirtualService without hosts)"
                                            .formatted(name));
                        } else if (!found.get().spec().hosts().isEmpty()) {
                            report.at(
                                    delegate,
                                    "delegate \"%s\" has hosts of its own (expected: a VirtualService without hosts)"
                                            .formatted(name),
                                    List.of(new Report.Place(found.get(), Path.of("spec", "hosts"))));
                        }
                    });
        }
    }

    /// SP2110: a VirtualService that delegates, without any delegate to compare it with. Istio accepts it, and a file
    /// that is checked by itself is no mistake.
    static final class DelegatesAreKnown extends WorldRule<VirtualService> {
        DelegatesAreKnown() {
            super(
                    "SP2110",
                    INFO,
                    "Delegates cannot be checked",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "None of the objects is a delegate, a VirtualService without hosts. A rule without its delegate is not served.",
                            GATEWAY + SERVICE
                                    + "{hosts: [shop.test], gateways: [edge], http: [{delegate: {name: cart}}]}",
                            GATEWAY + SERVICE.replace("name: shop}", "name: cart}")
                                    + "{http: [{directResponse: {status: 200}}]}\n---\n" + SERVICE
                                    + "{hosts: [shop.test], gateways: [edge], http: [{delegate: {name: cart}}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Lookup world, Report report) {
            var delegate = service.each("http", VirtualService::http)
                    .flatMap(route -> route.field("delegate", HttpRoute::delegate))
                    .findFirst();
            if (delegate.isPresent() && !world.hasDelegates()) {
                report.at(
                        delegate.get(),
                        "delegate \"%s\" was not checked: no VirtualService without hosts here (expected: it, beside this file)"
                                .formatted(delegate.get().value().name()));
            }
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
                    .flatMap(server -> server.hosts().stream())
                    .anyMatch(served -> {
                        int slash = served.indexOf('/');
                        var from = slash < 0 ? "*" : served.substring(0, slash);
                        boolean allowed = from.equals("*")
                                || from.equals(namespace)
                                || (from.equals(".") && gateway.namespace().equals(namespace));
                        return allowed && Hosts.overlap(Bindings.bareHost(served), host);
                    });
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
