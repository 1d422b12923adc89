package io.sallyport.analysis.relation;

import static io.sallyport.model.Severity.ERROR;
import static io.sallyport.model.Severity.INFO;

import io.sallyport.analysis.At;
import io.sallyport.analysis.Bindings;
import io.sallyport.analysis.Bindings.Listening;
import io.sallyport.analysis.Lookup;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.WorldRule;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Gateway;
import io.sallyport.model.Gateway.Server;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// Servers that cannot share a port. The older Gateway wins, and in one Gateway the earlier server; the loser is
/// withheld and named, where Istio only logs (G2, G6).
final class GatewayConflicts {

    private static final String HEAD =
            "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {namespace: shop, name: ";

    private GatewayConflicts() {}

    static List<Rule<?>> all() {
        return List.of(new PortCanBeShared(), new TlsHostIsServedOnce(), new PlainHostIsShared());
    }

    /// A server that comes before another one.
    private record Earlier(ConfigObject<?> gateway, Path path, Server server) {}

    // Whether one proxy may have both. Without the proxies in sight: when one selector holds the other.
    private static boolean mayMeet(Gateway left, Gateway right) {
        return holds(left.selector(), right.selector()) || holds(right.selector(), left.selector());
    }

    private static boolean holds(Map<String, String> wide, Map<String, String> narrow) {
        return narrow.entrySet().containsAll(wide.entrySet());
    }

    private static List<Earlier> own(At<Gateway> gateway, ConfigObject<?> object, int before) {
        var earlier = new ArrayList<Earlier>();
        for (int i = 0; i < before; i++) {
            earlier.add(new Earlier(
                    object,
                    gateway.path().field("servers").index(i),
                    gateway.value().servers().get(i)));
        }
        return earlier;
    }

    private static List<Earlier> servers(ConfigObject<?> gateway) {
        var servers = new ArrayList<Earlier>();
        var all = ((Gateway) gateway.spec()).servers();
        for (int i = 0; i < all.size(); i++) {
            servers.add(new Earlier(gateway, Path.of("spec", "servers").index(i), all.get(i)));
        }
        return servers;
    }

    /// SP3101: HTTP, TCP and TLS do not share a port as one likes.
    static final class PortCanBeShared extends WorldRule<Gateway> {
        PortCanBeShared() {
            super(
                    "SP3101",
                    ERROR,
                    "Port is taken by a server of another protocol",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "HTTP servers share a port, and TLS servers do; HTTP beside TCP, two TCP servers, and TLS after plain do not. The older server keeps the port.",
                            HEAD
                                    + "old}\nspec: {servers: [{port: {number: 9000, name: tcp, protocol: TCP}, hosts: [\"*\"]}]}\n---\n"
                                    + HEAD
                                    + "young}\nspec: {servers: [{port: {number: 9000, name: http, protocol: HTTP}, hosts: [\"*\"]}]}",
                            HEAD
                                    + "old}\nspec: {servers: [{port: {number: 9000, name: tcp, protocol: TCP}, hosts: [\"*\"]}]}\n---\n"
                                    + HEAD
                                    + "young}\nspec: {servers: [{port: {number: 9001, name: http, protocol: HTTP}, hosts: [\"*\"]}]}"));
        }

        @Override
        public void check(At<Gateway> gateway, Lookup world, Report report) {
            var servers = gateway.each("servers", Gateway::servers).toList();
            for (int i = 0; i < servers.size(); i++) {
                var server = servers.get(i);
                var port = server.value().port();
                if (port == null) {
                    continue;
                }
                winner(gateway, server.value(), i, world, report.object())
                        .ifPresent(winner -> report.at(
                                server,
                                "port %d is taken by %s %s (expected: another port or bind; this server is withheld)"
                                        .formatted(
                                                port.number(), winner.gateway().ref(), winner.path()),
                                List.of(new Report.Place(winner.gateway(), winner.path()))));
            }
        }

        private static Optional<Earlier> winner(
                At<Gateway> gateway, Server server, int position, Lookup world, ConfigObject<?> object) {
            var door = Bindings.door(server);
            var needs = Bindings.listening(server);
            var candidates = new ArrayList<>(own(gateway, object, position));
            for (var other : Listening.values()) {
                if (excludes(other, needs)) {
                    world.listening(door, other).stream()
                            .filter(older -> older.isOlderThan(object) && mayMeet(older.spec(), gateway.value()))
                            .findFirst()
                            .ifPresent(older -> candidates.addAll(servers(older)));
                }
            }
            return candidates.stream()
                    .filter(earlier -> Bindings.door(earlier.server()).equals(door))
                    .filter(earlier -> excludes(Bindings.listening(earlier.server()), needs))
                    .findFirst();
        }

        private static boolean excludes(Listening older, Listening younger) {
            return switch (older) {
                case HTTP -> younger != Listening.HTTP;
                case TCP -> true;
                // Plain servers after TLS get a chain of their own, without an SNI.
                case TLS -> false;
            };
        }
    }

    /// SP3102: two certificates for one name.
    static final class TlsHostIsServedOnce extends WorldRule<Gateway> {
        TlsHostIsServedOnce() {
            super(
                    "SP3102",
                    ERROR,
                    "Host of a TLS server is served already",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "Two TLS servers on one port may not answer for the same host; the younger server is withheld whole.",
                            HEAD + "old}\nspec: {servers: [" + tls("a.test") + "]}\n---\n" + HEAD
                                    + "young}\nspec: {servers: [" + tls("a.test") + "]}",
                            HEAD + "old}\nspec: {servers: [" + tls("a.test") + "]}\n---\n" + HEAD
                                    + "young}\nspec: {servers: [" + tls("b.test") + "]}"));
        }

        private static String tls(String host) {
            return "{port: {number: 443, name: https, protocol: HTTPS}, hosts: [" + host
                    + "], tls: {mode: SIMPLE, credentialName: cert}}";
        }

        @Override
        public void check(At<Gateway> gateway, Lookup world, Report report) {
            var servers = gateway.each("servers", Gateway::servers).toList();
            for (var server : servers) {
                if (Bindings.listening(server.value()) != Listening.TLS) {
                    continue;
                }
                var claims = new Claims(world);
                var here = new Earlier(report.object(), server.path(), server.value());
                server.each("hosts", Server::hosts).forEach(host -> {
                    var name = Bindings.bareHost(host.value());
                    claims.winner(here, name)
                            .ifPresent(winner -> report.at(
                                    host,
                                    "host \"%s\" is served by %s %s (expected: another host, port or bind; this server is withheld)"
                                            .formatted(name, winner.gateway().ref(), winner.path()),
                                    List.of(new Report.Place(winner.gateway(), winner.path()))));
                });
            }
        }
    }

    /// Which server has a name: the oldest that is not withheld for another of its names, for such a one has none.
    private static final class Claims {

        // Chains of servers that lose to one another are short; whoever builds a long one is told too much. Each link
        // is a call within a call.
        private static final int MOST_ASKED = 64;

        private final Lookup world;
        private int asked;

        Claims(Lookup world) {
            this.world = world;
        }

        Optional<Earlier> winner(Earlier server, String host) {
            var door = Bindings.door(server.server());
            return candidates(server, door, host)
                    .filter(earlier -> Bindings.door(earlier.server()).equals(door))
                    .filter(earlier -> Bindings.listening(earlier.server()) == Listening.TLS)
                    .filter(earlier -> earlier.server().hosts().stream()
                            .anyMatch(other -> Bindings.bareHost(other).equals(host)))
                    .filter(earlier -> !isWithheld(earlier))
                    .findFirst();
        }

        private boolean isWithheld(Earlier server) {
            return asked++ < MOST_ASKED
                    && server.server().hosts().stream()
                            .anyMatch(host ->
                                    winner(server, Bindings.bareHost(host)).isPresent());
        }

        private Stream<Earlier> candidates(Earlier server, String door, String host) {
            var own = servers(server.gateway()).stream()
                    .takeWhile(earlier -> !earlier.path().equals(server.path()));
            var others = world.answering(door, host).stream()
                    .filter(older -> older.isOlderThan(server.gateway())
                            && mayMeet(older.spec(), (Gateway) server.gateway().spec()))
                    .flatMap(older -> servers(older).stream());
            return Stream.concat(others, own);
        }
    }

    /// SP3112: two Gateways for one host and port. Plain HTTP servers share, so nothing is lost (Istio: IST0145).
    static final class PlainHostIsShared extends WorldRule<Gateway> {
        PlainHostIsShared() {
            super(
                    "SP3112",
                    INFO,
                    "Host is served by an older Gateway too",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "Gateways for the same proxies, port and host are merged: the host has the VirtualServices of both, and redirects to HTTPS when one of them says so.",
                            HEAD + "old}\nspec: {servers: [" + plain("a.test") + "]}\n---\n" + HEAD
                                    + "young}\nspec: {servers: [" + plain("a.test") + "]}",
                            HEAD + "old}\nspec: {servers: [" + plain("a.test") + "]}\n---\n" + HEAD
                                    + "young}\nspec: {servers: [" + plain("b.test") + "]}"));
        }

        private static String plain(String host) {
            return "{port: {number: 80, name: http, protocol: HTTP}, hosts: [" + host + "]}";
        }

        @Override
        public void check(At<Gateway> gateway, Lookup world, Report report) {
            gateway.each("servers", Gateway::servers)
                    .filter(server -> Bindings.listening(server.value()) == Listening.HTTP)
                    .forEach(server -> world.listening(Bindings.door(server.value()), Listening.HTTP).stream()
                            .filter(older ->
                                    older.isOlderThan(report.object()) && mayMeet(older.spec(), gateway.value()))
                            .flatMap(older -> servers(older).stream())
                            .filter(earlier -> Bindings.door(earlier.server()).equals(Bindings.door(server.value()))
                                    && Bindings.listening(earlier.server()) == Listening.HTTP)
                            .filter(earlier -> sharesHost(earlier.server(), server.value()))
                            .findFirst()
                            .ifPresent(earlier -> report.at(
                                    server,
                                    "%s %s serves a host of this server too (expected, if this is meant: nothing)"
                                            .formatted(earlier.gateway().ref(), earlier.path()),
                                    List.of(new Report.Place(earlier.gateway(), earlier.path())))));
        }

        private static boolean sharesHost(Server older, Server younger) {
            var hosts = new HashSet<String>();
            older.hosts().forEach(host -> hosts.add(Bindings.bareHost(host)));
            return younger.hosts().stream().map(Bindings::bareHost).anyMatch(hosts::contains);
        }
    }
}
