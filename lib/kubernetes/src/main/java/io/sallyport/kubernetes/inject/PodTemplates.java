package io.sallyport.kubernetes.inject;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Where the pods are in an object: a Pod is one, a Deployment has a template of one, a List has several objects.
public final class PodTemplates {

    private static final List<String> TEMPLATE = List.of("spec", "template");
    private static final Map<String, List<String>> KINDS = Map.of(
            "Pod", List.of(),
            "Deployment", TEMPLATE,
            "ReplicaSet", TEMPLATE,
            "ReplicationController", TEMPLATE,
            "StatefulSet", TEMPLATE,
            "DaemonSet", TEMPLATE,
            "Job", TEMPLATE,
            "CronJob", List.of("spec", "jobTemplate", "spec", "template"));
    private static final int MOST_ITEMS = 10_000;

    private PodTemplates() {}

    /// One of them.
    ///
    /// @param path where it is in the whole object
    /// @param kind of the object around it
    /// @param name of the object around it
    /// @param namespace of the object around it; empty: it says none
    public record Place(List<String> path, JsonNode pod, String kind, String name, String namespace) {

        public Place {
            path = List.copyOf(path);
        }

        @Override
        public String toString() {
            return kind + " " + (namespace.isEmpty() ? "" : namespace + "/") + name;
        }

        /// What is added to it, as seen from the whole object.
        public List<Addition> whole(List<Addition> additions) {
            return additions.stream().map(each -> each.below(path)).toList();
        }
    }

    /// All of an object, also those that lack what makes a pod; none: it makes no pods.
    public static List<Place> of(JsonNode object) {
        var found = new ArrayList<Place>();
        collect(object, List.of(), found);
        return found;
    }

    private static void collect(JsonNode object, List<String> path, List<Place> found) {
        var kind = object.path("kind").asText("");
        if (kind.equals("List") && path.isEmpty()) {
            int items = Math.min(object.path("items").size(), MOST_ITEMS);
            for (int i = 0; i < items; i++) {
                collect(object.path("items").get(i), List.of("items", String.valueOf(i)), found);
            }
            return;
        }
        var below = KINDS.get(kind);
        if (below == null) {
            return;
        }
        var whole = new ArrayList<>(path);
        var pod = object;
        for (var step : below) {
            whole.add(step);
            pod = pod.path(step);
        }
        var metadata = object.path("metadata");
        found.add(new Place(
                whole,
                pod,
                kind,
                metadata.path("name").asText(metadata.path("generateName").asText("")),
                metadata.path("namespace").asText("")));
    }
}
