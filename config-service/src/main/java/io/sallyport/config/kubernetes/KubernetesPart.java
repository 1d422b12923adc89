package io.sallyport.config.kubernetes;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.config.api.Refusals.Refusal;
import io.sallyport.config.store.DocumentReader;
import io.sallyport.config.store.RevisionLog;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// Everything of config-service that speaks with a Kubernetes API server.
public final class KubernetesPart implements AutoCloseable {

    private final KubernetesClient client;
    private final KubernetesSource source;

    private KubernetesPart(KubernetesClient client, KubernetesSource source) {
        this.client = client;
        this.source = source;
    }

    /// Starts it; returns at once, since the API server may be away.
    public static KubernetesPart start(KubernetesSettings settings, RevisionLog log, DocumentReader reader)
            throws IOException {
        var client = settings.cluster().connect("config-service");
        return new KubernetesPart(client, KubernetesSource.start(client, settings, log, reader));
    }

    /// What the cluster has and the log does not take.
    public List<Refusal> refusals() {
        return source.current();
    }

    /// Why it is not known yet what the cluster wants; empty: it is, or what is stored stands in for it.
    public Optional<String> missing() {
        return source.missing();
    }

    /// Shows whether the API server is heard.
    public void measure(MeterRegistry registry) {
        Gauge.builder("sallyport_config_kubernetes_away", source, each -> each.isAway() ? 1 : 0)
                .register(registry);
        Gauge.builder(
                        "sallyport_config_kubernetes_refused",
                        source,
                        each -> each.current().size())
                .register(registry);
    }

    @Override
    public void close() {
        source.close();
        client.close();
    }
}
