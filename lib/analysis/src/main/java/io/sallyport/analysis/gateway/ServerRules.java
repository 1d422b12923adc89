package io.sallyport.analysis.gateway;

import static io.sallyport.model.Severity.ERROR;
import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.text.Addresses;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.analysis.text.Protocol;
import io.sallyport.model.Gateway;
import io.sallyport.model.Gateway.Server;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import io.sallyport.model.Port;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Ports, hosts and addresses of a Gateway's servers.
final class ServerRules {

    private static final String HTTP = "port: {number: 80, name: http, protocol: HTTP}";

    private ServerRules() {}

    static List<Rule<?>> all() {
        return List.of(
                new GatewayNameIsLabel(),
                new GatewayHasServers(),
                new ServerHasHosts(),
                new ServerHostIsName(),
                new PortIsValid(),
                new PortNameIsUnique(),
                new BindIsAddress(),
                new RedirectsAreHttp());
    }

    static Stream<At<Server>> servers(At<Gateway> gateway) {
        return gateway.each("servers", Gateway::servers);
    }

    static Optional<Protocol> protocol(Server server) {
        var port = server.port();
        return port == null ? Optional.empty() : Protocol.of(port.protocol());
    }

    /// Whether the port by itself is fine: only then does Istio judge its protocol together with TLS.
    static boolean hasValidPort(Server server) {
        var port = server.port();
        return port != null
                && Protocol.of(port.protocol()).isPresent()
                && isNumber(port, server.bind())
                && port.targetPort() == 0
                && !port.name().isEmpty();
    }

    private static boolean isNumber(Port port, String bind) {
        boolean socket = port.number() == 0 && bind.startsWith(Addresses.UNIX);
        return socket || (port.number() >= 1 && port.number() <= 65535);
    }

    /// SP1301: VirtualServices name a Gateway as `namespace/name`, in which dots mean something else.
    static final class GatewayNameIsLabel extends ObjectRule<Gateway> {
        GatewayNameIsLabel() {
            super(
                    "SP1301",
                    ERROR,
                    "Name of a Gateway has dots",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "A Gateway's name is letters, digits and dashes, at most 63.",
                            """
                            apiVersion: networking.istio.io/v1
                            kind: Gateway
                            metadata: {namespace: shop, name: edge.shop}
                            spec: {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
                            """,
                            "{servers: [{" + HTTP + ", hosts: [\"*\"]}]}"));
        }

        @Override
        public void check(At<Gateway> gateway, Report report) {
            var name = report.object().name();
            if (!Hosts.isLabel(name)) {
                report.at(
                        Path.of("metadata", "name"),
                        "name \"%s\" (expected: at most 63 letters, digits and dashes)".formatted(name));
            }
        }
    }

    /// SP1302: a Gateway that opens no door.
    static final class GatewayHasServers extends ObjectRule<Gateway> {
        GatewayHasServers() {
            super(
                    "SP1302",
                    ERROR,
                    "Gateway has no servers",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "A Gateway needs at least one server.",
                            "{selector: {istio: ingressgateway}}",
                            "{selector: {istio: ingressgateway}, servers: [{" + HTTP + ", hosts: [\"*\"]}]}"));
        }

        @Override
        public void check(At<Gateway> gateway, Report report) {
            if (gateway.value().servers().isEmpty()) {
                report.at(gateway, "no servers (expected: at least one)");
            }
        }
    }

    /// SP1303: a door for nobody.
    static final class ServerHasHosts extends ObjectRule<Gateway> {
        ServerHasHosts() {
            super(
                    "SP1303",
                    ERROR,
                    "Server has no hosts",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "A server needs at least one host; \"*\" takes all.",
                            "{servers: [{" + HTTP + ", hosts: []}]}",
                            "{servers: [{" + HTTP + ", hosts: [\"*\"]}]}"));
        }

        @Override
        public void check(At<Gateway> gateway, Report report) {
            servers(gateway)
                    .filter(server -> server.value().hosts().isEmpty())
                    .forEach(server ->
                            report.at(server.below("hosts"), "no hosts (expected: at least one, such as \"*\")"));
        }
    }

    /// SP1304: a host that no request can carry.
    static final class ServerHostIsName extends ObjectRule<Gateway> {
        ServerHostIsName() {
            super(
                    "SP1304",
                    ERROR,
                    "Host of a server is no host name",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "Hosts are full names, IP addresses, \"*\" or \"*.name\"; \"namespace/host\" limits who may bind to them.",
                            "{servers: [{" + HTTP + ", hosts: [shop]}]}",
                            "{servers: [{" + HTTP + ", hosts: [shop/shop.test]}]}"));
        }

        @Override
        public void check(At<Gateway> gateway, Report report) {
            servers(gateway)
                    .flatMap(server -> server.each("hosts", Server::hosts))
                    .forEach(host -> problem(host.value()).ifPresent(problem -> report.at(host, problem)));
        }

        private static Optional<String> problem(String host) {
            int slash = host.indexOf('/');
            if (slash < 0) {
                return nameProblem(host);
            }
            var namespace = host.substring(0, slash);
            if (!namespace.equals("*") && !namespace.equals(".") && !Hosts.isLabel(namespace)) {
                return Optional.of("host \"%s\": namespace \"%s\" (expected: a namespace, \".\" or \"*\")"
                        .formatted(host, namespace));
            }
            return nameProblem(host.substring(slash + 1));
        }

        private static Optional<String> nameProblem(String name) {
            if (Addresses.isAddress(name)) {
                // An IPv6 address has no dot, and Istio takes that for a short name.
                return name.contains(".") ? Optional.empty() : Optional.of(shortName(name));
            }
            if (!name.equals("*") && !name.contains(".")) {
                return Optional.of(shortName(name));
            }
            if (Hosts.isPartialWildcard(name)) {
                return Optional.of("host \"%s\" (expected: \"*\" alone, or in front of a dot)".formatted(name));
            }
            return Hosts.wildcardProblem(name);
        }

        private static String shortName(String name) {
            return "host \"%s\" is a short name (expected: a full name such as \"shop.example.com\", or \"*\")"
                    .formatted(name);
        }
    }

    /// SP1305: a port that nothing can listen on.
    static final class PortIsValid extends ObjectRule<Gateway> {
        PortIsValid() {
            super(
                    "SP1305",
                    ERROR,
                    "Port of a server is not valid",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "A port has a number of 1 to 65535, a name, and a protocol that Istio knows; targetPort means nothing here.",
                            "{servers: [{port: {number: 80, name: http, protocol: HTTPX}, hosts: [\"*\"]}]}",
                            "{servers: [{" + HTTP + ", hosts: [\"*\"]}]}"));
        }

        @Override
        public void check(At<Gateway> gateway, Report report) {
            servers(gateway)
                    .forEach(server -> server.field("port", Server::port)
                            .forEach(port -> check(port, server.value().bind(), report)));
        }

        private static void check(At<Port> port, String bind, Report report) {
            var value = port.value();
            if (Protocol.of(value.protocol()).isEmpty()) {
                report.at(
                        port.below("protocol"),
                        "protocol \"%s\" (expected: %s)".formatted(value.protocol(), Protocol.EXPECTED));
            }
            if (!isNumber(value, bind)) {
                report.at(port.below("number"), "port %d (expected: 1 to 65535)".formatted(value.number()));
            }
            if (value.targetPort() > 0) {
                report.at(
                        port.below("targetPort"),
                        "targetPort %d has no effect on a Gateway (expected: none)".formatted(value.targetPort()));
            }
            if (value.name().isEmpty()) {
                report.at(port.below("name"), "name is empty (expected: one that no other port of the Gateway has)");
            }
        }
    }

    /// SP1306: two doors with one name; Envoy's route names are made from it.
    static final class PortNameIsUnique extends ObjectRule<Gateway> {
        PortNameIsUnique() {
            super(
                    "SP1306",
                    ERROR,
                    "Port name is used twice",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "Each server's port needs a name of its own.",
                            "{servers: [{" + HTTP
                                    + ", hosts: [\"*\"]}, {port: {number: 81, name: http, protocol: HTTP}, hosts: [\"*\"]}]}",
                            "{servers: [{" + HTTP
                                    + ", hosts: [\"*\"]}, {port: {number: 81, name: http-81, protocol: HTTP}, hosts: [\"*\"]}]}"));
        }

        @Override
        public void check(At<Gateway> gateway, Report report) {
            var seen = new HashMap<String, Path>();
            servers(gateway)
                    .flatMap(server -> server.field("port", Server::port))
                    .forEach(port -> {
                        var first = seen.putIfAbsent(port.value().name(), port.path());
                        if (first != null) {
                            report.at(
                                    port.below("name"),
                                    "port name \"%s\" is the name of %s too (expected: one of its own)"
                                            .formatted(port.value().name(), first));
                        }
                    });
        }
    }

    /// SP1307: an address that is none.
    static final class BindIsAddress extends ObjectRule<Gateway> {
        BindIsAddress() {
            super(
                    "SP1307",
                    ERROR,
                    "Bind is no address",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "bind is an IP address, or unix:///path or unix://@name with port number 0.",
                            "{servers: [{bind: localhost, " + HTTP + ", hosts: [\"*\"]}]}",
                            "{servers: [{bind: 127.0.0.1, " + HTTP + ", hosts: [\"*\"]}]}"));
        }

        @Override
        public void check(At<Gateway> gateway, Report report) {
            servers(gateway).filter(server -> !server.value().bind().isEmpty()).forEach(server -> {
                var bind = server.value().bind();
                if (!bind.startsWith(Addresses.UNIX)) {
                    if (!Addresses.isAddress(bind)) {
                        report.at(server.below("bind"), "bind \"%s\" (expected: an IP address)".formatted(bind));
                    }
                    return;
                }
                var socket = bind.substring(Addresses.UNIX.length());
                if (socket.isEmpty()) {
                    report.at(
                            server.below("bind"), "bind \"unix://\" (expected: \"unix:///path\" or \"unix://@name\")");
                } else {
                    Addresses.socketProblem(socket).ifPresent(problem -> report.at(server.below("bind"), problem));
                }
                server.field("port", Server::port)
                        .filter(port -> port.value().number() != 0)
                        .forEach(port -> report.at(
                                port.below("number"),
                                "port %d for a Unix socket (expected: 0)"
                                        .formatted(port.value().number())));
            });
        }
    }

    /// SP4301: TLS cannot be redirected to TLS. Istio warns too.
    static final class RedirectsAreHttp extends ObjectRule<Gateway> {
        RedirectsAreHttp() {
            super(
                    "SP4301",
                    WARNING,
                    "httpsRedirect on a server that is not HTTP",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "httpsRedirect answers plain HTTP; on other protocols it does nothing.",
                            "{servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: [\"*\"], tls: {mode: SIMPLE, credentialName: c, httpsRedirect: true}}]}",
                            "{servers: [{" + HTTP + ", hosts: [\"*\"], tls: {httpsRedirect: true}}]}"));
        }

        @Override
        public void check(At<Gateway> gateway, Report report) {
            servers(gateway)
                    .filter(server -> server.value().port() != null)
                    .filter(server ->
                            !protocol(server.value()).map(Protocol::isHttp).orElse(false))
                    .flatMap(server -> server.field("tls", Server::tls))
                    .filter(tls -> tls.value().httpsRedirect())
                    .forEach(tls -> report.at(
                            tls.below("httpsRedirect"), "httpsRedirect on a port that is not HTTP (expected: none)"));
        }
    }
}
