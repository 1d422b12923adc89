package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.Analyzer;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.Age;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import io.sallyport.model.read.YamlReader;
import io.sallyport.testkit.generate.ConfigGenerator;
import io.sallyport.translation.EnvoyResource;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.ResourceType;
import io.sallyport.translation.Translator;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// After any sequence of edits, removals and returns, what proxies get is byte for byte what a fresh start on the same
/// input gives them, in whatever order that start reads it.
@Tag("X7")
class EditSequencesTest {

    private static final boolean NIGHTLY = Boolean.getBoolean("sallyport.nightly");
    private static final int EDITS = NIGHTLY ? 5_000 : 400;
    private static final int LOOKS = 20;

    private static final ProxyClass PROXY = new ProxyClass(
            ProxyClass.Role.ROUTER,
            "istio-system",
            "istio-ingressgateway",
            new TreeMap<>(Map.of("istio", "ingressgateway")),
            new TreeMap<>(Map.of("80", 8080)),
            "127.0.0.1",
            true);

    private static final List<String> SETTINGS = List.of(
            settings("accessLogFile: /dev/stdout"),
            settings("accessLogFile: /dev/stdout, accessLogEncoding: JSON"),
            settings("pathNormalization: {normalization: MERGE_SLASHES}"),
            settings("defaultConfig: {gatewayTopology: {numTrustedProxies: 1}}"),
            settings("defaultVirtualServiceExportTo: [\".\"]"),
            telemetry("providers: [{name: envoy}]"),
            telemetry("disabled: true"),
            telemetry("providers: [{name: envoy}], filter: {expression: response.code >= 400}"),
            "apiVersion: sallyport.io/v1alpha1\nkind: Platform\nmetadata: {namespace: istio-system, name: sallyport}\nedge: strict\n");

    static LongStream seeds() {
        return LongStream.range(0, NIGHTLY ? 40 : 4);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void anEditedGatewayEqualsAFreshOne(long seed) {
        var random = new Random(seed);
        var analyzer = new Analyzer();
        var translator = new Translator();
        var image = ConfigImage.EMPTY;
        var compared = 0;
        for (int edit = 0; edit < EDITS; edit++) {
            if (random.nextInt(3) == 0) {
                // One that is never stored, as when the disk is full.
                translator.prepare(analyzer.check(edited(image, random, analyzer)), PROXY);
            }
            image = edited(image, random, analyzer);
            if (random.nextInt(2) == 0) {
                translator.prepare(analyzer.check(image), PROXY);
            }
            var resources = translator.translate(analyzer.check(image), PROXY);
            if (edit % LOOKS == LOOKS - 1) {
                var fresh = new Translator().translate(new Analyzer().check(shuffled(image, random)), PROXY);
                // The last good version of what is withheld stays; a fresh start has none.
                if (resources.withheld().isEmpty() && fresh.withheld().isEmpty()) {
                    assertThat(bytes(resources))
                            .as("seed %d, edit %d", seed, edit)
                            .isEqualTo(bytes(fresh));
                    compared++;
                }
            }
        }
        assertThat(compared).as("looks that could compare").isGreaterThan(EDITS / LOOKS / 4);
    }

    private static ConfigImage edited(ConfigImage image, Random random, Analyzer analyzer) {
        var revision = image.revision() + 1;
        var present = image.objects().stream().map(ConfigObject::ref).sorted().toList();
        if (!present.isEmpty() && (present.size() > 25 || random.nextInt(4) == 0)) {
            return image.with(revision, List.of(), List.of(present.get(random.nextInt(present.size()))));
        }
        var upserts = new ArrayList<ConfigObject<?>>();
        var read = new YamlReader().read("in.yaml", document(random).getBytes(StandardCharsets.UTF_8));
        if (read.findings().stream().noneMatch(Finding::isError)) {
            read.objects()
                    .filter(object -> analyzer.inspect(object).stream().noneMatch(Finding::isRefusal))
                    .forEach(object -> upserts.add(aged(object, image, revision)));
        }
        return image.with(revision, upserts, List.of());
    }

    private static String document(Random random) {
        if (random.nextInt(8) == 0) {
            return SETTINGS.get(random.nextInt(SETTINGS.size()));
        }
        var documents = new ConfigGenerator(new SplittableRandom(random.nextLong())).configuration();
        return documents.get(random.nextInt(documents.size()));
    }

    // An edit keeps the age; what was deleted and returns is new.
    private static ConfigObject<?> aged(ConfigObject<?> object, ConfigImage image, long revision) {
        return image.find(object.ref())
                .<ConfigObject<?>>map(old -> object.withAge(old.age()))
                .orElseGet(() -> object.withAge(new Age(Instant.EPOCH, revision, "in.yaml", 0)));
    }

    private static ConfigImage shuffled(ConfigImage image, Random random) {
        var objects = new ArrayList<>(image.objects());
        Collections.shuffle(objects, random);
        var half = objects.size() / 2;
        return ConfigImage.EMPTY
                .with(1, objects.subList(0, half), List.of())
                .with(image.revision(), objects.subList(half, objects.size()), List.of());
    }

    private static Map<String, String> bytes(EnvoyResources resources) {
        var bytes = new TreeMap<String, String>();
        for (var type : ResourceType.values()) {
            for (var resource : resources.all(type).values()) {
                bytes.put(type + " " + resource.name(), hex(resource));
            }
        }
        return bytes;
    }

    private static String hex(EnvoyResource resource) {
        return java.util.HexFormat.of().formatHex(resource.bytes().toByteArray());
    }

    private static String settings(String mesh) {
        return "apiVersion: v1\nkind: ConfigMap\nmetadata: {namespace: istio-system, name: istio}\ndata:\n  mesh: '{%s}'\n"
                .formatted(mesh);
    }

    private static String telemetry(String logging) {
        return "apiVersion: telemetry.istio.io/v1\nkind: Telemetry\nmetadata: {namespace: istio-system, name: logs}\nspec: {accessLogging: [{%s}]}\n"
                .formatted(logging);
    }
}
