package io.sallyport.runtime.identity;

import io.sallyport.runtime.tls.PeerNames;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// Whose a certificate is, by its subject alternative names: `spiffe://cluster.local/ns/shop/sa/edge` is a
/// workload, and the names that the settings list are Sallyport's services. Names are compared as a whole:
/// `edge2` is not `edge`.
///
/// @param services a service's name, and the URIs or DNS names of its certificates
public record CertificateNames(String trustDomain, SortedMap<String, List<String>> services) {

    public CertificateNames {
        var copy = new TreeMap<String, List<String>>();
        services.forEach((name, names) -> copy.put(name, List.copyOf(names)));
        services = copy;
    }

    /// Who shows a certificate with these names; empty: nobody that is known here.
    public Optional<Identity> identify(PeerNames names) {
        for (Map.Entry<String, List<String>> service : services.entrySet()) {
            for (var name : service.getValue()) {
                if (names.uris().contains(name) || names.dns().contains(name)) {
                    return Optional.of(new Identity.Service(service.getKey()));
                }
            }
        }
        // SPIFFE allows one URI; with more of them nobody could say which one counts.
        return names.uris().size() == 1 ? workload(names.uris().getFirst()) : Optional.empty();
    }

    private Optional<Identity> workload(String uri) {
        var start = "spiffe://" + trustDomain + "/";
        if (!uri.startsWith(start)) {
            return Optional.empty();
        }
        var parts = uri.substring(start.length()).split("/", -1);
        return parts.length == 4
                        && parts[0].equals("ns")
                        && parts[2].equals("sa")
                        && !parts[1].isEmpty()
                        && !parts[3].isEmpty()
                ? Optional.of(new Identity.Workload(parts[1], parts[3], Optional.empty()))
                : Optional.empty();
    }
}
