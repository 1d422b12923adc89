package io.sallyport.analysis.world;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedSet;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.Destination;
import io.sallyport.model.VirtualService.HttpMirrorPolicy;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// A VirtualService with its names completed: `hosts` and `destinations` as whole host names, `gateways` as
/// `namespace/name` (or `mesh`). (Istio: `pilot/pkg/model/virtualservice.go`.)
public record Routing(
        ConfigObject<VirtualService> object,
        ImmutableList<String> hosts,
        ImmutableList<String> gateways,
        ImmutableSortedSet<String> destinations,
        Visibility visibility) {

    static Routing of(ConfigObject<VirtualService> object, MeshSettings mesh) {
        var spec = object.spec();
        var namespace = object.namespace();
        return new Routing(
                object,
                spec.hosts().stream()
                        .map(host -> HostNames.qualify(host, namespace))
                        .collect(ImmutableList.toImmutableList()),
                spec.gateways().isEmpty()
                        ? ImmutableList.of("mesh")
                        : spec.gateways().stream()
                                .map(gateway -> HostNames.gateway(gateway, namespace))
                                .distinct()
                                .collect(ImmutableList.toImmutableList()),
                destinations(spec, namespace),
                Visibility.of(namespace, spec.exportTo(), mesh.virtualServiceExportTo()));
    }

    private static ImmutableSortedSet<String> destinations(VirtualService spec, String namespace) {
        var hosts = new TreeSet<String>();
        for (var rule : spec.http()) {
            rule.route().forEach(share -> add(hosts, share.destination(), namespace));
            rule.mirrors().stream().map(HttpMirrorPolicy::destination).forEach(mirror -> add(hosts, mirror, namespace));
            add(hosts, rule.mirror(), namespace);
        }
        spec.tcp().forEach(rule -> rule.route().forEach(share -> add(hosts, share.destination(), namespace)));
        spec.tls().forEach(rule -> rule.route().forEach(share -> add(hosts, share.destination(), namespace)));
        return ImmutableSortedSet.copyOf(hosts);
    }

    private static void add(TreeSet<String> hosts, @Nullable Destination destination, String namespace) {
        if (destination != null && !destination.host().isEmpty()) {
            hosts.add(HostNames.qualify(destination.host(), namespace));
        }
    }

    /// Whether it has no hosts: a part that other VirtualServices delegate to.
    public boolean isDelegate() {
        return hosts.isEmpty();
    }
}
