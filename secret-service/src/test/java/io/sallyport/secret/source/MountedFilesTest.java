package io.sallyport.secret.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sallyport.secret.material.Issued;
import io.sallyport.secret.store.FilePlace;
import io.sallyport.secret.store.MasterKey;
import io.sallyport.secret.store.SealedFiles;
import io.sallyport.secret.store.SecretKeeper;
import io.sallyport.secret.store.SecretRegistry;
import io.sallyport.secret.store.SecretState;
import io.sallyport.secret.store.SecretState.Half;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MountedFilesTest {

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Issued FIRST = Issued.leaf("a.test", Issued.ec(), null);
    private static final Issued SECOND = Issued.leaf("a.test", Issued.ec(), null);

    @TempDir
    Path scratch;

    private Path root;
    private FilePlace place;
    private SecretRegistry registry;
    private MountedFiles files;

    @BeforeEach
    void open() throws Exception {
        root = Files.createDirectories(scratch.toRealPath().resolve("mounts"));
        place = new FilePlace(root.resolve("tls.crt"), Optional.of(root.resolve("tls.key")));
        var random = new SecureRandom();
        var key = MasterKey.inFile(scratch.resolve("master.key"), random);
        var clock = InstantSource.fixed(Issued.NOW);
        registry = new SecretRegistry(
                new SecretKeeper(new SealedFiles(scratch.resolve("kept"), key, random), clock),
                new SealedFiles(scratch.resolve("put"), key, random),
                clock,
                _ -> {});
        files = MountedFiles.below(List.of(root), registry);
    }

    @AfterEach
    void close() {
        files.close();
        registry.close();
    }

    @Test
    @Tag("S28")
    void whatIsAskedForIsReadAndFollowed() throws IOException {
        write(FIRST);
        assertThat(files.want(place)).isTrue();
        awaitServed(FIRST);

        write(SECOND);
        awaitServed(SECOND);
    }

    @Test
    @Tag("S28")
    void aMissingFileIsNothingUntilItComes() throws IOException {
        files.want(place);
        await().atMost(PATIENCE).until(() -> files.hasLooked(place));
        assertThat(registry.secrets()).isEmpty();

        write(FIRST);
        awaitServed(FIRST);
    }

    @Test
    @Tag("P1")
    void aHalfWrittenPairKeepsTheLastGoodOne() throws IOException {
        write(FIRST);
        files.want(place);
        awaitServed(FIRST);

        put("tls.key", SECOND.keyPem());

        await().atMost(PATIENCE)
                .until(() -> state().map(SecretState::certificate).orElseThrow() instanceof Half.LastGood<?>);
    }

    @Test
    void filesThatAreGoneAreWithdrawn() throws IOException {
        write(FIRST);
        files.want(place);
        awaitServed(FIRST);

        Files.delete(root.resolve("tls.crt"));
        Files.delete(root.resolve("tls.key"));

        await().atMost(PATIENCE).until(() -> registry.withdrawn().contains(place.secret()));
    }

    @Test
    @Tag("H63")
    @Tag("V2")
    void nothingOutsideTheRootsIsRead() throws IOException {
        var outside = scratch.toRealPath().resolve("outside.pem");
        Files.write(outside, FIRST.certPem());
        assertThat(files.want(new FilePlace(outside, Optional.empty()))).isFalse();

        Files.createSymbolicLink(root.resolve("link.pem"), outside);
        var link = new FilePlace(root.resolve("link.pem"), Optional.empty());
        assertThat(files.want(link)).as("below the root as it is written").isTrue();
        await().atMost(PATIENCE).until(() -> files.hasLooked(link));
        assertThat(registry.secrets().get(link.secret())).satisfies(state -> {
            assertThat(state.trust()).isEqualTo(new Half.Absent<>());
            assertThat(state.certificate()).isEqualTo(new Half.Absent<>());
        });
    }

    private Optional<SecretState> state() {
        return Optional.ofNullable(registry.secrets().get(place.secret()));
    }

    private void awaitServed(Issued issued) {
        await().atMost(PATIENCE)
                .until(() -> state().map(SecretState::certificate).orElse(new Half.Absent<>())
                                instanceof Half.Served<?>(io.sallyport.secret.material.ServerCertificate value, var _)
                        && value.chainPem().toStringUtf8().equals(normal(issued)));
    }

    private static String normal(Issued issued) {
        return new String(issued.certPem(), java.nio.charset.StandardCharsets.US_ASCII).replace("\r", "");
    }

    private void write(Issued issued) throws IOException {
        put("tls.key", issued.keyPem());
        put("tls.crt", issued.certPem());
    }

    private void put(String name, byte[] bytes) throws IOException {
        var part = Files.write(root.resolve(name + ".part"), bytes);
        Files.move(part, root.resolve(name), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
