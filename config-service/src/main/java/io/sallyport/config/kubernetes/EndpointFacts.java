package io.sallyport.config.kubernetes;

import com.google.common.collect.HashMultimap;
import com.google.common.collect.SetMultimap;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.sallyport.kubernetes.ObjectKey;
import io.sallyport.model.EndpointSlice;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/// What EndpointSlices leave out and subsets and locality ask for: the labels of the Pod behind an address, and the
/// region of its Node. It is told in an annotation of the slice's document, so that a Pod that no slice names costs
/// nothing, and a heartbeat of a Node makes no revision. Belongs to the source's thread.
final class EndpointFacts {

    private static final String REGION = "topology.kubernetes.io/region";
    private static final int LONGEST = 200_000;

    private final Map<ObjectKey, SortedMap<String, String>> pods = new HashMap<>();
    private final Map<ObjectKey, String> regions = new HashMap<>();
    private final SetMultimap<ObjectKey, ObjectKey> slicesOfPod = HashMultimap.create();
    private final SetMultimap<ObjectKey, ObjectKey> slicesOfNode = HashMultimap.create();
    private final Map<ObjectKey, Set<ObjectKey>> podsOfSlice = new HashMap<>();
    private final Map<ObjectKey, Set<ObjectKey>> nodesOfSlice = new HashMap<>();

    /// Takes what a Pod is by now; returns the slices whose document changes.
    Set<ObjectKey> pod(ObjectKey key, SortedMap<String, String> labels, boolean isThere) {
        var before = isThere ? pods.put(key, labels) : pods.remove(key);
        return isThere && labels.equals(before) ? Set.of() : Set.copyOf(slicesOfPod.get(key));
    }

    /// Takes what a Node is by now; returns the slices whose document changes.
    Set<ObjectKey> node(ObjectKey key, Map<String, String> labels) {
        var region = labels.getOrDefault(REGION, "");
        var before = region.isEmpty() ? regions.remove(key) : regions.put(key, region);
        return region.equals(before == null ? "" : before) ? Set.of() : Set.copyOf(slicesOfNode.get(key));
    }

    /// The slice is gone.
    void forget(ObjectKey slice) {
        podsOfSlice.getOrDefault(slice, Set.of()).forEach(pod -> slicesOfPod.remove(pod, slice));
        nodesOfSlice.getOrDefault(slice, Set.of()).forEach(node -> slicesOfNode.remove(node, slice));
        podsOfSlice.remove(slice);
        nodesOfSlice.remove(slice);
    }

    /// What there is to tell of a slice's addresses, as an annotation; and from now on, changes of its Pods concern it.
    Map<String, String> of(ObjectKey slice, GenericKubernetesResource object) {
        forget(slice);
        var itsPods = new TreeSet<ObjectKey>();
        var itsNodes = new TreeSet<ObjectKey>();
        var lines = new TreeMap<String, String>();
        if (object.getAdditionalProperties().get("endpoints") instanceof List<?> endpoints) {
            for (var each : endpoints) {
                if (each instanceof Map<?, ?> endpoint) {
                    endpoint(slice, endpoint, itsPods, itsNodes, lines);
                }
            }
        }
        podsOfSlice.put(slice, itsPods);
        nodesOfSlice.put(slice, itsNodes);
        itsPods.forEach(pod -> slicesOfPod.put(pod, slice));
        itsNodes.forEach(node -> slicesOfNode.put(node, slice));
        var text = new StringBuilder();
        lines.forEach((address, facts) -> {
            if (text.length() + address.length() + facts.length() < LONGEST) {
                text.append(text.isEmpty() ? "" : "\n")
                        .append(address)
                        .append(' ')
                        .append(facts);
            }
        });
        return text.isEmpty() ? Map.of() : Map.of(EndpointSlice.ENDPOINTS_ANNOTATION, text.toString());
    }

    private void endpoint(
            ObjectKey slice,
            Map<?, ?> endpoint,
            Set<ObjectKey> itsPods,
            Set<ObjectKey> itsNodes,
            Map<String, String> lines) {
        var facts = new StringBuilder();
        if (endpoint.get("nodeName") instanceof String name) {
            var node = new ObjectKey("", name);
            itsNodes.add(node);
            var region = regions.get(node);
            if (region != null) {
                facts.append("region=").append(region);
            }
        }
        if (endpoint.get("targetRef") instanceof Map<?, ?> target
                && "Pod".equals(target.get("kind"))
                && target.get("name") instanceof String name) {
            var pod = new ObjectKey(slice.namespace(), name);
            itsPods.add(pod);
            var labels = pods.get(pod);
            if (labels != null) {
                facts.append(facts.isEmpty() ? "" : " ").append("labels=");
                var first = facts.length();
                labels.forEach((key, value) -> facts.append(facts.length() == first ? "" : ",")
                        .append(key)
                        .append('=')
                        .append(value));
            }
        }
        if (!facts.isEmpty() && endpoint.get("addresses") instanceof List<?> addresses) {
            addresses.forEach(address -> lines.put(String.valueOf(address), facts.toString()));
        }
    }
}
