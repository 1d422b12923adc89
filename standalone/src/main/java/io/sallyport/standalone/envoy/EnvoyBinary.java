package io.sallyport.standalone.envoy;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/// The Envoy executable in use: `$ENVOY`, which the launcher sets, else the `envoy` on PATH.
/// Only version 1.40 is taken: what Sallyport sends was proven against it.
public record EnvoyBinary(Path path, String version) {

    private static final Pattern VERSION = Pattern.compile("/(1\\.40\\.\\d+)/");

    /// Finds it and asks for its version.
    public static EnvoyBinary find(Map<String, String> environment) throws EnvoyUnavailableException {
        var named = environment.get("ENVOY");
        if (named != null && !named.isBlank()) {
            return check(Path.of(named).toAbsolutePath());
        }
        for (var folder : environment.getOrDefault("PATH", "").split(File.pathSeparator)) {
            var candidate = Path.of(folder, "envoy");
            if (!folder.isEmpty() && Files.isExecutable(candidate)) {
                return check(candidate.toAbsolutePath());
            }
        }
        throw new EnvoyUnavailableException(
                "no Envoy found (expected: 1.40, named by $ENVOY or on PATH; ./sallyport up fetches one)");
    }

    private static EnvoyBinary check(Path path) throws EnvoyUnavailableException {
        try {
            var process = new ProcessBuilder(path.toString(), "--version")
                    .redirectErrorStream(true)
                    .start();
            process.getOutputStream().close();
            var text = new String(process.getInputStream().readNBytes(4_096), StandardCharsets.UTF_8);
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
            var version = VERSION.matcher(text);
            if (!version.find()) {
                throw new EnvoyUnavailableException(path + " is not an Envoy 1.40, it says \""
                        + text.strip().lines().findFirst().orElse("nothing") + "\"");
            }
            return new EnvoyBinary(path, version.group(1));
        } catch (IOException e) {
            throw new EnvoyUnavailableException(path + " cannot be run: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EnvoyUnavailableException(path + ": interrupted");
        }
    }
}
