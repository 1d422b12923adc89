package io.sallyport.analysis.relation;

import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.Lookup;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.WorldRule;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Gateway;
import io.sallyport.model.Gateway.Server;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import io.sallyport.model.Service;
import io.sallyport.model.ServiceEntry;
import io.sallyport.model.VirtualService;
import java.util.List;
import java.util.Locale;
import java.util.SortedSet;
import java.util.TreeSet;

/// Ports that two objects have to agree on.
final class ServicePortRules {

    private ServicePortRules() {}

    static List<Rule<?>> all() {
        return List.of(new DestinationNamesPort(), new GatewayPortIsOnService(), new EntriesAgreeOnProtocol());
    }

    static SortedSet<Integer> ports(ConfigObject<?> provider) {
        var ports = new TreeSet<Integer>();
        switch (provider.spec()) {
            case ServiceEntry entry -> entry.ports().forEach(port -> ports.add(port.number()));
            case Service service -> service.ports().forEach(port -> ports.add(port.port()));
            default -> {}
        }
        return ports;
    }

    /// SP2118: which of several ports is left to chance (Istio: IST0112; R5).
    static final class DestinationNamesPort extends WorldRule<VirtualService> {
        private static final String CART = """
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {namespace: shop, name: cart}
                spec: {hosts: [cart.test], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}, {number: 9000, name: grpc, protocol: GRPC}]}
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {namespace: shop, name: shop}
                spec: {hosts: [shop.test], http: [{route: [{destination: {host: cart.test%s}}]}]}
                """;

        DestinationNamesPort() {
            super(
                    "SP2118",
                    WARNING,
                    "Destination names none of several ports",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Without a port, requests go to the port that they came in by: on a gateway that of the server. A service with several ports wants one of them named.",
                            CART.formatted(""),
                            CART.formatted(", port: {number: 80}")));
        }

        @Override
        public void check(At<VirtualService> service, Lookup world, Report report) {
            ReferenceRules.destinations(service)
                    .filter(destination -> destination.value().port() == null)
                    .forEach(destination ->
                            world
                                    .providers(Hosts.fullName(
                                            destination.value().host(),
                                            report.object().namespace()))
                                    .stream()
                                    .findFirst()
                                    .filter(provider -> ports(provider).size() > 1)
                                    .ifPresent(provider -> report.at(
                                            destination,
                                            "no port, and %s has the ports %s (expected: port, such as {number: %d})"
                                                    .formatted(
                                                            provider.ref(),
                                                            ports(provider),
                                                            ports(provider).first()),
                                            List.of(new Report.Place(provider, Path.of("spec", "ports"))))));
        }
    }

    /// SP2120: nobody comes to this port by the Service in front (Istio: IST0162; G5).
    static final class GatewayPortIsOnService extends WorldRule<Gateway> {
        private static final String EDGE = """
                apiVersion: v1
                kind: Service
                metadata: {namespace: istio-system, name: edge}
                spec: {selector: {app: edge}, ports: [{name: http, port: 80, targetPort: 8080}]}
                ---
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {namespace: shop, name: edge}
                spec: {selector: {app: edge}, servers: [{port: {number: %d, name: http, protocol: HTTP}, hosts: ["*"]}]}
                """;

        GatewayPortIsOnService() {
            super(
                    "SP2120",
                    WARNING,
                    "Port is not on the gateway's Service",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "The proxies listen on the port, but the Service that selects them does not lead there.",
                            EDGE.formatted(8003),
                            EDGE.formatted(80)));
        }

        @Override
        public void check(At<Gateway> gateway, Lookup world, Report report) {
            var services = world.selectors(gateway.value().selector());
            if (services.isEmpty() || services.stream().anyMatch(GatewayPortIsOnService::hasNamedTarget)) {
                return;
            }
            var ports = new TreeSet<Integer>();
            services.forEach(service -> ports.addAll(doors((Service) service.spec())));
            gateway.each("servers", Gateway::servers)
                    .flatMap(server -> server.field("port", Server::port))
                    .filter(port -> port.value().number() > 0
                            && !ports.contains(port.value().number()))
                    .forEach(port -> report.at(
                            port,
                            "port %d is not on %s, which selects these proxies (expected: one of %s, or the port there too)"
                                    .formatted(
                                            port.value().number(),
                                            services.getFirst().ref(),
                                            ports),
                            List.of(new Report.Place(services.getFirst(), Path.of("spec", "ports")))));
        }

        // A server may give the number of the Service, or that of the proxy behind it.
        private static SortedSet<Integer> doors(Service service) {
            var doors = new TreeSet<Integer>();
            for (var port : service.ports()) {
                doors.add(port.port());
                if (port.targetPort() != null) {
                    port.targetPort().asNumber().ifPresent(doors::add);
                }
            }
            return doors;
        }

        private static boolean hasNamedTarget(ConfigObject<?> service) {
            return ((Service) service.spec())
                    .ports().stream()
                            .anyMatch(port -> port.targetPort() != null
                                    && port.targetPort().asNumber().isEmpty());
        }
    }

    /// SP3111: one port of one host, read in two ways (Istio: ConflictingServiceEntryProtocolAnalyzer).
    static final class EntriesAgreeOnProtocol extends WorldRule<ServiceEntry> {
        EntriesAgreeOnProtocol() {
            super(
                    "SP3111",
                    WARNING,
                    "Port is declared with another protocol",
                    Kind.SERVICE_ENTRY,
                    ServiceEntry.class,
                    new Page(
                            "Of several ServiceEntries for a host, the oldest one's ports count for whoever sees them all; the same port with another protocol is read as that of the oldest.",
                            entry("old", "HTTPS") + entry("young", "TCP"),
                            entry("old", "HTTPS") + entry("young", "https")));
        }

        private static String entry(String name, String protocol) {
            return "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {namespace: shop, name: %s}\nspec: {hosts: [a.test], addresses: [10.0.0.1], resolution: DNS, ports: [{number: 443, name: tls, protocol: %s}]}\n---\n"
                    .formatted(name, protocol);
        }

        @Override
        public void check(At<ServiceEntry> entry, Lookup world, Report report) {
            entry.each("hosts", ServiceEntry::hosts)
                    .flatMap(host -> HostConflicts.olderEntries(host.value(), world, report.object()))
                    .filter(other -> other.spec() instanceof ServiceEntry older && mayMeet(other, older, entry, report))
                    .distinct()
                    .forEach(other -> compare(entry, other, (ServiceEntry) other.spec(), report));
        }

        private static void compare(At<ServiceEntry> entry, ConfigObject<?> other, ServiceEntry older, Report report) {
            entry.each("ports", ServiceEntry::ports).forEach(port -> {
                for (int i = 0; i < older.ports().size(); i++) {
                    var theirs = older.ports().get(i);
                    if (theirs.number() == port.value().number()
                            && !word(theirs).equals(word(port.value()))) {
                        report.at(
                                port,
                                "port %d is %s here and %s in the older %s (expected: one of the two)"
                                        .formatted(theirs.number(), word(port.value()), word(theirs), other.ref()),
                                List.of(new Report.Place(
                                        other, Path.of("spec", "ports").index(i))));
                    }
                }
            });
        }

        // HTTPS and TLS are one to a proxy (E11).
        private static String word(ServiceEntry.ServicePort port) {
            var word = port.protocol().toUpperCase(Locale.ROOT);
            return switch (word) {
                case "" -> "TCP";
                case "HTTPS" -> "TLS";
                default -> word;
            };
        }

        // Somebody sees both, unless one of them stays in a namespace that the other is not for.
        private static boolean mayMeet(
                ConfigObject<?> other, ServiceEntry older, At<ServiceEntry> entry, Report report) {
            var here = report.object().namespace();
            return other.namespace().equals(here)
                    || (reaches(older.exportTo(), here) && reaches(entry.value().exportTo(), other.namespace()))
                    || (isPublic(older.exportTo()) || isPublic(entry.value().exportTo()));
        }

        private static boolean reaches(List<String> exportTo, String namespace) {
            return isPublic(exportTo) || exportTo.contains(namespace);
        }

        private static boolean isPublic(List<String> exportTo) {
            return exportTo.isEmpty() || exportTo.contains("*");
        }
    }
}
