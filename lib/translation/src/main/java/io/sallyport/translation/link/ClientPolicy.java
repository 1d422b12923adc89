package io.sallyport.translation.link;

import io.sallyport.analysis.world.World;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Kind;
import io.sallyport.model.MeshConfig.OutboundMode;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Origin;
import io.sallyport.model.Path;
import io.sallyport.model.Platform;
import io.sallyport.model.Sidecar;
import io.sallyport.translation.ProxyClass;
import java.util.Optional;

/// Which objects decide what a client proxy sees and what it does with the rest, for those who explain it: the Sidecar
/// that holds for it, and where the outbound policy is written. No origin: nobody wrote one, and Istio's default holds.
public final class ClientPolicy {

    private static final ObjectRef MESH = new ObjectRef(Kind.CONFIG_MAP, "istio-system", "istio");

    private final ClientScope scope;
    private final Optional<ConfigObject<Sidecar>> sidecar;
    private final Optional<Origin> origin;

    private ClientPolicy(ClientScope scope, Optional<ConfigObject<Sidecar>> sidecar, Optional<Origin> origin) {
        this.scope = scope;
        this.sidecar = sidecar;
        this.origin = origin;
    }

    /// What holds for a class of client proxies.
    public static ClientPolicy of(World world, ProxyClass proxy) {
        var sidecar = ClientScope.chosen(world, proxy);
        var own = sidecar.filter(object -> object.spec().outboundTrafficPolicy() != null)
                .map(object -> new Origin(object.ref(), Path.of("spec", "outboundTrafficPolicy")));
        return new ClientPolicy(ClientScope.of(world, proxy), sidecar, own.or(() -> ofMesh(world)));
    }

    private static Optional<Origin> ofMesh(World world) {
        var platform = world.image()
                .find(Platform.REF)
                .filter(object -> object.spec() instanceof Platform spec && spec.mesh() != null);
        if (platform.isPresent()) {
            return platform.map(object -> new Origin(object.ref(), Path.of("mesh", "outboundTrafficPolicy")));
        }
        return world.image().find(MESH).map(object -> new Origin(object.ref(), Path.of("data", "mesh")));
    }

    /// What becomes of what nobody declares.
    public OutboundMode mode() {
        return scope.mode();
    }

    /// Who says so.
    public Optional<Origin> origin() {
        return origin;
    }

    /// The Sidecar that holds.
    public Optional<ConfigObject<Sidecar>> sidecar() {
        return sidecar;
    }

    /// Whether a service of a namespace is let in on a port.
    public boolean imports(String namespace, String host, int port) {
        return scope.at(port).filter(imports -> imports.covers(namespace, host)).isPresent();
    }
}
