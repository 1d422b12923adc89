package io.sallyport.translation.link;

import com.google.common.collect.ImmutableList;
import io.sallyport.analysis.text.AutoAddresses;
import io.sallyport.analysis.world.AppProtocol;
import io.sallyport.analysis.world.Backend;
import io.sallyport.analysis.world.HostNames;
import io.sallyport.analysis.world.World;
import io.sallyport.translation.ProxyClass;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/// A host as a client proxy sees it: all objects of one namespace that declare it, with their ports put together. The
/// proxy's own namespace comes first, else that of the oldest object. Where endpoints are does not count here.
record ClientService(String host, ImmutableList<Backend> backends, Optional<String> automatic) {

    private static final String SUFFIX = ".svc." + HostNames.DOMAIN;

    /// A port with the object that declares it.
    record Offer(Backend.Port port, Backend backend) {}

    static Optional<ClientService> of(World world, ProxyClass proxy, ClientScope scope, String host) {
        var seen = world.backends(host, proxy.namespace()).stream()
                .filter(backend -> backend.alias().isEmpty())
                .filter(backend -> scope.covers(backend.namespace(), host))
                .toList();
        return seen.isEmpty()
                ? Optional.empty()
                : Optional.of(new ClientService(
                        host,
                        seen.stream()
                                .filter(backend -> backend.namespace()
                                        .equals(seen.getFirst().namespace()))
                                .map(ClientService::withoutEndpoints)
                                .collect(ImmutableList.toImmutableList()),
                        world.automaticAddress(seen.getFirst().namespace(), host)));
    }

    private static Backend withoutEndpoints(Backend backend) {
        return new Backend(
                backend.host(),
                backend.namespace(),
                backend.origin(),
                backend.digest(),
                backend.age(),
                backend.source(),
                backend.ports(),
                ImmutableList.of(),
                backend.visibility(),
                backend.subjectAltNames(),
                backend.alias(),
                backend.addresses());
    }

    Backend first() {
        return backends.getFirst();
    }

    /// What is offered on a port; of several objects, the older one's.
    Optional<Offer> at(int number) {
        return backends.stream()
                .flatMap(backend -> backend.port(number).map(port -> new Offer(port, backend)).stream())
                .findFirst();
    }

    /// The ports, without those of UDP.
    List<Integer> ports() {
        return backends.stream()
                .flatMap(backend -> backend.ports().stream())
                .filter(port -> port.protocol() != AppProtocol.UDP)
                .map(Backend.Port::number)
                .distinct()
                .toList();
    }

    /// Where the service is said to be, without networks.
    List<String> addresses() {
        return backends.stream()
                .flatMap(backend -> backend.addresses().stream())
                .filter(address -> !address.contains("/"))
                .distinct()
                .toList();
    }

    /// The addresses that the service was given: none where somebody said one.
    List<String> automaticAddresses() {
        return addresses().isEmpty() && networks().isEmpty()
                ? automatic.map(four -> List.of(four, AutoAddresses.six(four))).orElse(List.of())
                : List.of();
    }

    /// The networks that the service is said to be in.
    List<String> networks() {
        return backends.stream()
                .flatMap(backend -> backend.addresses().stream())
                .filter(address -> address.contains("/"))
                .distinct()
                .toList();
    }

    /// The names under which a client of this namespace may ask for it, in lower case: `reviews` is short for
    /// `reviews.shop.svc.cluster.local` in `shop` alone, and so is `db-0.db` for an endpoint.
    List<String> domains(String viewer) {
        var domains = new LinkedHashSet<String>();
        domains.add(host.toLowerCase(Locale.ROOT));
        domains.addAll(shortNames(viewer));
        Stream.concat(addresses().stream(), automaticAddresses().stream())
                .forEach(address -> domains.add(address.contains(":") ? "[" + address + "]" : address));
        return new ArrayList<>(domains);
    }

    /// The short names alone.
    List<String> shortNames(String viewer) {
        if (!host.endsWith(SUFFIX)) {
            return List.of();
        }
        var bare = host.substring(0, host.length() - SUFFIX.length());
        int dot = bare.lastIndexOf('.');
        if (dot < 0) {
            return List.of();
        }
        var names = new ArrayList<String>();
        if (bare.substring(dot + 1).equals(viewer)) {
            names.add(bare.substring(0, dot));
        }
        names.add(bare + ".svc");
        names.add(bare);
        return names;
    }

    /// The hosts that a short name may mean in a namespace: `db-0.db` is one of an endpoint there, or of a service in
    /// the namespace `db`.
    static List<String> meant(String name, String viewer) {
        return name.endsWith(".svc")
                ? List.of(name + "." + HostNames.DOMAIN)
                : List.of(name + SUFFIX, name + "." + viewer + SUFFIX);
    }
}
