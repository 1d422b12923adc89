package io.sallyport.translation.link;

import com.google.common.collect.ImmutableList;
import io.sallyport.analysis.world.HostNames;
import io.sallyport.analysis.world.Routing;
import io.sallyport.analysis.world.Visibility;
import io.sallyport.analysis.world.World;
import io.sallyport.model.ConfigObject;
import io.sallyport.translation.ProxyClass;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;
import org.pcollections.PSortedMap;
import org.pcollections.TreePMap;

/// What one class of client proxies sees: services by host, port and address, and the VirtualServices of the mesh by
/// host. Persistent: the view after an edit shares what the edit does not touch.
record ClientView(
        PSortedMap<String, ClientService> services,
        PMap<Integer, PSortedMap<String, ClientService>> byPort,
        PMap<String, PSortedMap<String, ClientService>> byAddress,
        PSortedMap<String, ImmutableList<Routing>> routings) {

    static final ClientView EMPTY =
            new ClientView(TreePMap.empty(), HashTreePMap.empty(), HashTreePMap.empty(), TreePMap.empty());

    /// The VirtualServices of one host in the order in which they count, the private ones of a namespace first.
    private static final String MESH = "mesh";

    ClientView with(String host, Optional<ClientService> next) {
        var before = services.get(host);
        var ports = byPort;
        var addresses = byAddress;
        if (before != null) {
            for (var port : before.ports()) {
                ports = minus(ports, port, host);
            }
            for (var address : before.addresses()) {
                addresses = minus(addresses, address, host);
            }
        }
        if (next.isEmpty()) {
            return new ClientView(services.minus(host), ports, addresses, routings);
        }
        var service = next.get();
        for (var port : service.ports()) {
            ports = ports.plus(port, ports.getOrDefault(port, TreePMap.empty()).plus(host, service));
        }
        for (var address : service.addresses()) {
            addresses = addresses.plus(
                    address, addresses.getOrDefault(address, TreePMap.empty()).plus(host, service));
        }
        return new ClientView(services.plus(host, service), ports, addresses, routings);
    }

    private static <K> PMap<K, PSortedMap<String, ClientService>> minus(
            PMap<K, PSortedMap<String, ClientService>> groups, K key, String host) {
        var left = groups.getOrDefault(key, TreePMap.empty()).minus(host);
        return left.isEmpty() ? groups.minus(key) : groups.plus(key, left);
    }

    /// The view with the VirtualServices of a host as they are in `world`.
    ClientView withRoutings(String host, List<Routing> found) {
        return new ClientView(
                services,
                byPort,
                byAddress,
                found.isEmpty() ? routings.minus(host) : routings.plus(host, ImmutableList.copyOf(found)));
    }

    /// The VirtualServices that a proxy sees, in the order in which they count.
    static List<Routing> routings(World world, ProxyClass proxy) {
        return world.routingsOf(MESH).stream()
                .filter(routing -> isSeen(routing, proxy))
                .sorted(order(proxy))
                .toList();
    }

    static boolean isSeen(Routing routing, ProxyClass proxy) {
        return routing.gateways().contains(MESH)
                && routing.visibility().rank(proxy.namespace()) != Visibility.HIDDEN
                && !routing.isDelegate();
    }

    static Comparator<Routing> order(ProxyClass proxy) {
        return Comparator.<Routing>comparingInt(routing -> routing.visibility().rank(proxy.namespace()))
                .thenComparing(Routing::object, ConfigObject.BY_AGE);
    }

    /// The services of a port that a scope lets in, oldest first.
    List<ClientService> at(int port, ClientScope scope) {
        var imports = scope.at(port);
        if (imports.isEmpty()) {
            return List.of();
        }
        return byPort.getOrDefault(port, TreePMap.empty()).values().stream()
                .filter(service -> imports.get().covers(service.first().namespace(), service.host()))
                .sorted(Comparator.comparing(ClientService::first, io.sallyport.analysis.world.Backend.BY_AGE)
                        .thenComparing(ClientService::host))
                .toList();
    }

    /// A service on a port, as a scope lets it in.
    Optional<ClientService> at(int port, String host, ClientScope scope) {
        return Optional.ofNullable(services.get(host))
                .filter(service -> service.at(port).isPresent())
                .filter(service -> scope.at(port)
                        .filter(imports -> imports.covers(service.first().namespace(), service.host()))
                        .isPresent());
    }

    /// The VirtualServices of exactly this host that count on a port.
    List<Routing> exact(String host, int port, ClientScope scope) {
        return routings.getOrDefault(host, ImmutableList.of()).stream()
                .filter(routing -> isImported(routing, port, scope))
                .toList();
    }

    /// The VirtualService with the narrowest wildcard over a host.
    Optional<Routing> wildcard(String host, int port, ClientScope scope) {
        return wildcards().stream()
                .filter(pattern -> !pattern.equals(host) && HostNames.isSubset(host, pattern))
                .sorted(HostNames.MOST_SPECIFIC_FIRST)
                .flatMap(pattern -> exact(pattern, port, scope).stream())
                .findFirst();
    }

    /// The hosts of VirtualServices that are patterns.
    List<String> wildcards() {
        // `*` sorts before every letter, so all patterns stand together.
        return new ArrayList<>(routings.tailMap("*").headMap("+").keySet());
    }

    /// All VirtualServices whose hosts meet a service's, in the order in which they count.
    List<Routing> meeting(String host, int port, ClientScope scope, ProxyClass proxy) {
        var hosts = new ArrayList<String>();
        if (HostNames.isWildcard(host)) {
            routings.keySet().stream()
                    .filter(other -> HostNames.overlap(other, host))
                    .forEach(hosts::add);
        } else {
            hosts.add(host);
            wildcards().stream()
                    .filter(pattern -> HostNames.isSubset(host, pattern))
                    .forEach(hosts::add);
        }
        return hosts.stream()
                .flatMap(other -> exact(other, port, scope).stream())
                .distinct()
                .sorted(order(proxy))
                .toList();
    }

    private static boolean isImported(Routing routing, int port, ClientScope scope) {
        return scope.at(port)
                .filter(imports -> imports.meets(routing.object().namespace(), routing.hosts()))
                .isPresent();
    }
}
