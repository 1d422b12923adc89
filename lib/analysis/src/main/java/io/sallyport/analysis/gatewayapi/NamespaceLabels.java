package io.sallyport.analysis.gatewayapi;

import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.Kind;
import io.sallyport.model.Namespace;
import io.sallyport.model.gatewayapi.KubernetesGateway;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The labels of namespaces. One that nobody declares has its name as a label, as Kubernetes gives it.
final class NamespaceLabels {

    private final Map<String, Map<String, String>> known = new HashMap<>();

    NamespaceLabels(ConfigImage image) {
        image.all(Kind.NAMESPACE, Namespace.class).forEach(object -> {
            var labels = new HashMap<>(object.metadata().labels());
            labels.put(Namespace.NAME_LABEL, object.name());
            known.put(object.name(), labels);
        });
    }

    /// Whether a namespace is chosen. An empty selector takes every one, an absent one none.
    boolean matches(KubernetesGateway.@Nullable Selector selector, String namespace) {
        if (selector == null) {
            return false;
        }
        var labels = known.getOrDefault(namespace, Map.of(Namespace.NAME_LABEL, namespace));
        return labels.entrySet().containsAll(selector.matchLabels().entrySet())
                && selector.matchExpressions().stream().allMatch(requirement -> holds(requirement, labels));
    }

    private static boolean holds(KubernetesGateway.Requirement requirement, Map<String, String> labels) {
        var value = labels.get(requirement.key());
        return switch (requirement.operator()) {
            case In -> value != null && requirement.values().contains(value);
            case NotIn -> value == null || !requirement.values().contains(value);
            case Exists -> value != null;
            case DoesNotExist -> value == null;
        };
    }
}
