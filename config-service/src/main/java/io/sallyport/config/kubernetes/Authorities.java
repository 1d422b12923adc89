package io.sallyport.config.kubernetes;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.sallyport.kubernetes.ClusterSettings;
import io.sallyport.kubernetes.ClusterWatch;
import io.sallyport.kubernetes.ObjectKey;
import io.sallyport.kubernetes.WantedKind;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The ConfigMaps that BackendTLSPolicies name for their authorities, in the policy's own namespace as the standard has
/// it. Each is watched by itself, so that config-service need be allowed to read these and no others; of each only the
/// entry `ca.crt` goes further. One that may not be read is like one that is not there. [#want] belongs to the source's
/// thread.
final class Authorities implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Authorities.class);
    private static final String KEY = "ca.crt";
    // Each is a connection to the API server.
    private static final int MOST = 100;

    private final ClusterWatch watch;
    private SortedSet<ObjectKey> named = new TreeSet<>();

    private Authorities(ClusterWatch watch) {
        this.watch = watch;
    }

    static Authorities start(KubernetesClient client, ClusterSettings settings, ClusterWatch.Listener listener) {
        return new Authorities(ClusterWatch.start(client, List.of(), settings, listener));
    }

    /// Watches what these policies name, and nothing else. Whether that is something else than before.
    boolean want(Collection<GenericKubernetesResource> policies) {
        var found = new TreeSet<ObjectKey>();
        for (var policy : policies) {
            if (policy.get("spec", "validation", "caCertificateRefs") instanceof List<?> references) {
                references.forEach(
                        each -> name(policy.getMetadata().getNamespace(), each).ifPresent(found::add));
            }
        }
        while (found.size() > MOST) {
            log.atWarn().addKeyValue("left", found.last()).log("More ConfigMaps of authorities than are watched");
            found.remove(found.last());
        }
        if (found.equals(named)) {
            return false;
        }
        named = found;
        watch.want(found.stream().map(Authorities::kind).toList());
        return true;
    }

    private static Optional<ObjectKey> name(String namespace, Object reference) {
        return reference instanceof Map<?, ?> fields
                        && "ConfigMap".equals(fields.get("kind"))
                        && fields.get("name") instanceof String name
                ? Optional.of(new ObjectKey(namespace, name))
                : Optional.empty();
    }

    private static WantedKind kind(ObjectKey key) {
        return new WantedKind("", "ConfigMap", List.of("v1"), Optional.of(key));
    }

    SortedSet<ObjectKey> named() {
        return named;
    }

    /// Whether one that is named has neither been read nor refused so far.
    boolean isReading() {
        return named.stream()
                .map(Authorities::kind)
                .anyMatch(kind -> !watch.isListed(kind) && watch.problem(kind).isEmpty());
    }

    /// What is known of a ConfigMap.
    sealed interface Known {

        /// It is named and there; with `ca.crt` alone.
        record Here(GenericKubernetesResource object) implements Known {}

        /// It is not there, or nobody names it.
        record Nowhere() implements Known {}

        /// It has not been read.
        record Unread() implements Known {}
    }

    Known find(ObjectKey key) {
        if (!named.contains(key)) {
            return new Known.Nowhere();
        }
        var kind = kind(key);
        if (!watch.isListed(kind)) {
            return new Known.Unread();
        }
        return watch.find(kind, key)
                .<Known>map(object -> new Known.Here(bare(object)))
                .orElseGet(Known.Nowhere::new);
    }

    private static GenericKubernetesResource bare(GenericKubernetesResource object) {
        var bare = Serialization.clone(object);
        bare.setMetadata(new ObjectMetaBuilder(object.getMetadata())
                .withLabels(Map.of())
                .withAnnotations(Map.of())
                .build());
        var text = object.<Object>get("data", KEY);
        bare.setAdditionalProperties(Map.of("data", text == null ? Map.of() : Map.of(KEY, text)));
        return bare;
    }

    /// How many times it failed and went on.
    long failures() {
        return watch.failures();
    }

    @Override
    public void close() {
        watch.close();
    }
}
