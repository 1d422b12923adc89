package io.sallyport.xds.discovery;

import com.google.common.hash.Hashing;
import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.ScopedRouteConfiguration;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Origin;
import io.sallyport.model.Path;
import io.sallyport.translation.EnvoyResource;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ResourceType;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// Small resources for tests: `content` makes two versions of one name differ.
public final class Made {

    private Made() {}

    public static EnvoyResource resource(ResourceType type, String name, String content) {
        return of(
                type,
                name,
                switch (type) {
                    case CLUSTER ->
                        Cluster.newBuilder()
                                .setName(name)
                                .setAltStatName(content)
                                .build();
                    case ENDPOINTS ->
                        ClusterLoadAssignment.newBuilder().setClusterName(name).build();
                    case LISTENER ->
                        Listener.newBuilder()
                                .setName(name)
                                .setStatPrefix(content)
                                .build();
                    case SCOPED_ROUTES ->
                        ScopedRouteConfiguration.newBuilder()
                                .setName(name)
                                .setRouteConfigurationName(content)
                                .build();
                    case EXTENSIONS ->
                        TypedExtensionConfig.newBuilder().setName(name).build();
                    case ROUTES, SECRET ->
                        RouteConfiguration.newBuilder()
                                .setName(name)
                                .addInternalOnlyHeaders(content)
                                .build();
                },
                content);
    }

    public static EnvoyResource of(ResourceType type, String name, Message message) {
        return of(type, name, message, "");
    }

    private static EnvoyResource of(ResourceType type, String name, Message message, String content) {
        ByteString bytes = message.toByteString();
        var version = Hashing.sha256()
                .hashString(type + name + content + bytes.hashCode(), java.nio.charset.StandardCharsets.UTF_8)
                .toString()
                .substring(0, 16);
        var origin = new Origin(
                new ObjectRef(Kind.VIRTUAL_SERVICE, "shop", name.replace(':', '-')),
                Path.of("spec", "http").index(0));
        return new EnvoyResource(type, name, version, bytes, List.of(origin));
    }

    public static EnvoyResources resources(long revision, EnvoyResource... resources) {
        return EnvoyResources.EMPTY.with(revision, Arrays.asList(resources), Map.of());
    }

    public static EnvoyResources with(EnvoyResources before, EnvoyResource... resources) {
        return before.with(before.revision() + 1, Arrays.asList(resources), Map.of());
    }

    public static EnvoyResources without(EnvoyResources before, ResourceType type, String... names) {
        Map<ResourceType, Collection<String>> removed = new EnumMap<>(ResourceType.class);
        removed.put(type, Arrays.asList(names));
        return before.with(before.revision() + 1, List.of(), removed);
    }
}
