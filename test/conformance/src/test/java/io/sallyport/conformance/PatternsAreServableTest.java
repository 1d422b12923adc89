package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.Analyzer;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.analysis.text.Regexes;
import io.sallyport.model.Age;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.read.YamlReader;
import io.sallyport.testkit.stack.LocalEnvoy;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.Translator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A regular expression that `check` lets pass is one that Envoy takes, however large: the two count steps differently,
/// and for one that is too large Envoy would refuse the routes of all its neighbours.
@Tag("V16")
@Tag("H27")
class PatternsAreServableTest {

    private static final int PATTERNS = Boolean.getBoolean("sallyport.nightly") ? 20_000 : 400;
    private static final List<String> ATOMS = List.of(
            "a",
            "ab",
            ".",
            "[^/]",
            "[a-z]",
            "[a-zA-Z0-9._-]",
            "[acegikmoqsuwy]",
            "[acegikmoqsuwyACEGIKMOQSUWY13579]",
            everySecondByte(),
            "\\p{L}",
            "\\PN",
            "\\p{Greek}",
            "\\w",
            "\\D",
            "[[:alnum:]_]",
            "(?:a|b|c)",
            "(?i:abc)",
            "(?:ab+c*)?",
            "\\Q.*\\E");

    private static final ProxyClass INGRESS = new ProxyClass(
            ProxyClass.Role.ROUTER,
            "istio-system",
            "istio-ingressgateway",
            new TreeMap<>(Map.of("istio", "ingressgateway")),
            new TreeMap<>(),
            "127.0.0.1",
            true);

    @Test
    void envoyTakesEveryPatternThatIsServed(@TempDir Path scratch) throws IOException, InterruptedException {
        var random = new Random(16);
        var served = new ArrayList<String>();
        int large = 0;
        for (int i = 0; i < PATTERNS; i++) {
            var pattern = pattern(random);
            if (Regexes.problem(pattern).isEmpty()) {
                if (Regexes.isTooLarge(pattern)) {
                    large++;
                } else {
                    served.add(pattern);
                }
            }
        }
        // Were they all small, or all too large, the test would prove little.
        assertThat(large).isGreaterThan(PATTERNS / 20);
        assertThat(served).hasSizeGreaterThan(PATTERNS / 4);

        var resources = new Translator()
                .translate(new Analyzer().check(ConfigImage.EMPTY.with(1, objects(served), List.of())), INGRESS);

        assertThat(resources.withheld()).isEmpty();
        var file = scratch.resolve("envoy.pb");
        Files.write(file, new StaticBootstrap(resources).build().toByteArray());
        var output = scratch.resolve("envoy.log");
        var check = new ProcessBuilder(LocalEnvoy.path().toString(), "--mode", "validate", "-c", file.toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(check.waitFor(5, TimeUnit.MINUTES)).as("Envoy ended").isTrue();
            assertThat(check.exitValue()).as(Files.readString(output)).isZero();
        } finally {
            check.destroyForcibly();
        }
    }

    // A few atoms, each repeated up to what RE2 allows.
    private static String pattern(Random random) {
        var text = new StringBuilder("/");
        int atoms = 1 + random.nextInt(3);
        for (int i = 0; i < atoms; i++) {
            text.append(ATOMS.get(random.nextInt(ATOMS.size())))
                    .append('{')
                    .append(1 + random.nextInt(1_000 / atoms))
                    .append('}');
        }
        return text.toString();
    }

    private static String everySecondByte() {
        var text = new StringBuilder("[");
        for (int i = 1; i < 256; i += 2) {
            text.append("\\x%02x".formatted(i));
        }
        return text.append(']').toString();
    }

    private static List<ConfigObject<?>> objects(List<String> patterns) {
        var yaml = new StringBuilder("""
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {namespace: istio-system, name: edge}
                spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 8080, name: http, protocol: HTTP}, hosts: ["*"]}]}
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {namespace: istio-system, name: shop}
                spec:
                  hosts: [shop.test]
                  gateways: [edge]
                  http:
                """);
        for (var pattern : patterns) {
            yaml.append("  - match: [{uri: {regex: '")
                    .append(pattern)
                    .append("'}}]\n    directResponse: {status: 200}\n");
        }
        var read = new YamlReader().read("in.yaml", yaml.toString().getBytes(StandardCharsets.UTF_8));
        assertThat(read.findings()).isEmpty();
        var objects = new ArrayList<ConfigObject<?>>();
        read.objects()
                .forEach(object -> objects.add(object.withAge(new Age(Instant.EPOCH, 1, "in.yaml", objects.size()))));
        return objects;
    }
}
