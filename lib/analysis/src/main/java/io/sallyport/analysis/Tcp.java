package io.sallyport.analysis;

import io.sallyport.analysis.text.Protocol;
import io.sallyport.model.ServiceEntry;
import io.sallyport.model.ServiceEntry.ServicePort;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// Ports of ServiceEntries that a client proxy can tell apart by nothing but their number: bytes without a name, on an
/// entry without an address (E3, P13).
public final class Tcp {

    private Tcp() {}

    public static Set<Integer> ports(ServiceEntry entry) {
        var ports = new TreeSet<Integer>();
        if (entry.addresses().isEmpty()) {
            entry.ports().stream().filter(Tcp::isNameless).forEach(port -> ports.add(port.number()));
        }
        return ports;
    }

    /// Whether the port's protocol says no host: an absent one is guessed by the first bytes, and is none of these.
    public static boolean isNameless(ServicePort port) {
        Optional<Protocol> protocol = Protocol.of(port.protocol());
        return protocol.isPresent() && protocol.get().isTcp() && !protocol.get().isTls();
    }
}
