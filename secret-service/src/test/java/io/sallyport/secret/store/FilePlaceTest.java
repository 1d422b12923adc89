package io.sallyport.secret.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class FilePlaceTest {

    @Test
    @Tag("S28")
    void aPairAndARootAreNamedAsIstioDoes() {
        var pair = FilePlace.parse("file-cert:/etc/certs/tls.crt~/etc/certs/tls.key");
        var root = FilePlace.parse("file-root:/etc/certs/ca.crt");

        assertThat(pair)
                .contains(new FilePlace(Path.of("/etc/certs/tls.crt"), Optional.of(Path.of("/etc/certs/tls.key"))));
        assertThat(pair.map(FilePlace::toString)).contains("file-cert:/etc/certs/tls.crt~/etc/certs/tls.key");
        assertThat(root).contains(new FilePlace(Path.of("/etc/certs/ca.crt"), Optional.empty()));
        assertThat(root.map(FilePlace::isAuthority)).contains(true);
    }

    @Test
    @Tag("H63")
    void everythingElseIsNoName() {
        var names = List.of(
                "file-cert:/a",
                "file-cert:a~b",
                "file-cert:/etc/certs/../shadow~/etc/k",
                "file-cert:/a~/b/../c",
                "file-cert:/a//b~/c",
                "file-cert:/a/./b~/c",
                "file-cert:~",
                "file-cert:/a~",
                "file-root:",
                "file-root:ca.crt",
                "file-root:/etc/../etc/ca.crt",
                "file-root:/a\0b",
                "file-root:/" + "x".repeat(5_000),
                "FILE-CERT:/a~/b",
                "kubernetes://a",
                "");

        assertThat(names).allSatisfy(name -> assertThat(FilePlace.parse(name)).isEmpty());
    }
}
