package io.sallyport.kubernetes.identity;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.sallyport.runtime.identity.Authorizer.UnavailableException;
import io.sallyport.runtime.identity.Identity;
import io.sallyport.runtime.identity.ProxyLabels;
import java.time.Duration;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/// The labels of the Pod that a proxy's token is bound to. Whoever may create that Pod chose them, with the
/// rights that the cluster gave; the proxy itself has no say. A proxy without such a token (a certificate names
/// no Pod) has none.
public final class PodLabels implements ProxyLabels {

    private static final Duration KEPT = Duration.ofSeconds(10);
    private static final int MOST = 10_000;

    private final KubernetesClient client;
    private final Asking<Identity.Workload, SortedMap<String, String>> asking = new Asking<>(MOST, KEPT);

    public PodLabels(KubernetesClient client) {
        this.client = client;
    }

    @Override
    public SortedMap<String, String> of(Identity.Workload proxy) throws UnavailableException {
        return proxy.pod().isEmpty() ? Collections.emptySortedMap() : asking.answer(proxy, () -> read(proxy));
    }

    private SortedMap<String, String> read(Identity.Workload proxy) {
        var pod = client.pods()
                .inNamespace(proxy.namespace())
                .withName(proxy.pod().orElseThrow())
                .get();
        if (pod == null
                || pod.getSpec() == null
                || !proxy.serviceAccount().equals(pod.getSpec().getServiceAccountName())
                || pod.getMetadata().getLabels() == null) {
            return Collections.emptySortedMap();
        }
        return Collections.unmodifiableSortedMap(new TreeMap<>(pod.getMetadata().getLabels()));
    }
}
