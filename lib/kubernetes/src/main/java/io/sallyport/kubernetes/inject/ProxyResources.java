package io.sallyport.kubernetes.inject;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.re2j.Pattern;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What the proxy of a pod may use: the settings, or Istio's annotations `sidecar.istio.io/proxyCPU`, `proxyMemory`,
/// `proxyCPULimit` and `proxyMemoryLimit`.
final class ProxyResources {

    private static final Pattern QUANTITY = Pattern.compile("[0-9]{1,12}(\\.[0-9]{1,9})?(m|[kKMGT]i?)?");
    private static final Map<String, List<String>> ANNOTATIONS = Map.of(
            "proxyCPU", List.of("requests", "cpu"),
            "proxyMemory", List.of("requests", "memory"),
            "proxyCPULimit", List.of("limits", "cpu"),
            "proxyMemoryLimit", List.of("limits", "memory"));

    private ProxyResources() {}

    static ObjectNode of(Map<String, String> annotations, InjectionSettings settings, List<String> reasons) {
        var part = settings.proxy();
        var resources = json(part == null ? null : part.resources());
        new TreeMap<>(ANNOTATIONS).forEach((name, place) -> {
            var wanted = annotations.get("sidecar.istio.io/" + name);
            if (wanted == null) {
                return;
            }
            if (!QUANTITY.matches(wanted)) {
                reasons.add("annotation sidecar.istio.io/" + name + ": \"" + wanted
                        + "\" (expected: a quantity like 100m or 128Mi)");
                return;
            }
            resources.withObjectProperty(place.getFirst()).put(place.getLast(), wanted);
        });
        return resources;
    }

    static ObjectNode json(@org.jspecify.annotations.Nullable Map<String, Map<String, String>> resources) {
        var found = JsonNodeFactory.instance.objectNode();
        if (resources != null) {
            new TreeMap<>(resources).forEach((kind, amounts) -> {
                var below = found.putObject(kind);
                new TreeMap<>(amounts).forEach(below::put);
            });
        }
        return found;
    }
}
