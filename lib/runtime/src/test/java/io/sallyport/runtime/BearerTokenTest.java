package io.sallyport.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BearerTokenTest {

    @TempDir
    Path folder;

    @Test
    @Tag("V24")
    void isKeptInAFileForItsOwnerAlone() throws IOException {
        var file = folder.resolve("token");
        var token = BearerToken.readOrCreate(file, RandomGenerator.of("L64X128MixRandom"));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(token.matchesHeader("Bearer " + Files.readString(file).strip()))
                .isTrue();
        var again = BearerToken.readOrCreate(file, RandomGenerator.of("L64X128MixRandom"));
        assertThat(again.header()).isEqualTo(token.header());
    }

    @Test
    void isNeverPrinted() {
        assertThat(BearerToken.of("0123456789abcdef")).hasToString("[redacted]");
    }

    @Test
    void isRefusedWhenItCanBeGuessed() {
        assertThatThrownBy(() -> BearerToken.of("short")).isInstanceOf(IllegalArgumentException.class);
    }
}
