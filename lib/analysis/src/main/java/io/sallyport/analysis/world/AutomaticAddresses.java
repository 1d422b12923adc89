package io.sallyport.analysis.world;

import com.google.common.collect.ImmutableSortedMap;
import io.sallyport.analysis.Tcp;
import io.sallyport.analysis.text.AutoAddresses;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.ServiceEntry;
import io.sallyport.model.ServiceEntry.Resolution;
import java.util.Collection;
import java.util.HashSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/// The addresses of services that nobody gave one and that cannot be told apart without: bytes on a TCP port, by a
/// ServiceEntry that does not leave the address to the client. `shop/users.test` has 240.240.50.162 in every process,
/// since which address it is lies in the name (see [AutoAddresses]); where two names meet in one, the older keeps it.
///
/// Istio gives addresses to all entries and uses them where its agent answers DNS with them
/// (`PILOT_ENABLE_IP_AUTOALLOCATE`, `pilot/pkg/networking/serviceentry`); the label that turns it off there does so
/// here.
record AutomaticAddresses(ImmutableSortedMap<String, String> byService) {

    static final AutomaticAddresses NONE = new AutomaticAddresses(ImmutableSortedMap.of());

    private static final String SWITCH = "networking.istio.io/enable-autoallocate-ip";

    /// Whether an entry gets an address, or has one that others may not get.
    static boolean isConcerned(ConfigObject<ServiceEntry> entry) {
        return gets(entry) || entry.spec().addresses().stream().anyMatch(AutoAddresses::isOne);
    }

    private static boolean gets(ConfigObject<ServiceEntry> entry) {
        return entry.spec().resolution() != Resolution.NONE
                && !"false".equals(entry.metadata().labels().get(SWITCH))
                && !Tcp.ports(entry.spec()).isEmpty();
    }

    static AutomaticAddresses of(Collection<ConfigObject<ServiceEntry>> entries) {
        if (entries.isEmpty()) {
            return NONE;
        }
        var taken = new HashSet<String>();
        entries.forEach(entry -> taken.addAll(entry.spec().addresses()));
        var given = new TreeMap<String, String>();
        entries.stream()
                .filter(AutomaticAddresses::gets)
                .sorted(ConfigObject.BY_AGE)
                .forEach(entry -> entry.spec().hosts().stream()
                        .filter(host -> !HostNames.isWildcard(host))
                        .forEach(host -> given.computeIfAbsent(
                                key(entry.namespace(), HostNames.qualify(host, entry.namespace())), key -> {
                                    var address = AutoAddresses.propose(key, taken);
                                    taken.add(address);
                                    return address;
                                })));
        return new AutomaticAddresses(ImmutableSortedMap.copyOf(given));
    }

    private static String key(String namespace, String host) {
        return namespace + "/" + host;
    }

    Optional<String> of(String namespace, String host) {
        return Optional.ofNullable(byService.get(key(namespace, host)));
    }

    /// The hosts that have another address than in `previous`.
    TreeSet<String> differing(AutomaticAddresses previous) {
        var hosts = new TreeSet<String>();
        byService.forEach((key, address) -> {
            if (!address.equals(previous.byService.get(key))) {
                hosts.add(host(key));
            }
        });
        previous.byService.keySet().stream()
                .filter(key -> !byService.containsKey(key))
                .forEach(key -> hosts.add(host(key)));
        return hosts;
    }

    private static String host(String key) {
        return key.substring(key.indexOf('/') + 1);
    }
}
