package io.sallyport.xds.publish;

import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.sallyport.translation.EnvoyResource;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.ResourceType;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Where one class of proxies finds its newest [Snapshot]. Publishing is one write to a volatile field; then every
/// reader is woken. Readers on other threads see either the old snapshot or the new one, each whole.
public final class Board {

    private final ProxyClass proxies;
    private final Set<Runnable> readers = ConcurrentHashMap.newKeySet();
    private final Map<ResourceType, ConcurrentHashMap<String, Encoded>> encoded = new EnumMap<>(ResourceType.class);
    private volatile @Nullable Snapshot newest;

    private record Encoded(EnvoyResource resource, Resource message) {}

    public Board(ProxyClass proxies) {
        this.proxies = proxies;
        for (var type : ResourceType.values()) {
            encoded.put(type, new ConcurrentHashMap<>());
        }
    }

    public ProxyClass proxies() {
        return proxies;
    }

    /// The newest snapshot; null until the class has been translated for the first time. Until then nothing may be
    /// answered: an empty answer would take away what a reconnecting Envoy serves.
    public @Nullable Snapshot newest() {
        return newest;
    }

    /// Puts up the next snapshot. Only the owner thread of the publisher calls this.
    public void publish(Snapshot next) {
        var before = newest;
        newest = next;
        if (before != null) {
            forgetRemoved(before, next);
        }
        readers.forEach(Runnable::run);
    }

    /// Runs `wake` after each new snapshot, on the publisher's thread: it must return at once.
    public void join(Runnable wake) {
        readers.add(wake);
    }

    public void leave(Runnable wake) {
        readers.remove(wake);
    }

    public int readers() {
        return readers.size();
    }

    /// The resource as delta discovery sends it, made once for all streams of the class.
    public Resource encode(EnvoyResource resource) {
        var table = encodedOf(resource.type());
        var known = table.get(resource.name());
        if (known != null && known.resource() == resource) {
            return known.message();
        }
        var message = Resource.newBuilder()
                .setName(resource.name())
                .setVersion(resource.version())
                .setResource(resource.toAny())
                .build();
        var now = newest;
        if (now != null && now.resources().all(resource.type()).get(resource.name()) == resource) {
            table.put(resource.name(), new Encoded(resource, message));
        }
        return message;
    }

    private void forgetRemoved(Snapshot before, Snapshot next) {
        for (var type : ResourceType.values()) {
            var table = encodedOf(type);
            for (var name : next.changesSince(before, type)) {
                table.remove(name);
            }
        }
    }

    private ConcurrentHashMap<String, Encoded> encodedOf(ResourceType type) {
        var table = encoded.get(type);
        if (table == null) {
            throw new IllegalStateException("no table for " + type);
        }
        return table;
    }
}
