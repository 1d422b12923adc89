package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.testkit.stack.LocalEnvoy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the door accepts, Envoy takes: over configurations made by chance.
@Tag("V25")
class AcceptedIsServableTest {

    private static final boolean NIGHTLY = Boolean.getBoolean("sallyport.nightly");
    private static final int CHECKED = NIGHTLY ? 10_000 : 500;
    private static final int SHOWN_TO_ENVOY = NIGHTLY ? 300 : 30;

    private final ChanceConfiguration chance = new ChanceConfiguration();

    @Test
    void nothingIsWithheld() {
        for (int seed = 0; seed < CHECKED; seed++) {
            assertThat(chance.resources(seed).withheld()).as("seed " + seed).isEmpty();
        }
    }

    @Test
    void aRealEnvoyRefusesNothing(@TempDir Path directory) throws IOException, InterruptedException {
        var envoy = LocalEnvoy.path();
        for (int seed = 0; seed < SHOWN_TO_ENVOY; seed++) {
            var file = directory.resolve(seed + ".pb");
            Files.write(
                    file, new StaticBootstrap(chance.resources(seed)).build().toByteArray());
            var output = directory.resolve(seed + ".log");
            var process = new ProcessBuilder(envoy.toString(), "--mode", "validate", "-c", file.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            var status = process.waitFor();
            assertThat(status).as(Files.readString(output)).isZero();
        }
    }
}
