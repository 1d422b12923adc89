package io.sallyport.cluster;

import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.CustomResourceDefinitionContext;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/// The CRDs that a process of tests has made. Who applied one since, or has objects of its kind, has taken it over:
/// deleting it would take theirs.
final class OwnKinds {

    private final Map<String, CustomResourceDefinition> made = new ConcurrentSkipListMap<>();

    /// Notes a CRD as the API server answered its creation.
    void add(CustomResourceDefinition crd) {
        made.put(crd.getMetadata().getName(), crd);
    }

    /// Deletes those that are still as they were made, and unused.
    void remove(KubernetesClient client) {
        made.values().forEach(crd -> remove(client, crd));
        made.clear();
    }

    private static void remove(KubernetesClient client, CustomResourceDefinition crd) {
        var crds = client.apiextensions().v1().customResourceDefinitions();
        var now = crds.withName(crd.getMetadata().getName()).get();
        if (now == null
                || !now.getMetadata().getUid().equals(crd.getMetadata().getUid())
                || !hands(now).equals(hands(crd))) {
            return;
        }
        try {
            if (!isUsed(client, now)) {
                // Only this one: what is made or applied from now on has another version.
                crds.resource(now)
                        .lockResourceVersion(now.getMetadata().getResourceVersion())
                        .delete();
            }
        } catch (KubernetesClientException e) {
            if (e.getCode() != 404 && e.getCode() != 409) {
                throw e;
            }
        }
    }

    // Who wrote what and when, but for the status, which the API server writes by itself.
    private static List<ManagedFieldsEntry> hands(CustomResourceDefinition crd) {
        return crd.getMetadata().getManagedFields().stream()
                .filter(entry -> entry.getSubresource() == null)
                .toList();
    }

    private static boolean isUsed(KubernetesClient client, CustomResourceDefinition crd) {
        return !client.genericKubernetesResources(CustomResourceDefinitionContext.fromCrd(crd))
                .inAnyNamespace()
                .list(new ListOptionsBuilder().withLimit(1L).build())
                .getItems()
                .isEmpty();
    }
}
