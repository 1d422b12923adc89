package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.Analyzer;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.Age;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import io.sallyport.model.read.YamlReader;
import io.sallyport.testkit.generate.ConfigGenerator;
import io.sallyport.testkit.stack.GatewayStack;
import io.sallyport.testkit.stack.LocalEnvoy;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.Translator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is accepted can be served: nothing that passes the checks breaks a rule of Envoy's, by its own
/// `validate.rules`, by `envoy --mode validate` and by a running Envoy. The configurations are made by
/// chance; a failure names the seed, which makes it again.
class AcceptedMeansServableTest {

    private static final boolean NIGHTLY = Boolean.getBoolean("sallyport.nightly");
    private static final int CHECKED = NIGHTLY ? 200_000 : 10_100;
    private static final int SHOWN = NIGHTLY ? 3_000 : 310;
    private static final int SERVED = NIGHTLY ? 5_000 : 25;

    private static final ProxyClass INGRESS = new ProxyClass(
            ProxyClass.Role.ROUTER,
            "istio-system",
            "istio-ingressgateway",
            new TreeMap<>(Map.of("istio", "ingressgateway")),
            new TreeMap<>(),
            "127.0.0.1",
            true);

    private final Analyzer analyzer = new Analyzer();

    @Test
    void noAcceptedConfigurationBreaksARuleOfEnvoys() {
        var accepted = 0;
        var translator = new Translator();
        for (var seed = 0; seed < CHECKED; seed++) {
            var objects = accepted(seed);
            accepted += objects.size();
            var image = new Analyzer().check(ConfigImage.EMPTY.with(1, objects, List.of()));
            var resources = translator.translate(image, INGRESS);
            translator.forget(INGRESS);
            assertThat(resources.withheld()).as("seed " + seed).isEmpty();
        }
        // Were most documents refused, the test would prove little.
        assertThat(accepted).isGreaterThan(CHECKED * 4);
    }

    @Test
    @Tag("P6")
    void realEnvoyRefusesNone(@TempDir Path scratch) throws IOException {
        try (var stack = GatewayStack.start(scratch, "")) {
            for (var seed = 0; seed < SERVED; seed++) {
                var documents = new LinkedHashMap<String, String>();
                accepted(seed)
                        .forEach(object -> documents.put(
                                object.ref().toString(), object.source().text()));
                try {
                    stack.become(String.join("\n---\n", documents.values()));
                } catch (AssertionError refused) {
                    throw new AssertionError("seed " + seed + ": " + refused.getMessage(), refused);
                }
            }
        }
    }

    @Test
    @Tag("P6")
    void envoysOwnCheckRefusesNone(@TempDir Path scratch) throws IOException, InterruptedException {
        var envoy = LocalEnvoy.path();
        var translator = new Translator();
        for (var seed = 0; seed < SHOWN; seed++) {
            var image = analyzer.check(ConfigImage.EMPTY.with(1, accepted(seed), List.of()));
            var resources = translator.translate(image, INGRESS);
            translator.forget(INGRESS);
            var file = scratch.resolve(seed + ".pb");
            Files.write(file, new StaticBootstrap(resources).build().toByteArray());
            var output = scratch.resolve(seed + ".log");
            var check = new ProcessBuilder(envoy.toString(), "--mode", "validate", "-c", file.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            assertThat(check.waitFor())
                    .as("seed " + seed + ": " + Files.readString(output))
                    .isZero();
        }
    }

    /// The documents of a seed that a user could have applied; the last one of a name counts.
    private List<ConfigObject<?>> accepted(int seed) {
        var objects = new ArrayList<ConfigObject<?>>();
        for (var document : new ConfigGenerator(new Random(seed)).configuration()) {
            var read = new YamlReader().read("in.yaml", document.getBytes(StandardCharsets.UTF_8));
            if (read.findings().stream().anyMatch(Finding::isRefusal)) {
                continue;
            }
            read.objects()
                    .filter(object -> analyzer.inspect(object).stream().noneMatch(Finding::isRefusal))
                    .forEach(object -> objects.add(object.withAge(age(object, objects.size()))));
        }
        return objects;
    }

    private static Age age(ConfigObject<?> object, int index) {
        var created = object.metadata().creationTimestamp();
        return new Age(created == null ? Instant.parse("2026-01-01T00:00:00Z") : created, 1, "in.yaml", index);
    }
}
