package io.sallyport.kubernetes;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Informable;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps up with one kind in one version: an informer for each namespace, or one for all. Its callbacks run on the
/// client's threads.
final class KindWatch implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(KindWatch.class);

    /// A list larger than this is fetched in parts.
    private static final long PART = 500;

    private final ServedKind served;
    private final List<SharedIndexInformer<GenericKubernetesResource>> informers = new ArrayList<>();
    private final AtomicInteger unlisted;
    private volatile boolean closed;
    private volatile String problem = "";

    KindWatch(KubernetesClient client, ServedKind served, List<String> namespaces, ClusterWatch.Listener listener) {
        this.served = served;
        for (var source : sources(client, served, namespaces)) {
            informers.add(source.runnableInformer(0));
        }
        this.unlisted = new AtomicInteger(informers.size());
        for (var informer : informers) {
            informer.exceptionHandler((_, failure) -> {
                note(reason(failure));
                return !closed;
            });
            informer.addEventHandler(new Handler(listener));
        }
    }

    // Once for each reason, and not again for each attempt. What was listed before is listed anew if it is lost.
    private void note(String reason) {
        if (!isListed() && !closed && !reason.equals(problem)) {
            log.atWarn()
                    .addKeyValue("kind", served.kind())
                    .addKeyValue("reason", reason)
                    .log("Cannot be listed; it is tried again");
        }
        problem = reason;
    }

    /// Begins to list and to watch; `whenListed` runs once all of it has been listed.
    void start(Runnable whenListed) {
        for (var informer : informers) {
            informer.start().whenComplete((_, failure) -> {
                if (failure == null && unlisted.decrementAndGet() == 0) {
                    problem = "";
                    whenListed.run();
                }
            });
        }
    }

    private static List<Informable<GenericKubernetesResource>> sources(
            KubernetesClient client, ServedKind served, List<String> namespaces) {
        var all = client.genericKubernetesResources(served.definition());
        var only = served.kind().only();
        if (only.isPresent()) {
            return List.of(
                    all.inNamespace(only.get().namespace()).withName(only.get().name()));
        }
        if (!served.isNamespaced()) {
            return List.of(all.withLimit(PART));
        }
        if (namespaces.isEmpty()) {
            return List.of(all.inAnyNamespace().withLimit(PART));
        }
        return namespaces.stream()
                .<Informable<GenericKubernetesResource>>map(
                        namespace -> all.inNamespace(namespace).withLimit(PART))
                .toList();
    }

    ServedKind served() {
        return served;
    }

    boolean isListed() {
        return unlisted.get() == 0;
    }

    /// Why it does not come to an end with listing; empty: nothing is known to be in the way.
    String problem() {
        return isListed() ? "" : problem;
    }

    Optional<GenericKubernetesResource> find(ObjectKey key) {
        var name = Cache.namespaceKeyFunc(key.namespace().isEmpty() ? null : key.namespace(), key.name());
        for (var informer : informers) {
            var found = informer.getStore().getByKey(name);
            if (found != null) {
                return Optional.of(found);
            }
        }
        return Optional.empty();
    }

    List<GenericKubernetesResource> all() {
        return informers.stream()
                .flatMap(informer -> informer.getStore().list().stream())
                .toList();
    }

    private static String reason(Throwable failure) {
        for (var cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof KubernetesClientException refused && refused.getCode() > 0) {
                return "the API server answers " + refused.getCode();
            }
        }
        return String.valueOf(failure.getMessage());
    }

    @Override
    public void close() {
        closed = true;
        informers.forEach(SharedIndexInformer::stop);
    }

    private final class Handler implements ResourceEventHandler<GenericKubernetesResource> {

        private final ClusterWatch.Listener listener;

        Handler(ClusterWatch.Listener listener) {
            this.listener = listener;
        }

        private void tell(GenericKubernetesResource object) {
            if (!closed) {
                listener.changed(served.kind(), ObjectKey.of(object));
            }
        }

        @Override
        public void onAdd(GenericKubernetesResource object) {
            tell(object);
        }

        @Override
        public void onUpdate(GenericKubernetesResource before, GenericKubernetesResource object) {
            tell(object);
        }

        @Override
        public void onDelete(GenericKubernetesResource object, boolean finalStateUnknown) {
            tell(object);
        }
    }
}
