package io.sallyport.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {

    @TempDir
    private Path root = Path.of("");

    @Test
    void publishedEndpointsAreReadBack() throws IOException {
        var data = new DataDirectory(root);
        var endpoints = new DataDirectory.Endpoints("127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3");

        data.publish(endpoints);

        assertThat(data.endpoints()).contains(endpoints);
    }

    @Test
    void aFolderWithoutUpHasNothing() throws IOException {
        var data = new DataDirectory(root.resolve("none"));

        assertThat(data.endpoints()).isEmpty();
        assertThat(data.token()).isEmpty();
    }

    @Test
    void theTokenIsTheLineWithoutItsEnd() throws IOException {
        Files.writeString(root.resolve("token"), "secret\n");

        assertThat(new DataDirectory(root).token()).contains("secret");
    }

    @Test
    void aDamagedRecordNamesItsFile() throws IOException {
        Files.writeString(root.resolve("endpoints.json"), "[");

        assertThatThrownBy(() -> new DataDirectory(root).endpoints())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("endpoints.json");
    }

    @Test
    void theOptionBeatsTheVariableAndTheVariableTheDefault() {
        var environment = Map.of("SALLYPORT_DATA", "/var/x");

        assertThat(DataDirectory.of(Path.of("/y"), environment).root()).isEqualTo(Path.of("/y"));
        assertThat(DataDirectory.of(null, environment).root()).isEqualTo(Path.of("/var/x"));
        assertThat(DataDirectory.of(null, Map.of()).root()).isEqualTo(Path.of(".sallyport"));
    }
}
