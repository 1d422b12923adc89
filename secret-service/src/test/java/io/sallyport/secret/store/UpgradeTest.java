package io.sallyport.secret.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What an earlier build sealed (`kept-v1`, written by commit 791dd33 and never to be rewritten) opens, and what this
/// one seals beside it has the same form.
@Tag("F23")
class UpgradeTest {

    private static final Path EARLIER = Path.of("src/test/resources/io/sallyport/secret/store/kept-v1");
    private static final SecretName CART = new SecretName("shop", "cart");
    private static final String CART_FILE =
            "kept/5f34a27119d156b24eb42781994c9ac1739649f0b73b75465d85dbccaf39469d.sealed";
    private static final String EDGE_FILE =
            "kept/0bb4c23823aaa0fec04e630d95634d03b8dade52587a94cf684013a478c69054.sealed";
    private static final byte[] PLAIN = "kept by an earlier build".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path folder;

    private SealedFiles open() throws Exception {
        var random = new SecureRandom();
        return new SealedFiles(folder.resolve("kept"), MasterKey.inFile(folder.resolve("master.key"), random), random);
    }

    @BeforeEach
    void copy() throws IOException {
        Files.createDirectory(folder.resolve("kept"));
        for (var name : List.of("master.key", CART_FILE, EDGE_FILE)) {
            Files.copy(EARLIER.resolve(name), folder.resolve(name));
        }
    }

    @Test
    void secretsThatAnEarlierBuildKeptAreOpened() throws Exception {
        var files = open();

        assertThat(files.names()).containsExactlyInAnyOrder(new SecretName("istio-system", "edge-cert"), CART);
        assertThat(files.get(CART)).hasValue(PLAIN);
    }

    // The number of the form and the name stand in front; the rest is chance.
    @Test
    void whatIsSealedNowHasTheFormThatTheEarlierBuildOpens() throws Exception {
        var earlier = Files.readAllBytes(folder.resolve(CART_FILE));

        open().put(CART, PLAIN);

        var fresh = Files.readAllBytes(folder.resolve(CART_FILE));
        assertThat(fresh).hasSameSizeAs(earlier).isNotEqualTo(earlier);
        assertThat(fresh).startsWith(Arrays.copyOf(earlier, 3 + CART.toString().length()));
    }
}
