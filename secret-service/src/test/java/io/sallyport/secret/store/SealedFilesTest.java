package io.sallyport.secret.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SealedFilesTest {

    private static final SecretName SHOP = new SecretName("istio-system", "shop");
    private static final SecretName PAY = new SecretName("istio-system", "pay");

    @TempDir
    Path directory;

    private SealedFiles files;

    @BeforeEach
    void open() throws SecretStoreException {
        files = new SealedFiles(directory.resolve("kept"), key("master.key"), new SecureRandom());
    }

    @Test
    void whatWasPutComesBack() throws SecretStoreException {
        files.put(SHOP, "first".getBytes(UTF_8));
        files.put(SHOP, "second".getBytes(UTF_8));

        assertThat(files.get(SHOP))
                .hasValueSatisfying(bytes -> assertThat(bytes).asString().isEqualTo("second"));
        assertThat(files.get(PAY)).isEmpty();
    }

    @Test
    void whatIsKeptCanBeListed() throws SecretStoreException {
        files.put(SHOP, "first".getBytes(UTF_8));
        files.put(PAY, "second".getBytes(UTF_8));

        assertThat(files.names()).containsExactly(PAY, SHOP);
    }

    @Test
    void whatWasDeletedIsGone() throws SecretStoreException {
        files.put(SHOP, "first".getBytes(UTF_8));
        files.delete(SHOP);

        assertThat(files.get(SHOP)).isEmpty();
    }

    @Test
    @Tag("V7")
    void nothingIsReadableOnDisk() throws Exception {
        files.put(SHOP, "BEGIN PRIVATE KEY".getBytes(UTF_8));

        for (var file : sealed()) {
            assertThat(new String(Files.readAllBytes(file), UTF_8)).doesNotContain("PRIVATE");
            assertThat(Files.getPosixFilePermissions(file)).hasToString("[OWNER_READ, OWNER_WRITE]");
        }
    }

    @Test
    @Tag("M15")
    void swappedFilesAreRefused() throws Exception {
        files.put(SHOP, "shop".getBytes(UTF_8));
        files.put(PAY, "pay".getBytes(UTF_8));
        var both = sealed();
        var first = Files.readAllBytes(both.get(0));
        Files.write(both.get(0), Files.readAllBytes(both.get(1)));
        Files.write(both.get(1), first);

        assertThatThrownBy(() -> files.get(SHOP)).hasMessageContaining("istio-system/shop is damaged");
        assertThatThrownBy(() -> files.get(PAY)).hasMessageContaining("istio-system/pay is damaged");
    }

    @Test
    @Tag("F9")
    void everyFlippedByteIsFound() throws Exception {
        files.put(SHOP, "shop".getBytes(UTF_8));
        var file = sealed().getFirst();
        var good = Files.readAllBytes(file);

        for (var at = 0; at < good.length; at++) {
            var bad = good.clone();
            bad[at] ^= 1;
            Files.write(file, bad);
            assertThatThrownBy(() -> files.get(SHOP)).isInstanceOf(SecretStoreException.class);
        }
    }

    @Test
    void anotherMasterKeyOpensNothing() throws Exception {
        files.put(SHOP, "shop".getBytes(UTF_8));
        var stranger = new SealedFiles(directory.resolve("kept"), key("other.key"), new SecureRandom());

        assertThatThrownBy(() -> stranger.get(SHOP)).hasMessageContaining("another master key");
    }

    @Test
    @Tag("M15")
    void aNewMasterKeyTakesOverWhatTheFormerOneSealed() throws Exception {
        files.put(SHOP, "shop".getBytes(UTF_8));
        var old = Files.readString(directory.resolve("master.key"));
        key("new.key");
        var both = Files.readString(directory.resolve("new.key")) + "\n" + old + "\n";

        var rotating = new SealedFiles(directory.resolve("kept"), MasterKey.ofBase64(both), new SecureRandom());
        assertThat(rotating.get(SHOP)).contains("shop".getBytes(UTF_8));
        assertThat(rotating.renew()).isEqualTo(1);
        assertThat(rotating.renew()).as("once is enough").isZero();

        assertThat(new SealedFiles(directory.resolve("kept"), key("new.key"), new SecureRandom()).get(SHOP))
                .contains("shop".getBytes(UTF_8));
        assertThatThrownBy(() -> files.get(SHOP)).hasMessageContaining("another master key");
    }

    @Test
    void theMasterKeyIsMadeOnceAndKept() throws Exception {
        assertThat(Files.getPosixFilePermissions(directory.resolve("master.key")))
                .hasToString("[OWNER_READ, OWNER_WRITE]");
        files.put(SHOP, "shop".getBytes(UTF_8));
        var again = new SealedFiles(directory.resolve("kept"), key("master.key"), new SecureRandom());

        assertThat(again.get(SHOP)).isPresent();
        assertThat(key("master.key")).hasToString("[redacted]");
    }

    @Test
    @Tag("V29")
    void namesThatAreNoneNeverTouchAPath() {
        assertThatThrownBy(() -> new SecretName("..", "x")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new SecretName("a", "../x")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new SecretName("a", "X")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new SecretName("a", "x".repeat(254))).isInstanceOf(IllegalArgumentException.class);
    }

    private MasterKey key(String name) throws SecretStoreException {
        return MasterKey.inFile(directory.resolve(name), new SecureRandom());
    }

    private java.util.List<Path> sealed() throws java.io.IOException {
        try (Stream<Path> list = Files.list(directory.resolve("kept"))) {
            return list.sorted().toList();
        }
    }
}
