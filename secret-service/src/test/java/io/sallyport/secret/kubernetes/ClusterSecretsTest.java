package io.sallyport.secret.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.sallyport.cluster.TestCluster;
import io.sallyport.secret.material.Issued;
import io.sallyport.secret.store.MasterKey;
import io.sallyport.secret.store.SealedFiles;
import io.sallyport.secret.store.SecretKeeper;
import io.sallyport.secret.store.SecretName;
import io.sallyport.secret.store.SecretRegistry;
import io.sallyport.secret.store.SecretState.Half;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterSecretsTest {

    private static final Duration PATIENCE = Duration.ofSeconds(40);
    private static final Issued FIRST = Issued.leaf("first.test", Issued.rsa(2048), null);
    private static final Issued SECOND = Issued.leaf("second.test", Issued.ec(), null);

    @TempDir
    Path scratch;

    private final TestCluster cluster = TestCluster.start();
    private final String edge = cluster.namespace("edge");
    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (var each : open.reversed()) {
            each.close();
        }
        cluster.close();
    }

    private SecretRegistry registry() throws Exception {
        var random = new SecureRandom();
        var key = MasterKey.inFile(scratch.resolve("master.key"), random);
        var registry = new SecretRegistry(
                new SecretKeeper(
                        new SealedFiles(scratch.resolve("kept"), key, random), InstantSource.fixed(Issued.NOW)),
                new SealedFiles(scratch.resolve("put"), key, random),
                InstantSource.system(),
                _ -> {});
        open.add(registry);
        return registry;
    }

    private SecretRegistry follow() throws Exception {
        var registry = registry();
        open.add(ClusterSecrets.follow(cluster.settings(edge), registry, 30));
        return registry;
    }

    // As cert-manager writes it, with the PKCS#1 key that a Certificate may ask for.
    private Secret certManager(String namespace, String name, Issued issued) {
        return secret(
                        namespace,
                        name,
                        "kubernetes.io/tls",
                        Map.of(
                                "ca.crt",
                                issued.certPem(),
                                "tls.crt",
                                issued.certPem(),
                                "tls.key",
                                Issued.pem(issued.keys().getPrivate())))
                .edit()
                .editMetadata()
                .addToAnnotations("cert-manager.io/certificate-name", name)
                .addToAnnotations("cert-manager.io/issuer-kind", "ClusterIssuer")
                .endMetadata()
                .build();
    }

    private static Secret secret(String namespace, String name, String type, Map<String, byte[]> entries) {
        var data = new TreeMap<String, String>();
        entries.forEach((key, value) -> data.put(key, Base64.getEncoder().encodeToString(value)));
        return new SecretBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .endMetadata()
                .withType(type)
                .withData(data)
                .build();
    }

    private static Half<?> half(SecretRegistry registry, String namespace, String name) {
        var state = registry.secrets().get(new SecretName(namespace, name));
        return state == null ? new Half.Absent<>() : state.certificate();
    }

    @Test
    @Tag("S58")
    @Tag("S59")
    @Tag("S60")
    void secretIsServedAsCertManagerWritesIt() throws Exception {
        cluster.client().resource(certManager(edge, "shop", FIRST)).create();

        var registry = follow();

        assertThat(half(registry, edge, "shop")).isInstanceOf(Half.Served.class);
        assertThat(registry.secrets().values()).allMatch(state -> state.trust() instanceof Half.Served<?>);
    }

    @Test
    @Tag("S64")
    void secretComesRotatesAndGoesWithoutTouchingTheGateway() throws Exception {
        var registry = follow();

        cluster.client().resource(certManager(edge, "shop", FIRST)).create();
        await().atMost(PATIENCE).until(() -> half(registry, edge, "shop") instanceof Half.Served<?>);
        var before = half(registry, edge, "shop");
        cluster.client().resource(certManager(edge, "shop", SECOND)).update();
        await().atMost(PATIENCE).until(() -> !half(registry, edge, "shop").equals(before));
        cluster.client().secrets().inNamespace(edge).withName("shop").delete();
        await().atMost(PATIENCE).until(() -> half(registry, edge, "shop") instanceof Half.Absent<?>);
    }

    @Test
    void badSecretKeepsItsLastGoodVersion() throws Exception {
        cluster.client().resource(certManager(edge, "shop", FIRST)).create();
        var registry = follow();

        cluster.client()
                .resource(secret(
                        edge,
                        "shop",
                        "kubernetes.io/tls",
                        Map.of("tls.crt", FIRST.certPem(), "tls.key", SECOND.keyPem())))
                .update();

        await().atMost(PATIENCE).until(() -> half(registry, edge, "shop") instanceof Half.LastGood<?>);
    }

    @Test
    void typeDoesNotMatterButWhatKubernetesAndCertManagerKeepForThemselvesIsPassedOver() throws Exception {
        cluster.client()
                .resource(secret(edge, "generic", "Opaque", Map.of("cert", FIRST.certPem(), "key", FIRST.keyPem())))
                .create();
        cluster.client()
                .resource(secret(edge, "release", "helm.sh/release.v1", Map.of("release", new byte[] {1})))
                .create();
        cluster.client()
                .resource(secret(edge, "shop-x7k2p", "Opaque", Map.of("tls.key", FIRST.keyPem()))
                        .edit()
                        .editMetadata()
                        .addToLabels("cert-manager.io/next-private-key", "true")
                        .endMetadata()
                        .build())
                .create();

        var registry = follow();

        assertThat(half(registry, edge, "generic")).isInstanceOf(Half.Served.class);
        assertThat(registry.secrets()).containsOnlyKeys(new SecretName(edge, "generic"));
    }

    @Test
    @Tag("S61")
    @Tag("S70")
    void onlyTheNamespacesOfTheGatewaysAreAskedFor() throws Exception {
        var other = cluster.namespace("other");
        cluster.client().resource(certManager(other, "shop", FIRST)).create();

        var registry = follow();

        assertThat(registry.secrets()).isEmpty();
        assertThatThrownBy(() -> ClusterSecrets.follow(cluster.settings(), registry, 1))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("kubernetes.namespaces is missing");
    }

    @Test
    @Tag("F25")
    void secretsAreServedAfterRestartWhileTheApiServerIsAway() throws Exception {
        cluster.client().resource(certManager(edge, "shop", FIRST)).create();
        var before = registry();
        ClusterSecrets.follow(cluster.settings(edge), before, 30).close();
        cluster.wire().cut();

        var registry = registry();
        open.add(ClusterSecrets.follow(cluster.settings(edge), registry, 1));

        assertThat(half(registry, edge, "shop")).isInstanceOf(Half.Served.class);

        cluster.client().secrets().inNamespace(edge).withName("shop").delete();
        cluster.wire().mend();
        await().atMost(PATIENCE).until(() -> half(registry, edge, "shop") instanceof Half.Absent<?>);
    }
}
