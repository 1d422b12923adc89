package io.sallyport.config.kubernetes;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import java.util.Map;
import java.util.Optional;

/// Spells what the status of an object is to be, in the words that its kind has for that.
interface StatusText {

    /// The whole status, with what others wrote into `before` kept; empty: there is nothing to say.
    Optional<Map<String, Object>> status(ClusterObject name, GenericKubernetesResource object, Map<?, ?> before);
}
