package io.sallyport.analysis.relation;

import static io.sallyport.model.Severity.ERROR;

import io.sallyport.analysis.At;
import io.sallyport.analysis.Lookup;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Tcp;
import io.sallyport.analysis.WorldRule;
import io.sallyport.analysis.text.AutoAddresses;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import io.sallyport.model.ServiceEntry;
import java.util.HashSet;
import java.util.List;

/// SP3109: two services behind one TCP port; the older takes all of its connections, and nobody is told (P13).
final class TcpPortIsOnesOwn extends WorldRule<ServiceEntry> {

    private static final String OLD = """
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {namespace: shop, name: orders}
            spec: {hosts: [orders.test], resolution: DNS, ports: [{number: 5432, name: db, protocol: TCP}]}
            ---
            """;
    private static final String YOUNG =
            "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {namespace: shop, name: users}\nspec: ";

    TcpPortIsOnesOwn() {
        super(
                "SP3109",
                ERROR,
                "TCP port is that of an older ServiceEntry",
                Kind.SERVICE_ENTRY,
                ServiceEntry.class,
                new Page(
                        "Bytes do not say whom they are for: of several entries with one TCP port and no addresses, client proxies send all to the oldest; the younger is reached by its automatic address alone (egress list shows it). Give each an address, or a port of its own.",
                        OLD + YOUNG
                                + "{hosts: [users.test], resolution: DNS, ports: [{number: 5432, name: db, protocol: TCP}]}",
                        OLD + YOUNG
                                + "{hosts: [users.test], addresses: [10.9.0.1], resolution: DNS, ports: [{number: 5432, name: db, protocol: TCP}]}"));
    }

    @Override
    public void check(At<ServiceEntry> entry, Lookup world, Report report) {
        if (!entry.value().addresses().isEmpty()) {
            return;
        }
        entry.each("ports", ServiceEntry::ports)
                .filter(port -> Tcp.isNameless(port.value()))
                .forEach(port -> world.onTcpPort(port.value().number()).stream()
                        .filter(other -> other.isOlderThan(report.object()))
                        .filter(other -> !sameHosts(other, entry.value()))
                        .findFirst()
                        .ifPresent(other -> report.at(
                                port,
                                "TCP port %d is that of the older %s too (expected: addresses: [%s], say, or another port)"
                                        .formatted(
                                                port.value().number(),
                                                other.ref(),
                                                free(entry.value(), report.object(), world)),
                                List.of(new Report.Place(other, Path.of("spec", "ports"))))));
    }

    // One that no other entry has, or is proposed, on the ports of this one.
    private static String free(ServiceEntry entry, ConfigObject<?> object, Lookup world) {
        var taken = new HashSet<String>();
        entry.ports().stream()
                .filter(Tcp::isNameless)
                .flatMap(port -> world.onTcpPort(port.number()).stream())
                .filter(other -> !other.ref().equals(object.ref()))
                .distinct()
                .sorted(ConfigObject.BY_AGE)
                .forEach(other -> {
                    var addresses = ((ServiceEntry) other.spec()).addresses();
                    taken.addAll(addresses);
                    if (addresses.isEmpty() && other.isOlderThan(object)) {
                        taken.add(AutoAddresses.propose(key(other), taken));
                    }
                });
        return AutoAddresses.propose(key(object), taken);
    }

    private static String key(ConfigObject<?> object) {
        return object.namespace() + "/" + ((ServiceEntry) object.spec()).hosts().getFirst();
    }

    // One host in two entries is SP3106's.
    private static boolean sameHosts(ConfigObject<?> other, ServiceEntry entry) {
        return new HashSet<>(((ServiceEntry) other.spec()).hosts()).equals(new HashSet<>(entry.hosts()));
    }
}
