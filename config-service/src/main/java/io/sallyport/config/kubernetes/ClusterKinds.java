package io.sallyport.config.kubernetes;

import io.sallyport.kubernetes.ObjectKey;
import io.sallyport.kubernetes.ServedKind;
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
/// one, which holds Istio's mesh settings, and those that [Authorities] watches. Pods and Nodes become no documents:
/// what is told of endpoints is taken from
/// their labels.
final class ClusterKinds {

    static final WantedKind PODS = WantedKind.all("", "Pod", List.of("v1"));
    static final WantedKind NODES = WantedKind.all("", "Node", List.of("v1"));
    /// How ConfigMaps are served, everywhere and always.
    static final ServedKind CONFIG_MAPS =
            new ServedKind(WantedKind.all("", "ConfigMap", List.of("v1")), "v1", "configmaps", true, false);

    private static final String MESH = "istio";

    private final Map<Kind, WantedKind> wanted = new EnumMap<>(Kind.class);
    private final ObjectKey mesh;

    ClusterKinds(String rootNamespace) {
        this.mesh = new ObjectKey(rootNamespace, MESH);
        for (var kind : Kind.values()) {
            if (kind == Kind.CONFIG_MAP) {
                wanted.put(kind, new WantedKind(kind.group(), kind.word(), kind.versions(), Optional.of(mesh)));
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

    /// Whether a ConfigMap is the one of the mesh settings.
    boolean isMesh(ObjectKey name) {
        return name.equals(mesh);
    }

    Map<Kind, WantedKind> documents() {
        return Collections.unmodifiableMap(wanted);
    }

    /// Empty for Pods and Nodes.
    Optional<Kind> document(WantedKind kind) {
        return Kind.of(kind.group(), kind.kind()).filter(wanted::containsKey);
    }
}
