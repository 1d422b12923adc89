package io.sallyport.conformance;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.bootstrap.v3.Bootstrap;
import io.envoyproxy.envoy.config.bootstrap.v3.RuntimeLayer;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.ScopedRouteConfiguration;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.ScopedRouteConfigurationsList;
import io.sallyport.analysis.Analyzer;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.read.YamlReader;
import io.sallyport.translation.EnvoyResource;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.ResourceType;
import io.sallyport.translation.Translator;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What a proxy is given by discovery, as one static configuration: each resource stands where it would be asked for.
/// Envoy judges it by the same code, without a control plane.
final class StaticBootstrap {

    // The bound that the bootstrap of `up` sets, too.
    private static final int MAX_PROGRAM_SIZE = 32_768;

    private final EnvoyResources resources;

    StaticBootstrap(EnvoyResources resources) {
        this.resources = resources;
    }

    /// Of a shared ingress gateway, which these resources configure.
    static Bootstrap of(String yaml) throws InvalidProtocolBufferException {
        var objects = new YamlReader()
                .read("in.yaml", yaml.getBytes(StandardCharsets.UTF_8))
                .objects()
                .toList();
        var image = new Analyzer().check(ConfigImage.EMPTY.with(1, objects, List.of()));
        var proxy = new ProxyClass(
                ProxyClass.Role.ROUTER,
                "istio-system",
                "istio-ingressgateway",
                new TreeMap<>(Map.of("istio", "ingressgateway")),
                new TreeMap<>(),
                "127.0.0.1",
                true);
        return new StaticBootstrap(new Translator().translate(image, proxy)).build();
    }

    Bootstrap build() throws InvalidProtocolBufferException {
        var out = Bootstrap.newBuilder();
        for (var listener : resources.all(ResourceType.LISTENER).values()) {
            out.getStaticResourcesBuilder().addListeners(listener(listener));
        }
        for (var cluster : resources.all(ResourceType.CLUSTER).values()) {
            out.getStaticResourcesBuilder().addClusters(cluster(cluster));
        }
        out.getLayeredRuntimeBuilder()
                .addLayers(RuntimeLayer.newBuilder()
                        .setName("static")
                        .setStaticLayer(Struct.newBuilder()
                                .putFields(
                                        "re2.max_program_size.error_level",
                                        Value.newBuilder()
                                                .setNumberValue(MAX_PROGRAM_SIZE)
                                                .build())));
        return out.build();
    }

    private Listener listener(EnvoyResource resource) throws InvalidProtocolBufferException {
        var listener = Listener.parseFrom(resource.bytes()).toBuilder();
        for (var chain : listener.getFilterChainsBuilderList()) {
            inline(chain);
        }
        return listener.build();
    }

    private void inline(FilterChain.Builder chain) throws InvalidProtocolBufferException {
        for (var filter : chain.getFiltersBuilderList()) {
            if (filter.getTypedConfig().is(HttpConnectionManager.class)) {
                var manager = filter.getTypedConfig().unpack(HttpConnectionManager.class).toBuilder();
                if (manager.hasRds()) {
                    manager.setRouteConfig(RouteConfiguration.parseFrom(resources
                            .find(ResourceType.ROUTES, manager.getRds().getRouteConfigName())
                            .orElseThrow()
                            .bytes()));
                } else {
                    manager.getScopedRoutesBuilder().clearRdsConfigSource().setScopedRouteConfigurationsList(scopes());
                }
                filter.setTypedConfig(Any.pack(manager.build()));
            }
        }
    }

    private ScopedRouteConfigurationsList scopes() throws InvalidProtocolBufferException {
        var list = ScopedRouteConfigurationsList.newBuilder();
        for (var scope : resources.all(ResourceType.SCOPED_ROUTES).values()) {
            list.addScopedRouteConfigurations(ScopedRouteConfiguration.parseFrom(scope.bytes()));
        }
        return list.build();
    }

    private Cluster cluster(EnvoyResource resource) throws InvalidProtocolBufferException {
        var cluster = Cluster.parseFrom(resource.bytes());
        if (cluster.getType() != Cluster.DiscoveryType.EDS) {
            return cluster;
        }
        var endpoints =
                resources.find(ResourceType.ENDPOINTS, cluster.getName()).orElseThrow();
        return cluster.toBuilder()
                .clearEdsClusterConfig()
                .setType(Cluster.DiscoveryType.STATIC)
                .setLoadAssignment(ClusterLoadAssignment.parseFrom(endpoints.bytes()))
                .build();
    }
}
