package io.sallyport.translation.simulate;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.ScopedRouteConfiguration;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.ResourceType;
import java.util.List;
import java.util.Optional;

/// The resources of a proxy, parsed as they are asked for.
record ParsedResources(EnvoyResources resources) {

    private static final String EVERYWHERE = "0.0.0.0";

    /// The listener of a port; of several, the first by name.
    Optional<Listener> listener(int port) {
        return resources.all(ResourceType.LISTENER).values().stream()
                .map(resource -> parse(Listener.parser(), resource.toAny()))
                .filter(listener -> listener.getAddress().getSocketAddress().getPortValue() == port)
                .filter(listener -> !listener.hasUdpListenerConfig())
                .findFirst();
    }

    /// The listener that takes over what was redirected on its way to an address.
    Optional<Listener> redirected(String address, int port) {
        return listener(address + "_" + port)
                .or(() -> listener(EVERYWHERE + "_" + port))
                .or(() -> listener(ResourceNames.REDIRECTED_LISTENER));
    }

    private Optional<Listener> listener(String name) {
        return resources.find(ResourceType.LISTENER, name).map(resource -> parse(Listener.parser(), resource.toAny()));
    }

    Optional<RouteConfiguration> routes(String name) {
        return resources
                .find(ResourceType.ROUTES, name)
                .map(resource -> parse(RouteConfiguration.parser(), resource.toAny()));
    }

    Optional<RouteConfiguration> scope(String key) {
        return resources
                .find(ResourceType.SCOPED_ROUTES, ResourceNames.scope(key))
                .map(resource -> parse(ScopedRouteConfiguration.parser(), resource.toAny()))
                .flatMap(scope -> scope.hasRouteConfiguration()
                        ? Optional.of(scope.getRouteConfiguration())
                        : routes(scope.getRouteConfigurationName()));
    }

    /// What a network filter is to do: what stands in it, or what it is to ask for.
    Optional<Any> configuration(Filter filter) {
        return filter.hasConfigDiscovery()
                ? resources
                        .find(ResourceType.EXTENSIONS, filter.getName())
                        .map(resource -> parse(TypedExtensionConfig.parser(), resource.toAny())
                                .getTypedConfig())
                : Optional.of(filter.getTypedConfig());
    }

    Optional<Cluster> cluster(String name) {
        return resources.find(ResourceType.CLUSTER, name).map(resource -> parse(Cluster.parser(), resource.toAny()));
    }

    /// The addresses of a cluster's endpoints, `host:port`, those that are not to be used left out.
    List<String> endpoints(Cluster cluster) {
        var assignment = cluster.getType() == Cluster.DiscoveryType.EDS
                ? resources
                        .find(ResourceType.ENDPOINTS, cluster.getName())
                        .map(resource -> parse(ClusterLoadAssignment.parser(), resource.toAny()))
                        .orElse(ClusterLoadAssignment.getDefaultInstance())
                : cluster.getLoadAssignment();
        return assignment.getEndpointsList().stream()
                .flatMap(locality -> locality.getLbEndpointsList().stream())
                .filter(endpoint -> switch (endpoint.getHealthStatus()) {
                    case UNKNOWN, HEALTHY, DEGRADED -> true;
                    case UNHEALTHY, DRAINING, TIMEOUT, UNRECOGNIZED -> false;
                })
                .map(endpoint -> endpoint.getEndpoint().getAddress())
                .map(address -> address.hasPipe()
                        ? address.getPipe().getPath()
                        : address.getSocketAddress().getAddress() + ":"
                                + address.getSocketAddress().getPortValue())
                .toList();
    }

    /// What we packed or serialised ourselves parses.
    static <M extends Message> M parse(Parser<M> parser, Any any) {
        try {
            return parser.parseFrom(any.getValue());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("resource of type " + any.getTypeUrl() + " does not parse", e);
        }
    }
}
