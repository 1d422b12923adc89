package io.sallyport.translation.link;

import io.sallyport.analysis.ConfigImage;
import io.sallyport.analysis.world.AppProtocol;
import io.sallyport.analysis.world.Backend;
import io.sallyport.analysis.world.HostNames;
import io.sallyport.analysis.world.World;
import io.sallyport.model.DestinationRule.Subset;
import io.sallyport.model.Kind;
import io.sallyport.model.ServiceEntry;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.plan.Action;
import io.sallyport.translation.plan.Chain;
import io.sallyport.translation.plan.Chain.Content;
import io.sallyport.translation.plan.Chain.Match;
import io.sallyport.translation.plan.UpstreamId;
import java.util.List;
import java.util.stream.Stream;

/// The chains of a server with AUTO_PASSTHROUGH: one for each port and subset of each service of the mesh
/// that its hosts cover. Workloads elsewhere name the place in their hello
/// (`outbound_.80_.v1_.reviews.shop.svc.cluster.local`) and say by ALPN that they speak the mesh's own TLS,
/// which goes on as it came. Services outside of the mesh have none. (Istio:
/// `builtAutoPassthroughFilterChains` in `pilot/pkg/networking/core/gateway.go`.)
final class MeshChains {

    // What workloads offer in the mesh's own TLS.
    private static final List<String> MESH_PROTOCOLS =
            List.of("istio-peer-exchange", "istio", "istio-http/1.0", "istio-http/1.1", "istio-h2");

    private final World world;
    private final ProxyClass proxy;

    MeshChains(World world, ProxyClass proxy) {
        this.world = world;
        this.proxy = proxy;
    }

    Stream<Chain> link(Member member) {
        return world.hosts().stream()
                .filter(host -> member.hosts().stream()
                        .anyMatch(served -> served.equals("*") || HostNames.isSubset(host, served)))
                .flatMap(host -> world.backends(host, proxy.namespace()).stream()
                        .limit(1)
                        .filter(this::isInMesh)
                        .flatMap(backend -> chains(backend, member)));
    }

    private Stream<Chain> chains(Backend backend, Member member) {
        var rule = world.rule(backend.host(), backend.namespace(), proxy.namespace(), proxy.labels());
        var subsets = Stream.concat(Stream.of(""), rule.subsets().stream().map(Subset::name))
                .distinct()
                .toList();
        return backend.ports().stream()
                .filter(port -> port.protocol() != AppProtocol.UDP)
                .flatMap(port -> subsets.stream()
                        .map(subset -> chain(new UpstreamId(port.number(), subset, backend.host(), true), member)));
    }

    private Chain chain(UpstreamId id, Member member) {
        return new Chain(
                new Match.Names(List.of(ResourceNames.meshName(id)), MESH_PROTOCOLS),
                new Chain.Tls.None(),
                new Content.Tcp(
                        ResourceNames.cluster(id),
                        List.of(Action.Share.whole(id)),
                        new UpstreamLinker(world, proxy).tcp(id)),
                member.origin());
    }

    private boolean isInMesh(Backend backend) {
        if (!backend.alias().isEmpty()) {
            return false;
        }
        var object = backend.origin().object();
        return object.kind() != Kind.SERVICE_ENTRY
                || world.image()
                        .find(object)
                        .map(entry ->
                                ConfigImage.cast(entry, ServiceEntry.class).spec())
                        .filter(entry -> entry.location() == ServiceEntry.Location.MESH_INTERNAL)
                        .isPresent();
    }
}
