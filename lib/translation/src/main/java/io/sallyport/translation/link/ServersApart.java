package io.sallyport.translation.link;

import com.google.common.collect.ArrayListMultimap;
import com.google.common.collect.ListMultimap;
import io.sallyport.analysis.world.HostNames;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.plan.Bind;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;

/// The servers of a port that ask clients for certificates, and so have to be kept apart from wider servers beside
/// them. A connection that named `shop.test` comes to the server for `*.test`; a request on it for `bank.test`,
/// whose own server wants a certificate, would be served without one. Istio serves it.
final class ServersApart {

    private final IdentityHashMap<Member, Bind> sockets = new IdentityHashMap<>();
    private final ListMultimap<Bind, Asking> asking = ArrayListMultimap.create();

    private record Asking(Member member, List<Object> authority) {}

    ServersApart(PortLayout layout, ProxyClass proxy) {
        layout.slots().forEach((slot, members) -> {
            var socket = new Bind(slot.address(proxy), slot.port());
            for (var member : members) {
                sockets.put(member, socket);
                if (asks(member)) {
                    asking.put(socket, new Asking(member, authority(member)));
                }
            }
        });
    }

    /// The hosts that a server's own cover, but that belong to a server beside it which asks for other
    /// certificates.
    List<String> from(Member wide) {
        if (asking.isEmpty() || wide.hosts().stream().noneMatch(HostNames::isWildcard)) {
            return List.of();
        }
        var socket = sockets.get(wide);
        var own = authority(wide);
        return socket == null
                ? List.of()
                : asking.get(socket).stream()
                        .filter(narrow -> !narrow.authority().equals(own))
                        .flatMap(narrow -> narrow.member().hosts().stream())
                        .filter(host -> wide.hosts().stream().anyMatch(pattern -> HostNames.isSubset(host, pattern)))
                        .distinct()
                        .sorted()
                        .toList();
    }

    /// Whether the closest of all hosts to one is `elsewhere`.
    static boolean isElsewhere(String host, List<String> served, List<String> elsewhere) {
        var other = closest(host, elsewhere);
        return other.isPresent()
                && closest(host, served)
                        .filter(own -> HostNames.isSubset(own, other.get()))
                        .isEmpty();
    }

    private static Optional<String> closest(String host, List<String> patterns) {
        return patterns.stream()
                .filter(pattern -> HostNames.isSubset(host, pattern))
                .min(HostNames.MOST_SPECIFIC_FIRST);
    }

    private static boolean asks(Member member) {
        var tls = member.server().tls();
        return tls != null
                && switch (tls.mode()) {
                    case MUTUAL, OPTIONAL_MUTUAL, ISTIO_MUTUAL -> true;
                    case SIMPLE, PASSTHROUGH, AUTO_PASSTHROUGH -> false;
                };
    }

    // All that says which certificates are taken.
    private static List<Object> authority(Member member) {
        var tls = member.server().tls();
        return tls == null || !asks(member)
                ? List.of()
                : List.of(
                        tls.mode(),
                        tls.caCertificates(),
                        tls.caCrl(),
                        tls.caCertCredentialName(),
                        tls.caCertCredentialName().isEmpty() ? tls.credentialName() : "",
                        tls.caCertCredentialName().isEmpty() ? tls.credentialNames() : List.of(),
                        tls.subjectAltNames(),
                        tls.verifyCertificateSpki(),
                        tls.verifyCertificateHash(),
                        tls.insecureSkipVerify());
    }
}
