package io.sallyport.cluster;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinitionBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceSubresources;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceSubresourcesBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/// Brings a real API server to where a test can begin, and back. CRDs of Istio's kinds and ours are those of the chart,
/// so that their schemas prune and refuse; one that the cluster has already stays as it is. What a test's process has
/// installed goes when the process ends, unless somebody else has taken it over ([OwnKinds]).
final class RealApi {

    private static final int SECONDS = 60;
    private static final OwnKinds installed = new OwnKinds();
    private static final AtomicBoolean hooked = new AtomicBoolean();

    private final KubernetesClient client;

    RealApi(KubernetesClient client) {
        this.client = client;
    }

    void install(CustomKind kind) {
        var crds = client.apiextensions().v1().customResourceDefinitions();
        var there = crds.withName(kind.name()).get();
        if (there != null && there.getMetadata().getDeletionTimestamp() != null) {
            // Of the process before.
            crds.withName(kind.name()).waitUntilCondition(found -> found == null, SECONDS, TimeUnit.SECONDS);
            there = null;
        }
        if (there == null) {
            removeAtTheEnd();
            try {
                installed.add(crds.resource(fromChart(kind).orElseGet(() -> open(kind)))
                        .create());
            } catch (KubernetesClientException e) {
                if (e.getCode() != 409) {
                    throw e;
                }
            }
        }
        crds.withName(kind.name()).waitUntilCondition(RealApi::isEstablished, SECONDS, TimeUnit.SECONDS);
    }

    static boolean isEstablished(CustomResourceDefinition crd) {
        return crd != null
                && crd.getStatus() != null
                && crd.getStatus().getConditions() != null
                && crd.getStatus().getConditions().stream()
                        .anyMatch(condition -> condition.getType().equals("Established")
                                && condition.getStatus().equals("True"));
    }

    /// The folder that everything is in.
    static Path root() {
        var folder = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(folder.resolve("deploy/charts"))) {
            var above = folder.getParent();
            if (above == null) {
                throw new IllegalStateException("no deploy/charts at or above the working directory");
            }
            folder = above;
        }
        return folder;
    }

    private Optional<CustomResourceDefinition> fromChart(CustomKind kind) {
        var all = new ArrayList<CustomResourceDefinition>();
        for (var group : List.of("istio.io", "sallyport.io")) {
            try (var in = Files.newInputStream(
                    root().resolve("deploy/charts/sallyport-base/files/crds-" + group + ".yaml"))) {
                client.load(in).items().stream()
                        .filter(CustomResourceDefinition.class::isInstance)
                        .map(CustomResourceDefinition.class::cast)
                        .forEach(all::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return all.stream()
                .filter(crd -> crd.getMetadata().getName().equals(kind.name()))
                .findFirst();
    }

    private static CustomResourceSubresources status() {
        return new CustomResourceSubresourcesBuilder()
                .withNewStatus()
                .endStatus()
                .build();
    }

    // Of somebody else's kinds the tests bring no schema: everything is let in.
    private static CustomResourceDefinition open(CustomKind kind) {
        var crd = new CustomResourceDefinitionBuilder()
                .withNewMetadata()
                .withName(kind.name())
                .addToAnnotations("api-approved.kubernetes.io", "unapproved, for tests alone")
                .endMetadata()
                .withNewSpec()
                .withGroup(kind.group())
                .withScope(kind.isNamespaced() ? "Namespaced" : "Cluster")
                .withNewNames()
                .withKind(kind.kind())
                .withPlural(kind.plural())
                .endNames()
                .endSpec();
        for (var each : kind.versions()) {
            crd.editSpec()
                    .addNewVersion()
                    .withName(each)
                    .withServed(true)
                    .withStorage(each.equals(kind.versions().getFirst()))
                    .withNewSchema()
                    .withNewOpenAPIV3Schema()
                    .withType("object")
                    .withXKubernetesPreserveUnknownFields(true)
                    .endOpenAPIV3Schema()
                    .endSchema()
                    .withSubresources(kind.hasStatus() ? status() : null)
                    .endVersion()
                    .endSpec();
        }
        return crd.build();
    }

    private void removeAtTheEnd() {
        if (hooked.compareAndSet(false, true)) {
            var config = client.getConfiguration();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                try (var last = new KubernetesClientBuilder()
                        .withConfig(config)
                        .withHttpClientFactory(new JdkHttpClientFactory())
                        .build()) {
                    installed.remove(last);
                }
            }));
        }
    }

    /// Deletes what a test made, and its namespaces with everything in them.
    void remove(Collection<HasMetadata> made) {
        var namespaces = new TreeSet<String>();
        for (var object : made) {
            if (object instanceof Namespace namespace) {
                namespaces.add(namespace.getMetadata().getName());
            } else {
                client.resource(object).delete();
            }
        }
        namespaces.forEach(this::remove);
    }

    // Where the API server runs alone nobody empties a namespace that is deleted, and it would stay for ever.
    private void remove(String namespace) {
        client.leases().inNamespace(namespace).delete();
        client.configMaps().inNamespace(namespace).delete();
        client.secrets().inNamespace(namespace).delete();
        client.services().inNamespace(namespace).delete();
        client.pods().inNamespace(namespace).withGracePeriod(0).delete();
        client.serviceAccounts().inNamespace(namespace).delete();
        client.rbac().roleBindings().inNamespace(namespace).delete();
        client.rbac().roles().inNamespace(namespace).delete();
        client.namespaces().withName(namespace).delete();
        var left = client.namespaces().withName(namespace).get();
        if (left != null && left.getMetadata().getDeletionTimestamp() != null) {
            var emptied = new NamespaceBuilder(left)
                    .editOrNewSpec()
                    .withFinalizers()
                    .endSpec()
                    .build();
            try {
                client.raw("/api/v1/namespaces/" + namespace + "/finalize", "PUT", emptied);
            } catch (KubernetesClientException e) {
                // 404, 409: the cluster's own controller was faster.
                if (e.getCode() != 404 && e.getCode() != 409) {
                    throw e;
                }
            }
        }
    }
}
