package io.sallyport.analysis.relation;

import static io.sallyport.analysis.relation.ExampleObjects.CART;
import static io.sallyport.analysis.relation.ExampleObjects.GATEWAY;
import static io.sallyport.analysis.relation.ExampleObjects.SERVICE;
import static io.sallyport.model.Severity.ERROR;
import static io.sallyport.model.Severity.INFO;
import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.Lookup;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.WorldRule;
import io.sallyport.analysis.text.Addresses;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.DestinationRule;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import io.sallyport.model.Service;
import io.sallyport.model.ServiceEntry;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.Destination;
import io.sallyport.model.VirtualService.HttpMirrorPolicy;
import io.sallyport.model.VirtualService.HttpRoute;
import io.sallyport.model.VirtualService.HttpRouteDestination;
import io.sallyport.model.VirtualService.RouteDestination;
import io.sallyport.model.VirtualService.TcpRoute;
import io.sallyport.model.VirtualService.TlsRoute;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

/// What a VirtualService sends requests to, or delegates to, and nobody declares.
final class ReferenceRules {

    private ReferenceRules() {}

    static List<Rule<?>> all() {
        return List.of(
                new DestinationExists(),
                new RegistryIsKnown(),
                new SubsetExists(),
                new PortIsOnService(),
                new DelegateExists(),
                new DelegatesAreKnown());
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

        static List<Integer> ports(ConfigObject<?> provider) {
            return switch (provider.spec()) {
                case ServiceEntry entry ->
                    entry.ports().stream().map(ServiceEntry.ServicePort::number).toList();
                case Service service ->
                    service.ports().stream().map(Service.ServicePort::port).toList();
                default -> List.of();
            };
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
}
