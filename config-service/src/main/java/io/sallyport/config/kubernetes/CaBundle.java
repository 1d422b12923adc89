package io.sallyport.config.kubernetes;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhook;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhook;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.WebhookClientConfig;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells the API server by which authorities it knows the webhook: those of all replicas stand side by side in the
/// `caBundle` of each webhook's configuration. Expired ones are taken out, and so is what is no certificate.
final class CaBundle {

    private static final Logger log = LoggerFactory.getLogger(CaBundle.class);
    private static final int MOST = 16;

    private final KubernetesClient client;
    private final Resource<? extends HasMetadata> configuration;
    private final String name;

    private CaBundle(KubernetesClient client, Resource<? extends HasMetadata> configuration, String name) {
        this.client = client;
        this.configuration = configuration;
        this.name = name;
    }

    /// Of a ValidatingWebhookConfiguration.
    static CaBundle validating(KubernetesClient client, String name) {
        return new CaBundle(
                client,
                client.admissionRegistration()
                        .v1()
                        .validatingWebhookConfigurations()
                        .withName(name),
                name);
    }

    /// Of a MutatingWebhookConfiguration.
    static CaBundle mutating(KubernetesClient client, String name) {
        return new CaBundle(
                client,
                client.admissionRegistration()
                        .v1()
                        .mutatingWebhookConfigurations()
                        .withName(name),
                name);
    }

    /// Whether the API server has been told.
    enum Told {
        /// Nobody can say: it is tried again.
        NOT,
        /// By this very call. It hears of it in its own time.
        NOW,
        /// It stood there already.
        BEFORE
    }

    /// Puts authorities of ours beside those of others, of which the oldest make room.
    Told publish(List<X509Certificate> ours, Instant now) {
        try {
            var found = configuration.get();
            if (found == null) {
                log.atDebug().addKeyValue("name", name).log("No configuration of this webhook yet");
                return Told.NOT;
            }
            var isNew = false;
            for (var door : doors(found)) {
                var before = door.getCaBundle();
                var bundle = with(before, ours, now);
                isNew |= !bundle.equals(before);
                door.setCaBundle(bundle);
            }
            if (isNew) {
                client.resource(found)
                        .lockResourceVersion(found.getMetadata().getResourceVersion())
                        .update();
                log.atInfo().addKeyValue("name", name).log("Told the API server the webhook's authority");
            }
            return isNew ? Told.NOW : Told.BEFORE;
        } catch (KubernetesClientException e) {
            log.atWarn()
                    .addKeyValue("name", name)
                    .addKeyValue("reason", e.getMessage())
                    .log("Cannot tell the API server the webhook's authority; it is tried again");
            return Told.NOT;
        }
    }

    private static List<WebhookClientConfig> doors(HasMetadata configuration) {
        return switch (configuration) {
            case ValidatingWebhookConfiguration found ->
                found.getWebhooks().stream()
                        .map(ValidatingWebhook::getClientConfig)
                        .toList();
            case MutatingWebhookConfiguration found ->
                found.getWebhooks().stream()
                        .map(MutatingWebhook::getClientConfig)
                        .toList();
            default -> throw new IllegalStateException(configuration.getKind() + " has no webhooks");
        };
    }

    static String with(@Nullable String bundle, List<X509Certificate> ours, Instant now) {
        var others = new LinkedHashSet<X509Certificate>(certificates(bundle));
        ours.forEach(others::remove);
        var kept = Stream.concat(
                        ours.stream(),
                        others.stream()
                                .sorted(Comparator.comparing(X509Certificate::getNotAfter)
                                        .reversed())
                                .filter(each -> each.getNotAfter().toInstant().isAfter(now))
                                .limit(Math.max(0, MOST - ours.size())))
                .map(AdmissionCertificate::pem)
                .sorted()
                .collect(Collectors.joining());
        return Base64.getEncoder().encodeToString(kept.getBytes(StandardCharsets.US_ASCII));
    }

    private static List<X509Certificate> certificates(@Nullable String bundle) {
        var found = new ArrayList<X509Certificate>();
        if (bundle == null || bundle.isBlank()) {
            return found;
        }
        try {
            var bytes = Base64.getMimeDecoder().decode(bundle);
            for (var each :
                    CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(bytes))) {
                if (each instanceof X509Certificate certificate) {
                    found.add(certificate);
                }
            }
        } catch (IllegalArgumentException | CertificateException e) {
            log.atWarn().addKeyValue("reason", e.getMessage()).log("A caBundle that cannot be read is replaced");
        }
        return found;
    }
}
