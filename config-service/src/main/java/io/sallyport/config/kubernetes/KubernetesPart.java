package io.sallyport.config.kubernetes;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.config.api.Refusals.Refusal;
import io.sallyport.config.store.DocumentReader;
import io.sallyport.config.store.RevisionLog;
import io.sallyport.runtime.SteadyClock;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// Everything of config-service that speaks with a Kubernetes API server: the source, the writer of status, and the
/// webhook.
public final class KubernetesPart implements AutoCloseable {

    private static final String LEASE = "sallyport-config";

    private final KubernetesClient client;
    private final KubernetesSource source;
    private final @Nullable StatusWriter status;
    private final KeyPairs keyPairs;
    private final @Nullable AdmissionServer admission;

    private KubernetesPart(
            KubernetesClient client,
            KubernetesSource source,
            @Nullable StatusWriter status,
            KeyPairs keyPairs,
            @Nullable AdmissionServer admission) {
        this.client = client;
        this.source = source;
        this.status = status;
        this.keyPairs = keyPairs;
        this.admission = admission;
    }

    /// Starts it; returns at once, since the API server may be away.
    public static KubernetesPart start(
            KubernetesSettings settings, RevisionLog log, DocumentReader reader, InstantSource clock)
            throws IOException {
        var client = settings.cluster().connect("config-service");
        AdmissionServer admission = null;
        if (settings.admission().isPresent()) {
            try {
                admission = AdmissionServer.start(
                        settings.admission().get(),
                        client,
                        new Review(reader, new Foresight(log)),
                        clock,
                        new SecureRandom());
            } catch (IOException e) {
                client.close();
                throw e;
            }
        }
        var source = KubernetesSource.start(client, settings, log, reader);
        var keyPairs = new KeyPairs(settings.status().flatMap(KubernetesSettings.Status::secrets));
        var status = settings.status()
                .map(wanted -> StatusWriter.start(
                        client,
                        source,
                        log,
                        wanted.proxies(),
                        keyPairs,
                        new Leadership(
                                client, wanted.leaseNamespace(), LEASE, wanted.identity(), clock, new SteadyClock()),
                        wanted.every(),
                        clock))
                .orElse(null);
        return new KubernetesPart(client, source, status, keyPairs, admission);
    }

    /// What the cluster has and the log does not take.
    public List<Refusal> refusals() {
        return source.current();
    }

    /// Why it is not known yet what the cluster wants; empty: it is, or what is stored stands in for it.
    public Optional<String> missing() {
        return source.missing();
    }

    /// Where the webhook listens.
    public OptionalInt admissionPort() {
        return admission == null ? OptionalInt.empty() : OptionalInt.of(admission.port());
    }

    /// Shows whether the API server is heard, and what is told to it.
    public void measure(MeterRegistry registry) {
        Gauge.builder("sallyport_config_kubernetes_away", source, each -> each.isAway() ? 1 : 0)
                .description("1 while the API server is not heard: what was read of it stays in force.")
                .register(registry);
        Gauge.builder(
                        "sallyport_config_kubernetes_refused",
                        source,
                        each -> each.current().size())
                .description("Objects of the cluster that the log does not take; their last good version stays.")
                .register(registry);
        FunctionCounter.builder("sallyport_config_kubernetes_failed_turns_total", this, KubernetesPart::failures)
                .description("Rounds of reading the cluster or writing status that failed and were tried again.")
                .register(registry);
        if (status != null) {
            FunctionCounter.builder("sallyport_config_kubernetes_status_writes_total", status, StatusWriter::written)
                    .description("Objects whose status was written.")
                    .register(registry);
            Gauge.builder("sallyport_config_kubernetes_secrets_unknown", keyPairs, each -> each.isAway() ? 1 : 0)
                    .description(
                            "1 while secret-service does not say what becomes of Secrets: that part of the status stays.")
                    .register(registry);
        }
    }

    private double failures() {
        return source.failures() + (status == null ? 0 : status.failures());
    }

    @Override
    public void close() {
        if (admission != null) {
            admission.close();
        }
        if (status != null) {
            status.close();
        }
        source.close();
        client.close();
    }
}
