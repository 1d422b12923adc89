package io.sallyport.translation.link;

import io.sallyport.analysis.world.MeshSettings;
import io.sallyport.model.Origin;
import io.sallyport.model.Path;
import io.sallyport.model.Platform;
import io.sallyport.translation.plan.Timeout;
import io.sallyport.translation.plan.Upstream;
import io.sallyport.translation.plan.Upstream.Balancing;
import io.sallyport.translation.plan.Upstream.Discovery;
import io.sallyport.translation.plan.Upstream.Ejection;
import io.sallyport.translation.plan.Upstream.KeepAlive;
import io.sallyport.translation.plan.Upstream.Limits;
import io.sallyport.translation.plan.Upstream.Pings;
import io.sallyport.translation.plan.Upstream.Preamble;
import io.sallyport.translation.plan.Upstream.Protocol;
import io.sallyport.translation.plan.Upstream.RetryBudget;
import io.sallyport.translation.plan.Upstream.Spread;
import io.sallyport.translation.plan.Upstream.Tls;
import io.sallyport.translation.plan.UpstreamId;
import java.util.List;

/// Makes the upstreams that a client proxy has by itself, for traffic to places that nobody declares.
/// (Istio: `buildBlackHoleCluster` and `buildDefaultPassthroughCluster` in
/// `pilot/pkg/networking/core/cluster_builder.go`.)
final class OwnUpstreams {

    private static final Origin SETTINGS = new Origin(Platform.REF, Path.of("mesh", "outboundTrafficPolicy"));

    private OwnUpstreams() {}

    static Upstream link(UpstreamId id, MeshSettings mesh) {
        if (id.equals(UpstreamId.PASSTHROUGH)) {
            return made(id, mesh, new Discovery.Original(0), new Balancing.AsDiscovered(), Protocol.AS_CLIENT);
        }
        if (id.equals(UpstreamId.BY_NAME)) {
            return made(id, mesh, new Discovery.ByRequest(), new Balancing.AsDiscovered(), Protocol.AS_CLIENT);
        }
        if (id.equals(UpstreamId.BLACK_HOLE)) {
            var balancing = new Balancing.RoundRobin(new Upstream.WarmUp.None());
            return made(id, mesh, new Discovery.Nowhere(), balancing, Protocol.TCP);
        }
        throw new IllegalArgumentException("upstream " + id + " (expected: one that proxies have by themselves)");
    }

    private static Upstream made(
            UpstreamId id, MeshSettings mesh, Discovery discovery, Balancing balancing, Protocol protocol) {
        return new Upstream.Known(
                id,
                discovery,
                balancing,
                Spread.ENDPOINTS,
                new Limits(
                        mesh.connectTimeout(),
                        Limits.UNLIMITED,
                        Limits.UNLIMITED,
                        Limits.UNLIMITED,
                        Limits.UNLIMITED,
                        Limits.UNLIMITED,
                        Timeout.none(),
                        Timeout.none(),
                        new KeepAlive.Off(),
                        new RetryBudget.None(),
                        Limits.UNLIMITED,
                        new Pings.Off()),
                new Ejection.None(),
                protocol,
                Preamble.NONE,
                new Tls.None(),
                SETTINGS,
                List.of());
    }
}
