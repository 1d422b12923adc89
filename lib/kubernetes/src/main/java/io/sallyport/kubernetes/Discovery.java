package io.sallyport.kubernetes;

import io.fabric8.kubernetes.api.model.APIResource;
import io.fabric8.kubernetes.api.model.GroupVersionForDiscovery;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Asks an API server which of some kinds it serves, and in which version. A CRD that is not installed is no error.
final class Discovery {

    private final KubernetesClient client;

    Discovery(KubernetesClient client) {
        this.client = client;
    }

    Map<WantedKind, ServedKind> served(Collection<WantedKind> wanted) {
        var versions = new HashMap<String, Set<String>>();
        var resources = new HashMap<String, List<APIResource>>();
        var served = new LinkedHashMap<WantedKind, ServedKind>();
        for (var kind : wanted) {
            var known = versions.computeIfAbsent(kind.group(), this::versions);
            for (var version : kind.versions()) {
                if (!served.containsKey(kind) && known.contains(version)) {
                    var path = kind.group().isEmpty() ? version : kind.group() + "/" + version;
                    find(kind, version, resources.computeIfAbsent(path, this::resources), served);
                }
            }
        }
        return served;
    }

    private static void find(
            WantedKind kind, String version, List<APIResource> resources, Map<WantedKind, ServedKind> served) {
        for (var resource : resources) {
            if (kind.kind().equals(resource.getKind()) && resource.getName().indexOf('/') < 0) {
                var status = resource.getName() + "/status";
                var hasStatus = resources.stream().anyMatch(each -> status.equals(each.getName()));
                served.put(
                        kind,
                        new ServedKind(
                                kind,
                                version,
                                resource.getName(),
                                Boolean.TRUE.equals(resource.getNamespaced()),
                                hasStatus));
                return;
            }
        }
    }

    private Set<String> versions(String group) {
        if (group.isEmpty()) {
            return Set.of("v1");
        }
        var found = client.getApiGroup(group);
        var versions = new HashSet<String>();
        if (found != null && found.getVersions() != null) {
            found.getVersions().stream()
                    .map(GroupVersionForDiscovery::getVersion)
                    .forEach(versions::add);
        }
        return versions;
    }

    private List<APIResource> resources(String groupVersion) {
        var found = client.getApiResources(groupVersion);
        return found == null || found.getResources() == null ? List.of() : new ArrayList<>(found.getResources());
    }
}
