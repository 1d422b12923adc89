package io.sallyport.xds.publish;

import com.google.common.collect.MapMaker;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.sallyport.translation.EnvoyResource;
import java.util.concurrent.ConcurrentMap;

/// Resources as delta discovery sends them, each made once for all streams of all classes that share it, and kept for
/// as long as somebody holds the resource.
final class Encodings {

    private final ConcurrentMap<EnvoyResource, Resource> messages =
            new MapMaker().weakKeys().makeMap();

    Resource of(EnvoyResource resource) {
        return messages.computeIfAbsent(
                resource,
                each -> Resource.newBuilder()
                        .setName(each.name())
                        .setVersion(each.version())
                        .setResource(each.toAny())
                        .build());
    }
}
