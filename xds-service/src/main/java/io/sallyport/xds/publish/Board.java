package io.sallyport.xds.publish;

import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.sallyport.translation.EnvoyResource;
import io.sallyport.translation.ProxyClass;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Where one class of proxies finds its newest [Snapshot]. Publishing is one write to a volatile field; then every
/// reader is woken. Readers on other threads see either the old snapshot or the new one, each whole.
public final class Board {

    private final ProxyClass proxies;
    private final Set<Runnable> readers = ConcurrentHashMap.newKeySet();
    private final Encodings encodings;
    private volatile @Nullable Snapshot newest;

    Board(ProxyClass proxies, Encodings encodings) {
        this.proxies = proxies;
        this.encodings = encodings;
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
        newest = next;
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

    /// The resource as delta discovery sends it.
    public Resource encode(EnvoyResource resource) {
        return encodings.of(resource);
    }
}
