package io.sallyport.kubernetes.inject;

import com.fasterxml.jackson.databind.JsonNode;

/// Of which workload a pod is, for people and so that pods of one share a plan: `cart` of the pod
/// `cart-5d9c7b8f6-x2x9k`, which its Deployment's ReplicaSet owns.
final class Workload {

    private Workload() {}

    static String of(JsonNode pod) {
        var metadata = pod.path("metadata");
        for (var owner : metadata.path("ownerReferences")) {
            if (owner.path("controller").asBoolean(false)) {
                return ownedBy(owner, metadata);
            }
        }
        var name = metadata.path("name").asText("");
        var generated = metadata.path("generateName").asText("");
        if (name.isEmpty() && generated.endsWith("-")) {
            return generated.substring(0, generated.length() - 1);
        }
        return name.isEmpty() ? "pod" : name;
    }

    private static String ownedBy(JsonNode owner, JsonNode metadata) {
        var name = owner.path("name").asText("pod");
        var hash = "-" + metadata.path("labels").path("pod-template-hash").asText("");
        return "ReplicaSet".equals(owner.path("kind").asText()) && hash.length() > 1 && name.endsWith(hash)
                ? name.substring(0, name.length() - hash.length())
                : name;
    }
}
