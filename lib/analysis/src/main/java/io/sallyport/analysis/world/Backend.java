package io.sallyport.analysis.world;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import io.sallyport.model.Age;
import io.sallyport.model.Origin;
import java.util.Comparator;
import java.util.Optional;

/// A host that can be sent to, as one object declares it: a ServiceEntry's host, a Kubernetes Service, or a router of
/// this machine. Several objects may declare one host; the first that a proxy sees counts.
///
/// `digest` is that of the text that declares it. `alias` is the host that stands behind an `ExternalName` Service,
/// else empty.
public record Backend(
        String host,
        String namespace,
        Origin origin,
        String digest,
        Age age,
        Source source,
        ImmutableList<Port> ports,
        ImmutableList<Endpoint> endpoints,
        Visibility visibility,
        ImmutableList<String> subjectAltNames,
        String alias,
        ImmutableList<String> addresses) {

    /// Istio's order of conflicts.
    public static final Comparator<Backend> BY_AGE = Comparator.comparing(Backend::age)
            .thenComparing(backend -> backend.origin().object().name())
            .thenComparing(backend -> backend.origin().object().namespace())
            .thenComparing(backend -> backend.origin().object().kind())
            .thenComparing(backend -> backend.origin().path().toString());

    /// Where endpoints come from.
    public enum Source {
        /// The list, and nothing else.
        LISTED,
        /// Names in the list, looked up.
        DNS,
        /// As `DNS`, one address at a time.
        DNS_ROUND_ROBIN,
        /// Wherever the client was going.
        CLIENT,
        /// The name in the request, looked up.
        DYNAMIC_DNS
    }

    /// `target` is the port that endpoints listen on unless they say otherwise.
    public record Port(int number, String name, AppProtocol protocol, int target) {}

    /// `targets` maps a port of the service to the endpoint's own; a port that is missing is not served.
    /// `unix:///path` is a socket of the file system, whatever the port.
    public record Endpoint(
            String address,
            ImmutableSortedMap<Integer, Integer> targets,
            ImmutableSortedMap<String, String> labels,
            String locality,
            String network,
            long weight,
            boolean draining) {}

    public Optional<Port> port(int number) {
        return ports.stream().filter(port -> port.number() == number).findFirst();
    }
}
