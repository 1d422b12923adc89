package io.sallyport.translation.emit;

import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.config.core.v3.Locality;
import io.envoyproxy.envoy.config.core.v3.Pipe;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import io.sallyport.translation.plan.Upstream;
import io.sallyport.translation.plan.Upstream.Endpoint;
import io.sallyport.translation.plan.Upstream.Group;
import java.util.List;

/// Spells the endpoints of an upstream, as a resource of their own or as part of a cluster that looks names up.
final class EndpointEmitter {

    private EndpointEmitter() {}

    static ClusterLoadAssignment emit(String cluster, List<Group> groups) {
        var out = ClusterLoadAssignment.newBuilder().setClusterName(cluster);
        groups.forEach(group -> out.addEndpoints(emit(group)));
        return out.build();
    }

    private static LocalityLbEndpoints emit(Group group) {
        var out = LocalityLbEndpoints.newBuilder().setPriority(group.priority());
        if (!group.locality().equals(Upstream.Locality.NONE)) {
            out.setLocality(Locality.newBuilder()
                    .setRegion(group.locality().region())
                    .setZone(group.locality().zone())
                    .setSubZone(group.locality().subzone()));
        }
        if (group.weight() > 0) {
            out.setLoadBalancingWeight(Values.uint32(group.weight()));
        }
        group.endpoints().forEach(endpoint -> out.addLbEndpoints(emit(endpoint)));
        return out.build();
    }

    private static LbEndpoint emit(Endpoint endpoint) {
        var out = LbEndpoint.newBuilder().setHealthStatus(health(endpoint.health()));
        out.getEndpointBuilder().setAddress(address(endpoint.address()));
        if (endpoint.weight() > 0) {
            out.setLoadBalancingWeight(Values.uint32(endpoint.weight()));
        }
        return out.build();
    }

    // Healthy is left unsaid, as it is Envoy's default.
    private static HealthStatus health(Upstream.Health health) {
        return switch (health) {
            case HEALTHY -> HealthStatus.UNKNOWN;
            case DRAINING -> HealthStatus.DRAINING;
            case UNHEALTHY -> HealthStatus.UNHEALTHY;
        };
    }

    private static Address address(Upstream.Address address) {
        return switch (address) {
            case Upstream.Address.Socket(var host, int port) ->
                Address.newBuilder()
                        .setSocketAddress(
                                SocketAddress.newBuilder().setAddress(host).setPortValue(port))
                        .build();
            case Upstream.Address.Pipe(var path) ->
                Address.newBuilder().setPipe(Pipe.newBuilder().setPath(path)).build();
        };
    }
}
