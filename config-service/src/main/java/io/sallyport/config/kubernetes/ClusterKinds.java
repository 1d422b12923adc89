package io.sallyport.config.kubernetes;

import io.sallyport.kubernetes.ObjectKey;
import io.sallyport.kubernetes.WantedKind;
import io.sallyport.model.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Which kinds are watched: everything that the model reads and Kubernetes has, but no Secret. Of ConfigMaps there is
/// one, which holds Istio's mesh settings. Pods and Nodes become no documents: what is told of endpoints is taken from
/// their labels.
final class ClusterKinds {

    static final WantedKind PODS = WantedKind.all("", "Pod", List.of("v1"));
    static final WantedKind NODES = WantedKind.all("", "Node", List.of("v1"));
    private static final String MESH = "istio";

    private final Map<Kind, WantedKind> wanted = new EnumMap<>(Kind.class);

    ClusterKinds(String rootNamespace) {
        for (var kind : Kind.values()) {
            if (kind == Kind.CONFIG_MAP) {
                var mesh = Optional.of(new ObjectKey(rootNamespace, MESH));
                wanted.put(kind, new WantedKind(kind.group(), kind.word(), kind.versions(), mesh));
            } else if (kind != Kind.SECRET && kind != Kind.PLATFORM) {
                wanted.put(kind, WantedKind.all(kind.group(), kind.word(), kind.versions()));
            }
        }
    }

    Collection<WantedKind> all() {
        var all = new ArrayList<>(wanted.values());
        all.add(PODS);
        all.add(NODES);
        return all;
    }

    Map<Kind, WantedKind> documents() {
        return Collections.unmodifiableMap(wanted);
    }

    /// Empty for Pods and Nodes.
    Optional<Kind> document(WantedKind kind) {
        return Kind.of(kind.group(), kind.kind()).filter(wanted::containsKey);
    }
}
