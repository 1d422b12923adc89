package io.sallyport.secret.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.secret.material.Issued;
import io.sallyport.secret.store.SecretState.Half;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretKeeperTest {

    private static final SecretName SHOP = new SecretName("istio-system", "shop");
    private static final Issued GOOD = Issued.leaf("shop.test", Issued.ec(), null);
    private static final Issued OTHER = Issued.leaf("other.test", Issued.ec(), null);
    private static final Map<String, byte[]> OFFER = Map.of("tls.crt", GOOD.certPem(), "tls.key", GOOD.keyPem());
    private static final Map<String, byte[]> BROKEN = Map.of("tls.crt", GOOD.certPem(), "tls.key", OTHER.keyPem());

    @TempDir
    Path directory;

    private Instant now = Issued.NOW;
    private SecretKeeper keeper;

    @BeforeEach
    void open() throws SecretStoreException {
        keeper = reopened();
    }

    @Test
    void aGoodSecretIsServed() {
        assertThat(keeper.offer("directory", SHOP, OFFER).state().certificate()).isInstanceOf(Half.Served.class);
        assertThat(keeper.secrets()).containsKey(SHOP);
    }

    @Test
    void theSameOfferChangesNothing() {
        keeper.offer("directory", SHOP, OFFER);

        assertThat(keeper.offer("directory", SHOP, OFFER).isChange()).isFalse();
    }

    @Test
    @Tag("P1")
    void theLastGoodVersionStaysWhenABadOneComes() {
        keeper.offer("directory", SHOP, OFFER);

        assertThat(keeper.offer("directory", SHOP, BROKEN).state().certificate())
                .isInstanceOfSatisfying(
                        Half.LastGood.class,
                        half -> assertThat(half.reason()).isEqualTo("key does not belong to certificate"));
    }

    @Test
    @Tag("P1")
    void theLastGoodVersionOutlivesARestart() throws SecretStoreException {
        keeper.offer("directory", SHOP, OFFER);

        assertThat(reopened().offer("directory", SHOP, BROKEN).state().certificate())
                .isInstanceOf(Half.LastGood.class);
    }

    @Test
    void aStartWritesNothingThatItFindsAsItWasKept() throws Exception {
        keeper.offer("directory", SHOP, OFFER);
        var sealed = keptBytes();

        assertThat(reopened().offer("directory", SHOP, OFFER).state().certificate())
                .isInstanceOf(Half.Served.class);

        // Each seal has a nonce of its own, so the same content would be other bytes.
        assertThat(keptBytes()).isEqualTo(sealed);
    }

    private byte[] keptBytes() throws IOException {
        try (var files = Files.list(directory.resolve("kept"))) {
            return Files.readAllBytes(files.findFirst().orElseThrow());
        }
    }

    @Test
    void aBadSecretThatWasNeverGoodIsClosed() {
        assertThat(keeper.offer("directory", SHOP, BROKEN).state().certificate())
                .isEqualTo(new Half.Closed<>("key does not belong to certificate"));
    }

    @Test
    void aWithdrawnSecretIsForgotten() throws SecretStoreException {
        keeper.offer("directory", SHOP, OFFER);
        keeper.withdraw(SHOP);

        assertThat(keeper.secrets()).isEmpty();
        assertThat(reopened().offer("directory", SHOP, BROKEN).state().certificate())
                .isInstanceOf(Half.Closed.class);
    }

    @Test
    @Tag("H40")
    void aCertificateThatExpiresIsServedOnAndCountsAsBad() throws SecretStoreException {
        keeper.offer("directory", SHOP, OFFER);

        now = Issued.UNTIL.plusSeconds(1);

        assertThat(keeper.expire()).containsExactly(SHOP);
        assertThat(keeper.expire()).isEmpty();
        assertThat(keeper.secrets().values().iterator().next().certificate())
                .isInstanceOfSatisfying(
                        Half.LastGood.class,
                        half -> assertThat(half.reason()).isEqualTo("certificate expired on 2027-01-01T00:00:00Z"));
        assertThat(reopened().offer("directory", SHOP, OFFER).state().certificate())
                .as("after a restart")
                .isInstanceOf(Half.LastGood.class);
    }

    @Test
    @Tag("H40")
    void aCertificateThatCameExpiredIsNotServed() {
        now = Issued.UNTIL.plusSeconds(1);

        assertThat(keeper.offer("directory", SHOP, OFFER).state().certificate()).isInstanceOf(Half.Closed.class);
    }

    @Test
    void aWithdrawnSecretIsRememberedUntilItComesBack() {
        keeper.offer("directory", SHOP, OFFER);
        keeper.withdraw(SHOP);
        assertThat(keeper.withdrawn()).containsExactly(SHOP);

        keeper.offer("directory", SHOP, OFFER);
        assertThat(keeper.withdrawn()).isEmpty();
    }

    private SecretKeeper reopened() throws SecretStoreException {
        var random = new SecureRandom();
        var key = MasterKey.inFile(directory.resolve("master.key"), random);
        return new SecretKeeper(new SealedFiles(directory.resolve("kept"), key, random), () -> now);
    }
}
