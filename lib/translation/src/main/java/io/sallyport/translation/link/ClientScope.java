package io.sallyport.translation.link;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import io.sallyport.analysis.world.AppProtocol;
import io.sallyport.analysis.world.HostNames;
import io.sallyport.analysis.world.World;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.MeshConfig.OutboundMode;
import io.sallyport.model.Sidecar;
import io.sallyport.model.VirtualService.Destination;
import io.sallyport.translation.ProxyClass;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/// What the objects of the namespaces let a client proxy see, and what it does with everything else: the
/// Sidecar that is for it, else all that is visible to its namespace and the mesh's own policy.
///
/// One Sidecar counts: the oldest of the namespace whose selector takes the workload, else the oldest of the namespace
/// without a selector, else the oldest of the root namespace without one. (Istio: `pilot/pkg/model/sidecar.go`.)
///
/// @param ports what is seen on ports that the Sidecar names
/// @param rest what is seen on all other ports; empty where the Sidecar names ports only
/// @param namespace the namespace that short names of `egressProxy` belong to
record ClientScope(
        ImmutableSortedMap<Integer, OwnPort> ports,
        Optional<Imports> rest,
        OutboundMode mode,
        Optional<Destination> egressProxy,
        String namespace) {

    /// A port that a Sidecar declares, with its own protocol.
    record OwnPort(AppProtocol protocol, Imports imports) {}

    /// What a Sidecar's `hosts` let in. An entry is `namespace/host`; `~` in front takes out again.
    record Imports(ImmutableList<Entry> in, ImmutableList<Entry> out) {

        static final Imports EVERYTHING = new Imports(ImmutableList.of(new Entry("*", "*")), ImmutableList.of());

        static Imports of(List<String> hosts, String namespace) {
            var in = ImmutableList.<Entry>builder();
            var out = ImmutableList.<Entry>builder();
            for (var text : hosts) {
                int slash = text.indexOf('/');
                var place = slash < 0 ? "*" : text.substring(0, slash);
                var host = text.substring(slash + 1);
                if (place.equals("~")) {
                    continue;
                }
                boolean isOut = place.startsWith("~") || host.startsWith("~");
                var where = place.startsWith("~") ? place.substring(1) : place;
                var entry = new Entry(
                        where.equals(".") ? namespace : where, host.startsWith("~") ? host.substring(1) : host);
                (isOut ? out : in).add(entry);
            }
            return new Imports(in.build(), out.build());
        }

        /// Whether a service is let in.
        boolean covers(String namespace, String host) {
            return in.stream().anyMatch(entry -> entry.covers(namespace, host))
                    && out.stream().noneMatch(entry -> entry.covers(namespace, host));
        }

        /// Whether a VirtualService for some of these hosts is let in.
        boolean meets(String namespace, List<String> hosts) {
            return hosts.stream()
                    .anyMatch(host -> in.stream().anyMatch(entry -> entry.meets(namespace, host))
                            && out.stream().noneMatch(entry -> entry.covers(namespace, host)));
        }
    }

    /// `namespace` is a name or `*`.
    record Entry(String namespace, String host) {

        boolean covers(String seen, String seenHost) {
            return isOf(seen) && HostNames.isSubset(seenHost, host);
        }

        boolean meets(String seen, String seenHost) {
            return isOf(seen) && HostNames.overlap(seenHost, host);
        }

        private boolean isOf(String seen) {
            return namespace.equals("*") || namespace.equals(seen);
        }
    }

    /// What is seen on a port.
    Optional<Imports> at(int port) {
        var own = ports.get(port);
        return own == null ? rest : Optional.of(own.imports());
    }

    /// Whether a service is seen on some port.
    boolean covers(String viewed, String host) {
        return rest.filter(imports -> imports.covers(viewed, host)).isPresent()
                || ports.values().stream().anyMatch(port -> port.imports().covers(viewed, host));
    }

    static ClientScope of(World world, ProxyClass proxy) {
        return chosen(world, proxy)
                .map(sidecar -> of(world, sidecar, proxy))
                .orElseGet(() -> new ClientScope(
                        ImmutableSortedMap.of(),
                        Optional.of(Imports.EVERYTHING),
                        world.mesh().outboundMode(),
                        Optional.empty(),
                        proxy.namespace()));
    }

    static Optional<ConfigObject<Sidecar>> chosen(World world, ProxyClass proxy) {
        var own = world.sidecars(proxy.namespace());
        return own.stream()
                .filter(sidecar -> selects(sidecar.spec(), proxy))
                .findFirst()
                .or(() -> own.stream().filter(ClientScope::isForAll).findFirst())
                .or(() -> world.sidecars(world.mesh().rootNamespace()).stream()
                        .filter(ClientScope::isForAll)
                        .findFirst());
    }

    private static boolean isForAll(ConfigObject<Sidecar> sidecar) {
        var selector = sidecar.spec().workloadSelector();
        return selector == null || selector.labels().isEmpty();
    }

    private static boolean selects(Sidecar sidecar, ProxyClass proxy) {
        var selector = sidecar.workloadSelector();
        return selector != null
                && !selector.labels().isEmpty()
                && proxy.labels().entrySet().containsAll(selector.labels().entrySet());
    }

    private static ClientScope of(World world, ConfigObject<Sidecar> sidecar, ProxyClass proxy) {
        // `./*` of a Sidecar in the root namespace is the proxy's own namespace.
        var namespace = proxy.namespace();
        var ports = new TreeMap<Integer, OwnPort>();
        var rest = Optional.<Imports>empty();
        for (var listener : sidecar.spec().egress()) {
            var imports = Imports.of(listener.hosts(), namespace);
            var port = listener.port();
            if (port == null || port.number() == 0) {
                rest = Optional.of(imports);
            } else {
                ports.putIfAbsent(port.number(), new OwnPort(AppProtocol.parse(port.protocol()), imports));
            }
        }
        var policy = sidecar.spec().outboundTrafficPolicy();
        return new ClientScope(
                ImmutableSortedMap.copyOfSorted(ports),
                sidecar.spec().egress().isEmpty() ? Optional.of(Imports.EVERYTHING) : rest,
                policy == null ? world.mesh().outboundMode() : policy.mode(),
                Optional.ofNullable(policy).flatMap(wanted -> Optional.ofNullable(wanted.egressProxy())),
                sidecar.namespace());
    }
}
