package io.sallyport.standalone.envoy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;

/// The Envoy of this clone, as the launcher found or fetched it. Tests that need one are skipped without it, but never
/// under `./sallyport test`, which always names one.
public final class TestEnvoy {

    private TestEnvoy() {}

    public static EnvoyBinary binary() throws EnvoyUnavailableException {
        return EnvoyBinary.find(Map.of("ENVOY", path().toString()));
    }

    public static Path path() {
        var named = System.getenv("ENVOY");
        if (named != null) {
            return Path.of(named);
        }
        for (var folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
            var fetched = folder.resolve(".build/envoy-1.40.0/envoy");
            if (Files.isExecutable(fetched)) {
                return fetched;
            }
        }
        Assumptions.abort("no Envoy (expected: $ENVOY, or one fetched by ./sallyport envoy)");
        throw new IllegalStateException("unreachable");
    }
}
