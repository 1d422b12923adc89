package io.sallyport.translation.link;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import io.sallyport.analysis.world.AppProtocol;
import io.sallyport.analysis.world.World;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Gateway;
import io.sallyport.model.Gateway.TlsMode;
import io.sallyport.model.IntOrString;
import io.sallyport.model.Service;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.plan.Bind;
import io.sallyport.translation.plan.RouteTableId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Which server of which Gateway gets which port of a proxy. Gateways are taken oldest first; a server that
/// cannot share its port with what is there already is left out, as Istio leaves it out (the analysis says so
/// to the user).
///
/// Plain HTTP servers of one port and address share one listener and one route table. TLS servers are told
/// apart by the name in the hello, so they share a port with one another; a plain server may join older TLS
/// servers, not the other way round. (Istio: `mergeGateways` in `pilot/pkg/model/gateway.go`.)
record PortLayout(
        ImmutableMap<Slot, ImmutableList<Member>> slots, ImmutableMap<RouteTableId, ImmutableList<Member>> tables) {

    private static final String EVERYWHERE = "0.0.0.0";

    /// Servers with one protocol on one port and address. `bind` is empty unless the server names an address.
    record Slot(int port, AppProtocol protocol, String bind) {

        Bind listener() {
            return new Bind(bind.isEmpty() ? EVERYWHERE : bind, port);
        }

        // Everywhere is wherever the proxy may listen: one that is kept on loopback stays there.
        String address(ProxyClass proxy) {
            return bind.isEmpty() || bind.equals(EVERYWHERE) ? proxy.address() : bind;
        }
    }

    static PortLayout of(World world, ProxyClass proxy) {
        var services = world.servicesFor(proxy.namespace(), proxy.labels());
        var merge = new Merge(proxy);
        for (var gateway : world.gatewaysFor(proxy.namespace(), proxy.labels())) {
            for (int i = 0; i < gateway.spec().servers().size(); i++) {
                var server = gateway.spec().servers().get(i);
                var port = server.port();
                if (port == null) {
                    continue;
                }
                int bound = bound(port.number(), proxy, services);
                if (bound < 1_024 && !proxy.privileged()) {
                    continue;
                }
                merge.add(new Member(gateway, i, server, port.number(), AppProtocol.parse(port.protocol())), bound);
            }
        }
        return new PortLayout(copy(merge.slots), copy(merge.tables));
    }

    private static <K> ImmutableMap<K, ImmutableList<Member>> copy(Map<K, List<Member>> members) {
        var copy = ImmutableMap.<K, ImmutableList<Member>>builder();
        members.forEach((key, list) -> copy.put(key, ImmutableList.copyOf(list)));
        return copy.build();
    }

    /// The port that is bound for a Gateway's: as the proxy says, else the target port of the first Service in
    /// front of it that has the port, else the number itself.
    private static int bound(int number, ProxyClass proxy, List<ConfigObject<Service>> services) {
        var own = proxy.listen().get(Integer.toString(number));
        if (own != null) {
            return own;
        }
        return services.stream()
                .flatMap(service -> service.spec().ports().stream())
                .filter(port -> port.port() == number)
                .findFirst()
                .flatMap(port -> Optional.ofNullable(port.targetPort()))
                .flatMap(IntOrString::asNumber)
                .orElse(number);
    }

    /// The conflicts of one proxy. Each map is keyed by the socket: servers that name the address which the
    /// others get anyway share it with them.
    private static final class Merge {

        private final ProxyClass proxy;
        private final Map<Slot, List<Member>> slots = new LinkedHashMap<>();
        private final Map<RouteTableId, List<Member>> tables = new LinkedHashMap<>();
        private final Map<Bind, Slot> plain = new HashMap<>();
        private final Map<Bind, Slot> first = new HashMap<>();
        // Plain servers that came after one with TLS, which Istio keeps or drops by how many of the latter
        // there are.
        private final Map<Bind, Slot> besideTls = new HashMap<>();
        private final Map<Bind, Set<String>> tlsHosts = new HashMap<>();

        Merge(ProxyClass proxy) {
            this.proxy = proxy;
        }

        void add(Member member, int bound) {
            var own = new Slot(bound, member.protocol(), member.server().bind());
            var socket = new Bind(own.address(proxy), bound);
            if (member.server().tls() != null && !claimHosts(member, socket)) {
                return;
            }
            // The older server names the socket's listener and tables.
            var older = first.putIfAbsent(socket, own);
            var slot = new Slot(bound, member.protocol(), older == null ? own.bind() : older.bind());
            var table = table(member, bound, slot.bind());
            if (older == null) {
                if (!isTls(member)) {
                    plain.put(socket, slot);
                }
                put(slot, member, table);
            } else if (plain.containsKey(socket)) {
                joinPlain(slot, member, table, plain.get(socket));
            } else {
                joinTls(slot, member, table, socket);
            }
        }

        private void joinPlain(Slot slot, Member member, Optional<RouteTableId> table, Slot current) {
            boolean bothHttp = slot.protocol().isHttp() && current.protocol().isHttp();
            if (bothHttp && table.isPresent()) {
                put(current, member, table);
            }
        }

        private void joinTls(Slot slot, Member member, Optional<RouteTableId> table, Bind socket) {
            if (!isTls(member)) {
                var current = besideTls.putIfAbsent(socket, slot);
                if (current == null) {
                    put(slot, member, table);
                } else {
                    joinPlain(slot, member, table, current);
                }
                return;
            }
            if (table.isPresent() && tables.containsKey(table.get())) {
                return;
            }
            put(slot, member, table);
        }

        private void put(Slot slot, Member member, Optional<RouteTableId> table) {
            slots.computeIfAbsent(slot, _ -> new ArrayList<>()).add(member);
            table.ifPresent(
                    id -> tables.computeIfAbsent(id, _ -> new ArrayList<>()).add(member));
        }

        // Two chains with one name on one port and address are refused as a whole, so the younger server goes.
        private boolean claimHosts(Member member, Bind socket) {
            var claimed = tlsHosts.computeIfAbsent(socket, _ -> new HashSet<>());
            return member.hosts().stream().noneMatch(claimed::contains) && claimed.addAll(member.hosts());
        }
    }

    /// Whether the server reads or passes on TLS.
    static boolean isTls(Member member) {
        return member.server().tls() != null && !member.protocol().isHttp();
    }

    /// The table that the server's requests go by, where it reads any.
    static Optional<RouteTableId> table(Member member, int bound, String bind) {
        if (member.protocol().isHttp()) {
            return Optional.of(new RouteTableId.Plain(bound, bind));
        }
        var tls = member.server().tls();
        if (member.protocol() == AppProtocol.HTTPS && tls != null && !isPassThrough(tls)) {
            var name = Optional.ofNullable(member.server().port())
                    .map(io.sallyport.model.Port::name)
                    .orElse("");
            return Optional.of(new RouteTableId.Terminated(
                    member.port(),
                    name,
                    member.gateway().name(),
                    member.gateway().namespace(),
                    bind));
        }
        return Optional.empty();
    }

    private static boolean isPassThrough(Gateway.ServerTlsSettings tls) {
        return tls.mode() == TlsMode.PASSTHROUGH || tls.mode() == TlsMode.AUTO_PASSTHROUGH;
    }
}
