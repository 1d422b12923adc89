package io.sallyport.standalone.envoy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableSortedMap;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.sallyport.model.Platform;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EnvoyBootstrapTest {

    private static final String CANARY = "%REQ(x)% ${x} {{x}} \"'\r\n]]--;";

    @TempDir
    Path folder;

    @Test
    @Tag("V1")
    void keepsHostileTextInOneLeaf() {
        var json = JsonParser.parseString(bootstrap(CANARY).json()).getAsJsonObject();
        var labels = node(json).getAsJsonObject("metadata").getAsJsonObject("LABELS");
        assertThat(labels.get("app").getAsString()).isEqualTo(CANARY);
        assertThat(occurrences(bootstrap(CANARY).json(), "%REQ(x)%")).isEqualTo(1);
    }

    @Test
    @Tag("V9")
    void hasItsAdminOnASocketForTheOwnerAlone() {
        var admin = bootstrap("shop").message().getAdmin().getAddress();
        assertThat(admin.getPipe().getMode()).isEqualTo(0600);
        assertThat(admin.hasSocketAddress()).isFalse();
    }

    @Test
    void namesTheNodeAsIstioDoes() {
        var json = JsonParser.parseString(bootstrap("shop").json()).getAsJsonObject();
        assertThat(node(json).get("id").getAsString())
                .isEqualTo("router~127.0.0.1~edge.istio-system~istio-system.svc.cluster.local");
        var metadata = node(json).getAsJsonObject("metadata");
        assertThat(metadata.getAsJsonObject("LISTEN").get("80").getAsString()).isEqualTo("8080");
        assertThat(metadata.get("NAMESPACE").getAsString()).isEqualTo("istio-system");
    }

    @Test
    @Tag("X5")
    void isTakenByEnvoy() throws Exception {
        var file = folder.resolve("bootstrap.json");
        Files.writeString(file, bootstrap("shop").json());
        var process = new ProcessBuilder(TestEnvoy.path().toString(), "--mode", "validate", "-c", file.toString())
                .redirectErrorStream(true)
                .start();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
    }

    private EnvoyBootstrap bootstrap(String label) {
        var proxy = new Platform.Proxy(
                "edge",
                "istio-system",
                ImmutableSortedMap.of("app", label),
                Platform.ProxyKind.router,
                "127.0.0.1",
                ImmutableSortedMap.of("80", 8080));
        return EnvoyBootstrap.of(
                proxy,
                new EnvoyBootstrap.Doors(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 15_010),
                        folder.resolve("sds.sock"),
                        folder.resolve("admin.sock")),
                new EnvoyBootstrap.Limits(1_000, 1L << 30));
    }

    private static JsonObject node(JsonObject bootstrap) {
        return bootstrap.getAsJsonObject("node");
    }

    private static int occurrences(String text, String part) {
        return text.split(java.util.regex.Pattern.quote(part), -1).length - 1;
    }
}
