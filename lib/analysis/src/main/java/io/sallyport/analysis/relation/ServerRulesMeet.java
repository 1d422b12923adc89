package io.sallyport.analysis.relation;

import static io.sallyport.analysis.relation.ExampleObjects.SERVICE;
import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.Bindings;
import io.sallyport.analysis.Bindings.Rules;
import io.sallyport.analysis.Lookup;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.WorldRule;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Gateway;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.HttpMatchRequest;
import io.sallyport.model.VirtualService.HttpRoute;
import io.sallyport.model.VirtualService.L4MatchAttributes;
import io.sallyport.model.VirtualService.TcpRoute;
import io.sallyport.model.VirtualService.TlsMatchAttributes;
import io.sallyport.model.VirtualService.TlsRoute;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Whether the servers of the gateways ask the rules that a VirtualService has: those that read requests ask `http`,
/// those that pass TLS on `tls`, and those of bytes `tcp` (G14, T4).
final class ServerRulesMeet {

    private static final String PASSED_ON = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {namespace: shop, name: edge}
            spec: {servers: [{port: {number: 443, name: tls, protocol: TLS}, hosts: ["*.test"], tls: {mode: PASSTHROUGH}}]}
            ---
            """;

    private ServerRulesMeet() {}

    static List<Rule<?>> all() {
        return List.of(new RulesHaveServers(), new MatchedPortIsServed(), new TcpPortHasOneService());
    }

    /// The Gateways that a VirtualService, or one of its matches, is for. Nothing where the mesh is among them, or
    /// where one of them is not known: then nothing is certain.
    private static List<ConfigObject<Gateway>> gateways(List<String> names, Lookup world, Report report) {
        var found = new ArrayList<ConfigObject<Gateway>>();
        for (var name : names) {
            var gateway = name.equals("mesh")
                    ? Optional.<ConfigObject<Gateway>>empty()
                    : world.gateway(Bindings.gatewayName(name, report.object().namespace()));
            if (gateway.isEmpty()) {
                return List.of();
            }
            found.add(gateway.get());
        }
        return found;
    }

    // A server that takes one of the hosts and asks these rules.
    private static boolean asks(
            ConfigObject<Gateway> gateway,
            Gateway.Server server,
            Rules rules,
            VirtualService service,
            String namespace) {
        return Bindings.rules(server) == rules
                && service.hosts().stream()
                        .anyMatch(host -> Bindings.takes(gateway, server, Hosts.fullName(host, namespace), namespace));
    }

    private static int port(Gateway.Server server) {
        return server.port() == null ? 0 : server.port().number();
    }

    private static Report.Place servers(ConfigObject<Gateway> gateway) {
        return new Report.Place(gateway, Path.of("spec", "servers"));
    }

    /// SP2124: rules of a kind that none of the servers asks (istio/istio#40511, #34612).
    static final class RulesHaveServers extends WorldRule<VirtualService> {
        RulesHaveServers() {
            super(
                    "SP2124",
                    WARNING,
                    "No server asks these rules",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Servers that read requests (HTTP, and HTTPS that ends here) ask http rules, those with tls.mode PASSTHROUGH tls rules, and those of TCP, or of TLS that ends here, tcp rules.",
                            PASSED_ON + SERVICE
                                    + "{hosts: [shop.test], gateways: [edge], http: [{directResponse: {status: 200}}]}",
                            PASSED_ON + SERVICE
                                    + "{hosts: [shop.test], gateways: [edge], tls: [{match: [{sniHosts: [shop.test]}], route: [{destination: {host: cart}}]}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Lookup world, Report report) {
            var spec = service.value();
            check(service, "http", spec.http().isEmpty(), Rules.HTTP, world, report);
            check(service, "tls", spec.tls().isEmpty(), Rules.TLS, world, report);
            check(service, "tcp", spec.tcp().isEmpty(), Rules.TCP, world, report);
        }

        private static void check(
                At<VirtualService> service, String list, boolean isEmpty, Rules rules, Lookup world, Report report) {
            if (isEmpty) {
                return;
            }
            var namespace = report.object().namespace();
            var gateways = gateways(service.value().gateways(), world, report);
            boolean isAsked = gateways.stream()
                    .anyMatch(gateway -> gateway.spec().servers().stream()
                            .anyMatch(server -> asks(gateway, server, rules, service.value(), namespace)));
            if (isAsked) {
                return;
            }
            // That no server takes any of the hosts is SP2108's.
            var asked = Stream.of(Rules.values())
                    .filter(kind -> gateways.stream()
                            .anyMatch(gateway -> gateway.spec().servers().stream()
                                    .anyMatch(server -> asks(gateway, server, kind, service.value(), namespace))))
                    .toList();
            if (!asked.isEmpty()) {
                report.at(
                        service.below(list),
                        "%s rules are never asked: the servers of \"%s\" for these hosts %s (expected: %s)"
                                .formatted(
                                        list,
                                        gateways.getFirst().ref().qualifiedName(),
                                        asked.stream()
                                                .map(RulesHaveServers::doing)
                                                .collect(Collectors.joining(" or ")),
                                        wanted(rules)),
                        List.of(servers(gateways.getFirst())));
            }
        }

        private static String doing(Rules rules) {
            return switch (rules) {
                case HTTP -> "read requests and ask http rules";
                case TLS -> "pass TLS on and ask tls rules";
                case TCP -> "carry bytes and ask tcp rules";
                case NONE -> "go by Services alone";
            };
        }

        private static String wanted(Rules rules) {
            return switch (rules) {
                case HTTP -> "those, or a server of HTTP, or of HTTPS that ends here";
                case TLS -> "those, or a server of TLS with tls.mode PASSTHROUGH";
                case TCP, NONE -> "those, or a server of TCP, or of TLS that ends here";
            };
        }
    }

    /// SP2125: a match for a port that the gateways have no server for. Ports are those of the servers (G5).
    static final class MatchedPortIsServed extends WorldRule<VirtualService> {
        private static final String MATCH =
                "{hosts: [shop.test], gateways: [edge], tls: [{match: [{port: %d, sniHosts: [shop.test]}], route: [{destination: {host: cart}}]}]}";

        MatchedPortIsServed() {
            super(
                    "SP2125",
                    WARNING,
                    "No server has the matched port",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "A match asks for the number of the server's port in the Gateway, not for the port that a proxy binds or that a Service leads to.",
                            PASSED_ON + SERVICE + MATCH.formatted(8443),
                            PASSED_ON + SERVICE + MATCH.formatted(443)));
        }

        @Override
        public void check(At<VirtualService> service, Lookup world, Report report) {
            service.each("http", VirtualService::http)
                    .flatMap(route -> route.each("match", HttpRoute::match))
                    .forEach(match -> check(
                            service,
                            match,
                            Rules.HTTP,
                            HttpMatchRequest::port,
                            HttpMatchRequest::gateways,
                            world,
                            report));
            service.each("tls", VirtualService::tls)
                    .flatMap(route -> route.each("match", TlsRoute::match))
                    .forEach(match -> check(
                            service,
                            match,
                            Rules.TLS,
                            TlsMatchAttributes::port,
                            TlsMatchAttributes::gateways,
                            world,
                            report));
            service.each("tcp", VirtualService::tcp)
                    .flatMap(route -> route.each("match", TcpRoute::match))
                    .forEach(match -> check(
                            service,
                            match,
                            Rules.TCP,
                            L4MatchAttributes::port,
                            L4MatchAttributes::gateways,
                            world,
                            report));
        }

        private static <M> void check(
                At<VirtualService> service,
                At<M> match,
                Rules rules,
                ToIntFunction<M> ported,
                Function<M, List<String>> named,
                Lookup world,
                Report report) {
            int port = ported.applyAsInt(match.value());
            if (port == 0) {
                return;
            }
            var names = named.apply(match.value());
            var gateways = gateways(names.isEmpty() ? service.value().gateways() : names, world, report);
            var namespace = report.object().namespace();
            boolean isServed = gateways.stream()
                    .anyMatch(gateway -> gateway.spec().servers().stream()
                            .anyMatch(server ->
                                    port(server) == port && asks(gateway, server, rules, service.value(), namespace)));
            if (isServed) {
                return;
            }
            var ports = gateways.stream()
                    .flatMap(gateway -> gateway.spec().servers().stream()
                            .filter(server -> asks(gateway, server, rules, service.value(), namespace)))
                    .map(server -> Integer.toString(port(server)))
                    .distinct()
                    .limit(8)
                    .toList();
            // Without such a server the rules as a whole are not asked: SP2124's.
            if (!ports.isEmpty()) {
                report.at(
                        match.below("port"),
                        "never used: no server of \"%s\" for these rules has port %d (expected: %s)"
                                .formatted(gateways.getFirst().ref().qualifiedName(), port, String.join(" or ", ports)),
                        List.of(servers(gateways.getFirst())));
            }
        }
    }

    /// SP3114: bytes do not say whom they are for, so a server of TCP has the rule of one VirtualService, the oldest
    /// that fits (G14).
    static final class TcpPortHasOneService extends WorldRule<VirtualService> {
        private static final String BYTES = """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {namespace: shop, name: edge}
                spec: {servers: [{port: {number: 5432, name: tcp, protocol: TCP}, hosts: ["*"]}, {port: {number: 5433, name: tcp-2, protocol: TCP}, hosts: ["*"]}]}
                ---
                """;

        TcpPortHasOneService() {
            super(
                    "SP3114",
                    WARNING,
                    "TCP port has an older VirtualService",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Of several tcp rules for one server only the first one is used, that of the oldest VirtualService whose hosts fit.",
                            BYTES + service("old", 5432) + service("young", 5432),
                            BYTES + service("old", 5432) + service("young", 5433)));
        }

        private static String service(String name, int port) {
            return """
                    apiVersion: networking.istio.io/v1
                    kind: VirtualService
                    metadata: {namespace: shop, name: %s}
                    spec: {hosts: ["*"], gateways: [edge], tcp: [{match: [{port: %d}], route: [{destination: {host: cart}}]}]}
                    ---
                    """.formatted(name, port);
        }

        @Override
        public void check(At<VirtualService> service, Lookup world, Report report) {
            var spec = service.value();
            if (spec.tcp().isEmpty() || !SniHostIsFree.isPublic(spec)) {
                return;
            }
            var namespace = report.object().namespace();
            var gateways = gateways(spec.gateways(), world, report);
            service.each("tcp", VirtualService::tcp).forEach(rule -> {
                var holders = new ArrayList<ConfigObject<VirtualService>>();
                for (var gateway : gateways) {
                    for (var server : gateway.spec().servers()) {
                        if (isFor(rule.value(), gateway, server, namespace)
                                && asks(gateway, server, Rules.TCP, spec, namespace)) {
                            var holder = holder(gateway, server, spec, world, report);
                            if (holder.isEmpty()) {
                                return;
                            }
                            holders.add(holder.get());
                        }
                    }
                }
                if (!holders.isEmpty()) {
                    report.at(
                            rule,
                            "never used: the older %s has a tcp rule for the server (expected: one of them for each server)"
                                    .formatted(holders.getFirst().ref()),
                            List.of(new Report.Place(holders.getFirst(), Path.of("spec", "tcp"))));
                }
            });
        }

        private static Optional<ConfigObject<VirtualService>> holder(
                ConfigObject<Gateway> gateway,
                Gateway.Server server,
                VirtualService service,
                Lookup world,
                Report report) {
            return service.hosts().stream()
                    .map(host -> Hosts.fullName(host, report.object().namespace()))
                    .flatMap(host -> SniHostIsFree.patterns(host).stream())
                    .distinct()
                    .flatMap(pattern -> world.bound(gateway.ref().qualifiedName(), pattern).stream())
                    .filter(other -> other.isOlderThan(report.object()) && SniHostIsFree.isPublic(other.spec()))
                    .filter(other -> asks(gateway, server, Rules.TCP, other.spec(), other.namespace()))
                    .filter(other -> other.spec().tcp().stream()
                            .anyMatch(rule -> isFor(rule, gateway, server, other.namespace())))
                    .findFirst();
        }

        private static boolean isFor(
                TcpRoute rule, ConfigObject<Gateway> gateway, Gateway.Server server, String namespace) {
            return rule.match().isEmpty()
                    || rule.match().stream()
                            .anyMatch(match -> (match.port() == 0 || match.port() == port(server))
                                    && (match.gateways().isEmpty()
                                            || match.gateways().stream()
                                                    .map(name -> Bindings.gatewayName(name, namespace))
                                                    .anyMatch(gateway.ref().qualifiedName()::equals)));
        }
    }
}
