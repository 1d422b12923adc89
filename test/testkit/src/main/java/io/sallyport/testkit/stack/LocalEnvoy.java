package io.sallyport.testkit.stack;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/// The Envoy that tests run: `$ENVOY`, else the one that the launcher fetched into this clone. Without one, tests that
/// need it are skipped, except where `CI` is set: there its absence is a failure.
public final class LocalEnvoy {

    private LocalEnvoy() {}

    public static Path path() {
        var named = System.getenv("ENVOY");
        if (named != null && !named.isBlank()) {
            return Path.of(named).toAbsolutePath();
        }
        for (var folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
            var fetched = folder.resolve(".build/envoy-1.40.0/envoy");
            if (Files.isExecutable(fetched)) {
                return fetched;
            }
        }
        var message = "no Envoy (expected: $ENVOY, or one fetched by ./sallyport envoy)";
        if (System.getenv("CI") != null) {
            Assertions.fail(message);
        }
        Assumptions.abort(message);
        throw new IllegalStateException("unreachable");
    }
}
