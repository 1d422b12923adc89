package io.sallyport.secret.source;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sallyport.secret.material.Issued;
import io.sallyport.secret.store.MasterKey;
import io.sallyport.secret.store.SealedFiles;
import io.sallyport.secret.store.SecretKeeper;
import io.sallyport.secret.store.SecretName;
import io.sallyport.secret.store.SecretRegistry;
import io.sallyport.secret.store.SecretState.Half;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretDirectoryTest {

    private static final SecretName SHOP = new SecretName("istio-system", "shop");
    private static final Issued FIRST = Issued.leaf("first.test", Issued.ec(), null);
    private static final Issued SECOND = Issued.leaf("second.test", Issued.ec(), null);

    @TempDir
    Path scratch;

    private final AtomicBoolean fault = new AtomicBoolean();
    private Path root;
    private SecretRegistry registry;
    private @Nullable SecretDirectory directory;

    @BeforeEach
    void open() throws Exception {
        root = Files.createDirectory(scratch.resolve("config"));
        var random = new SecureRandom();
        var key = MasterKey.inFile(scratch.resolve("master.key"), random);
        var clock = InstantSource.system();
        registry = new SecretRegistry(
                new SecretKeeper(
                        new SealedFiles(scratch.resolve("kept"), key, random), InstantSource.fixed(Issued.NOW)),
                new SealedFiles(scratch.resolve("put"), key, random),
                clock,
                _ -> {
                    if (fault.compareAndSet(true, false)) {
                        throw new IllegalStateException("a fault of ours");
                    }
                });
    }

    @AfterEach
    void close() {
        if (directory != null) {
            directory.close();
        }
        registry.close();
    }

    @Test
    @Tag("S16")
    void whatStandsThereAtTheStartIsInForceWhenItHasStarted() throws Exception {
        write("a.yaml", document(FIRST));
        mount(root.resolve("secrets/istio-system/pay"), SECOND);
        follow();

        assertThat(registry.secrets()).containsOnlyKeys(SHOP, new SecretName("istio-system", "pay"));
        assertThat(name(SHOP)).isEqualTo("first.test");
    }

    @Test
    @Tag("P4")
    void anEditedDocumentReplacesTheSecret() throws Exception {
        write("a.yaml", document(FIRST));
        follow();

        write("a.yaml", document(SECOND));

        awaitName("second.test");
    }

    @Test
    void aDeletedDocumentWithdrawsTheSecret() throws Exception {
        write("a.yaml", document(FIRST));
        follow();

        Files.delete(root.resolve("a.yaml"));

        awaitSecrets(secrets -> secrets.secrets().isEmpty());
    }

    @Test
    void aFileThatCannotBeParsedKeepsItsSecret() throws Exception {
        write("a.yaml", document(FIRST));
        follow();

        write("a.yaml", document(SECOND) + "\n---\n{");
        write("b.yaml", document(SECOND).replace("name: shop", "name: marker"));

        awaitSecrets(secrets -> secrets.secrets().containsKey(new SecretName("istio-system", "marker")));
        assertThat(name(SHOP)).isEqualTo("first.test");
    }

    @Test
    @Tag("P1")
    void aDamagedCertificateStopsNoOther() throws Exception {
        write(
                "a.yaml",
                document(FIRST.damagedPem("first.test"), FIRST.keyPem()).replace("name: shop", "name: damaged"));
        write("b.yaml", document(FIRST));
        follow();
        assertThat(name(SHOP)).isEqualTo("first.test");

        write("b.yaml", document(SECOND));

        awaitName("second.test");
    }

    @Test
    void aFaultOfOursEndsNothing() throws Exception {
        write("a.yaml", document(FIRST));
        follow();

        fault.set(true);
        write("a.yaml", document(SECOND));
        await().until(() -> !fault.get());
        write("b.yaml", document(SECOND).replace("name: shop", "name: later"));

        awaitSecrets(secrets -> secrets.secrets().containsKey(new SecretName("istio-system", "later")));
        assertThat(name(SHOP)).isEqualTo("second.test");
        assertThat(directory)
                .isNotNull()
                .satisfies(followed -> assertThat(followed.failures()).isEqualTo(1));
    }

    @Test
    void theFirstOfTwoPlacesCounts() throws Exception {
        write("b.yaml", document(SECOND));
        write("a.yaml", document(FIRST));
        follow();
        assertThat(name(SHOP)).isEqualTo("first.test");

        Files.delete(root.resolve("a.yaml"));

        awaitName("second.test");
    }

    @Test
    @Tag("S28")
    void aMountThatIsSwappedByItsLinkIsSeen() throws Exception {
        var mount = root.resolve("secrets/istio-system/shop");
        mount(mount.resolve("..2026_1"), FIRST);
        Files.createSymbolicLink(mount.resolve("..data"), Path.of("..2026_1"));
        Files.createSymbolicLink(mount.resolve("tls.crt"), Path.of("..data/tls.crt"));
        Files.createSymbolicLink(mount.resolve("tls.key"), Path.of("..data/tls.key"));
        follow();
        assertThat(name(SHOP)).isEqualTo("first.test");

        mount(mount.resolve("..2026_2"), SECOND);
        Files.createSymbolicLink(mount.resolve("..data_tmp"), Path.of("..2026_2"));
        Files.move(mount.resolve("..data_tmp"), mount.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);

        awaitName("second.test");
    }

    @Test
    void aMountThatAppearsIsSeen() throws Exception {
        follow();

        mount(root.resolve("secrets/istio-system/shop"), FIRST);

        awaitName("first.test");
    }

    @Test
    @Tag("P1")
    void aMountWhoseFilesAreReplacedOneByOneNeverClosesItsHost() throws Exception {
        var mount = root.resolve("secrets/istio-system/shop");
        mount(mount, FIRST);
        follow();

        Files.write(mount.resolve("tls.crt"), SECOND.certPem());
        awaitSecrets(secrets ->
                secrets.secrets().values().stream().anyMatch(state -> state.certificate() instanceof Half.LastGood<?>));
        Files.write(mount.resolve("tls.key"), SECOND.keyPem());

        awaitName("second.test");
    }

    @Test
    @Tag("H47")
    void secretsOfStrangeSizeAndShapeAreNotServedAndHarmNoOther() throws Exception {
        var good = document(FIRST);
        var pair = good.substring(good.indexOf("\ndata:") + 1);
        var many = new StringBuilder("data:\n");
        for (var n = 0; n < 10_000; n++) {
            many.append("  key-").append(n).append(": dGV4dA==\n");
        }
        write("a.yaml", strange("one-mebibyte", "data: {tls.crt: " + base64(new byte[1 << 20]) + "}"));
        write("b.yaml", strange("many-keys", many.toString()));
        write("c.yaml", strange("not-base64", "data: {tls.crt: \"-----BEGIN\", tls.key: \"%%%\"}"));
        write("d.yaml", strange("a-list", "data: [tls.crt, tls.key]"));
        write("e.yaml", strange("of-another-type", "type: kubernetes.io/dockerconfigjson\n" + pair));
        write("f.yaml", good);
        follow();

        assertThat(name(SHOP)).isEqualTo("first.test");
        for (var bad : new String[] {"one-mebibyte", "many-keys", "not-base64", "a-list"}) {
            assertThat(name(new SecretName("istio-system", bad))).as(bad).isEmpty();
        }
        assertThat(name(new SecretName("istio-system", "of-another-type")))
                .as("what is in it counts, as with Istio")
                .isEqualTo("first.test");
    }

    private static String strange(String name, String rest) {
        return """
                apiVersion: v1
                kind: Secret
                metadata: {name: %s, namespace: istio-system}
                %s
                """.formatted(name, rest);
    }

    private void follow() throws Exception {
        directory = SecretDirectory.follow(root, registry, InstantSource.system());
    }

    private void awaitName(String wanted) {
        awaitSecrets(_ -> name(SHOP).equals(wanted));
    }

    private void awaitSecrets(Predicate<SecretRegistry> condition) {
        await().until(() -> condition.test(registry));
    }

    private String name(SecretName secret) {
        var state = registry.secrets().get(secret);
        return state != null
                        && state.certificate()
                                instanceof
                                Half.Served<io.sallyport.secret.material.ServerCertificate>(var certificate, var _)
                ? certificate.names().getFirst()
                : "";
    }

    private void write(String file, String text) throws Exception {
        Files.writeString(root.resolve(file), text);
    }

    private static void mount(Path folder, Issued issued) throws Exception {
        Files.createDirectories(folder);
        Files.write(folder.resolve("tls.crt"), issued.certPem());
        Files.write(folder.resolve("tls.key"), issued.keyPem());
    }

    private static String document(Issued issued) {
        return document(issued.certPem(), issued.keyPem());
    }

    private static String document(byte[] certificate, byte[] key) {
        return """
                apiVersion: v1
                kind: Secret
                metadata: {name: shop, namespace: istio-system}
                type: kubernetes.io/tls
                data:
                  tls.crt: %s
                  tls.key: %s
                """.formatted(base64(certificate), base64(key));
    }

    private static String base64(byte[] bytes) {
        return new String(Base64.getEncoder().encode(bytes), UTF_8);
    }
}
