package io.sallyport.charts;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.testkit.tls.Authority;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A real Envoy takes the bootstrap of every gateway that is rendered, and it opens no door but the documented ones.
class BootstrapTest {

    static List<Cases.Rendered> gateways() {
        return Cases.gateways();
    }

    @ParameterizedTest
    @MethodSource("gateways")
    @Tag("S43")
    void envoyTakesTheBootstrap(Cases.Rendered gateway, @TempDir Path folder) throws Exception {
        var bootstrap = files(gateway, folder);
        var envoy = new ProcessBuilder(
                        System.getenv().getOrDefault("ENVOY", "envoy"),
                        "--mode",
                        "validate",
                        "--disable-hot-restart",
                        "--log-level",
                        "error",
                        "--config-path",
                        bootstrap.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("envoy.log").toFile())
                .start();
        try {
            assertThat(envoy.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(envoy.exitValue())
                    .as("%s", Files.readString(folder.resolve("envoy.log")))
                    .isZero();
        } finally {
            envoy.destroyForcibly();
        }
    }

    @ParameterizedTest
    @MethodSource("gateways")
    @Tag("V9")
    void nothingButReadinessAndMetricsIsOpenAndAdminIsASocket(Cases.Rendered gateway, @TempDir Path folder)
            throws Exception {
        var bootstrap = Yaml.map(Yaml.read(Files.readString(files(gateway, folder))));
        var doors = Yaml.list(Yaml.at(bootstrap, "static_resources").get("listeners")).stream()
                .map(listener ->
                        Yaml.at(Yaml.map(listener), "address.socket_address").get("port_value"));

        assertThat(doors).containsExactly(15_021, 15_090);
        assertThat(Yaml.at(bootstrap, "admin.address")).containsOnlyKeys("pipe");
    }

    /// The bootstrap with its files beside it, where the pod has them in volumes.
    private static Path files(Cases.Rendered gateway, Path folder) throws Exception {
        var data = Yaml.at(Cases.kind(gateway.objects(), "ConfigMap").getFirst(), "data");
        var mounted = Files.createDirectories(folder.resolve("sallyport"));
        var authority = Authority.in(folder.resolve("authority"));
        for (var file : data.entrySet()) {
            Files.writeString(mounted.resolve(file.getKey()), inside(folder, String.valueOf(file.getValue())));
        }
        Files.copy(authority.certificate(), mounted.resolve("ca.crt"), StandardCopyOption.REPLACE_EXISTING);
        Files.writeString(mounted.resolve("token"), "token");
        var leaf = authority.issue("edge.test", 1);
        Files.copy(leaf.certificate(), mounted.resolve("tls.crt"));
        Files.copy(leaf.key(), mounted.resolve("tls.key"));
        return mounted.resolve("envoy.yaml");
    }

    private static String inside(Path folder, String text) {
        var here = folder.resolve("sallyport").toString();
        return text.replace("/etc/sallyport-tls", here)
                .replace("/etc/sallyport", here)
                .replace("/var/run/secrets/sallyport", here)
                .replace("/var/run/sallyport", here);
    }
}
