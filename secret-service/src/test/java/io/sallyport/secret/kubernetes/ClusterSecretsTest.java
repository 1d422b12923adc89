package io.sallyport.secret.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sallyport.cluster.TestCluster;
import io.sallyport.proto.secret.v1.CheckSecretsRequest;
import io.sallyport.proto.secret.v1.SecretServiceGrpc;
import io.sallyport.proto.secret.v1.SecretStatus;
import io.sallyport.secret.SecretServer;
import io.sallyport.secret.SecretSettings;
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
import java.security.interfaces.RSAPrivateKey;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

    // As cert-manager writes it: keys of RSA in PKCS#1, others in SEC 1.
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
                                issued.keys().getPrivate() instanceof RSAPrivateKey rsa
                                        ? Issued.pem(rsa)
                                        : issued.sec1KeyPem()))
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
        await().atMost(PATIENCE)
                .until(() -> half(registry, edge, "shop") instanceof Half.Served<?> now && !now.equals(before));
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

    /// Otherwise whoever may write a Gateway for the shared proxies gives them the authority's key.
    @Test
    @Tag("V27")
    void platformsOwnSecretsAreForNoGateway() throws Exception {
        cluster.client().resource(certManager(edge, "shop", FIRST)).create();
        cluster.client().resource(platforms("sallyport-ca", FIRST)).create();
        var registry = follow();

        assertThat(registry.secrets()).containsOnlyKeys(new SecretName(edge, "shop"));

        cluster.client().resource(platforms("shop", FIRST)).update();
        await().atMost(PATIENCE).until(() -> registry.secrets().isEmpty());
    }

    private Secret platforms(String name, Issued issued) {
        return certManager(edge, name, issued)
                .edit()
                .editMetadata()
                .addToLabels("app.kubernetes.io/part-of", "sallyport")
                .endMetadata()
                .build();
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

    private SecretServer server() throws Exception {
        var settings = new SecretSettings(
                Optional.empty(),
                Optional.of(cluster.settings(edge)),
                scratch.resolve("store"),
                scratch.resolve("server.key"),
                Optional.empty(),
                List.of());
        var server =
                SecretServer.start(settings, Optional.empty(), InstantSource.fixed(Issued.NOW), new SecureRandom());
        open.add(server);
        return server;
    }

    private SecretServiceGrpc.SecretServiceBlockingStub api(SecretServer server) throws Exception {
        var name = "secrets-" + edge;
        var builder = InProcessServerBuilder.forName(name);
        server.api().forEach(builder::addService);
        var served = builder.build().start();
        open.add(served::shutdownNow);
        var channel = InProcessChannelBuilder.forName(name).build();
        open.add(channel::shutdownNow);
        return SecretServiceGrpc.newBlockingStub(channel);
    }

    private CheckSecretsRequest asking(String... names) {
        var request = CheckSecretsRequest.newBuilder();
        for (var name : names) {
            int slash = name.indexOf('/');
            request.addNames(io.sallyport.proto.secret.v1.SecretName.newBuilder()
                    .setNamespace(slash < 0 ? edge : name.substring(0, slash))
                    .setName(name.substring(slash + 1)));
        }
        return request.build();
    }

    @Test
    @Tag("S62")
    void whoAsksHearsWhetherKeyPairsAreServedAndNothingOfOtherSecrets() throws Exception {
        cluster.client().resource(certManager(edge, "good", FIRST)).create();
        cluster.client()
                .resource(secret(
                        edge,
                        "mixed",
                        "kubernetes.io/tls",
                        Map.of("tls.crt", FIRST.certPem(), "tls.key", SECOND.keyPem())))
                .create();
        cluster.client()
                .resource(secret(edge, "torn", "Opaque", Map.of("tls.crt", new byte[] {1}, "tls.key", new byte[] {2})))
                .create();
        cluster.client()
                .resource(secret(edge, "root", "Opaque", Map.of("ca.crt", FIRST.certPem())))
                .create();
        cluster.client()
                .resource(secret(edge, "release", "helm.sh/release.v1", Map.of("release", new byte[] {1})))
                .create();
        var stub = api(server());

        var checked = stub.checkSecrets(
                asking("good", "mixed", "torn", "root", "release", "lost", "vault/good", "vault/../good"));

        assertThat(checked.getKeyPairsList())
                .extracting(pair -> pair.getName().getName() + " " + pair.getState() + " " + pair.getReason())
                .satisfiesExactly(
                        each -> assertThat(each).isEqualTo("good OK "),
                        each -> assertThat(each).startsWith("mixed UNUSABLE ").contains("key"),
                        each -> assertThat(each).startsWith("torn UNUSABLE "),
                        each -> assertThat(each).startsWith("root UNUSABLE has no key pair (expected: tls.crt and"),
                        each -> assertThat(each).startsWith("release MISSING does not exist, is of a type that"),
                        each -> assertThat(each).startsWith("lost MISSING does not exist, is of a type that"),
                        each -> assertThat(each)
                                .startsWith("good MISSING is not read: secret-service reads no Secrets in namespace "
                                        + "\"vault\""),
                        each -> assertThat(each).isEqualTo("../good MISSING is no name of a Secret"));

        cluster.client()
                .resource(secret(
                        edge,
                        "good",
                        "kubernetes.io/tls",
                        Map.of("tls.crt", FIRST.certPem(), "tls.key", SECOND.keyPem())))
                .update();
        await().atMost(PATIENCE)
                .until(() -> stub.checkSecrets(asking("good")).getKeyPairs(0).getState()
                        == SecretStatus.State.LAST_GOOD_KEPT);

        var names = new String[1_001];
        Arrays.fill(names, "good");
        assertThatThrownBy(() -> stub.checkSecrets(asking(names)))
                .hasMessageContaining("names: 1001 (expected: at most 1000)");
    }

    @Test
    @Tag("F25")
    void nothingIsSaidOfSecretsBeforeTheApiServerWasHeardAndTheGaugeSaysThatItIsAway() throws Exception {
        cluster.client().resource(certManager(edge, "shop", FIRST)).create();
        server().close();
        cluster.wire().cut();

        var server = server();
        var meters = new SimpleMeterRegistry();
        server.measure(meters);
        var stub = api(server);

        assertThatThrownBy(() -> stub.checkSecrets(asking("shop")))
                .hasMessageContaining("UNAVAILABLE: the Secrets of the cluster have not been read yet");
        var away = meters.get("sallyport_secret_kubernetes_away").gauge();
        await().atMost(PATIENCE).until(away::value, value -> value == 1);

        cluster.wire().mend();
        await().atMost(PATIENCE).until(away::value, value -> value == 0);
        await().atMost(PATIENCE)
                .ignoreExceptions()
                .until(() -> stub.checkSecrets(asking("shop")).getKeyPairs(0).getState() == SecretStatus.State.OK);

        cluster.wire().cut();
        await().atMost(PATIENCE).until(away::value, value -> value == 1);
        assertThat(stub.checkSecrets(asking("shop")).getKeyPairs(0).getState()).isEqualTo(SecretStatus.State.OK);
    }
}
