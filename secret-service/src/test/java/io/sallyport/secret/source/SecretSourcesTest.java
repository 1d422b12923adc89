package io.sallyport.secret.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.secret.store.SecretName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretSourcesTest {

    private static final SecretName SHOP = new SecretName("istio-system", "shop");

    @TempDir
    Path root;

    @Test
    @Tag("S16")
    void findsSecretsAmongOtherDocuments() {
        var found = SecretDocuments.in("""
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: edge}
                ---
                apiVersion: v1
                kind: Secret
                metadata: {name: shop, namespace: istio-system}
                type: kubernetes.io/tls
                data: {tls.crt: aGVsbG8=, tls.key: d29ybGQ=}
                stringData: {tls.key: plain}
                """).orElseThrow();

        assertThat(found).singleElement().satisfies(secret -> {
            assertThat(secret.name()).isEqualTo(SHOP);
            assertThat(secret.entries().get("tls.crt")).asString().isEqualTo("hello");
            assertThat(secret.entries().get("tls.key")).asString().isEqualTo("plain");
        });
    }

    @Test
    @Tag("H29")
    void passesOverSecretsWithHostileNames() {
        assertThat(SecretDocuments.in("{apiVersion: v1, kind: Secret, metadata: {name: ../../etc}}"))
                .hasValueSatisfying(found -> assertThat(found).isEmpty());
    }

    @Test
    void aFileThatCannotBeParsedSaysNothing() {
        assertThat(SecretDocuments.in("{apiVersion: v1, kind: Secret, metadata: {name: a}}\n---\n{"))
                .isEmpty();
    }

    @Test
    @Tag("S28")
    void readsMountsThroughTheSymlinkThatIsSwapped() throws Exception {
        var mount = Files.createDirectories(root.resolve("istio-system/shop"));
        var first = Files.createDirectories(mount.resolve("..2026_1"));
        Files.writeString(first.resolve("tls.crt"), "old");
        var second = Files.createDirectories(mount.resolve("..2026_2"));
        Files.writeString(second.resolve("tls.crt"), "new");
        Files.createSymbolicLink(mount.resolve("..data"), Path.of("..2026_1"));
        Files.createSymbolicLink(mount.resolve("tls.crt"), Path.of("..data/tls.crt"));

        assertThat(certificate()).asString().isEqualTo("old");
        Files.delete(mount.resolve("..data"));
        Files.createSymbolicLink(mount.resolve("..data"), Path.of("..2026_2"));
        assertThat(certificate()).asString().isEqualTo("new");
    }

    @Test
    @Tag("V29")
    void staysBelowTheRoot(@TempDir Path outside) throws Exception {
        Files.writeString(outside.resolve("passwd"), "secret");
        var mount = Files.createDirectories(root.resolve("istio-system/shop"));
        Files.createSymbolicLink(mount.resolve("tls.crt"), outside.resolve("passwd"));
        Files.createDirectories(root.resolve("UPPER/shop"));

        assertThat(SecretMounts.below(root)).containsOnlyKeys(SHOP);
        assertThat(SecretMounts.below(root).get(SHOP)).isEmpty();
    }

    @Test
    void aMissingRootHasNoSecrets() throws Exception {
        assertThat(SecretMounts.below(root.resolve("none"))).isEmpty();
    }

    private byte @Nullable [] certificate() throws IOException {
        return SecretMounts.below(root).getOrDefault(SHOP, Map.of()).get("tls.crt");
    }
}
