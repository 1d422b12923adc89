package io.sallyport.conformance;

import io.sallyport.analysis.Analyzer;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.Age;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import io.sallyport.model.read.YamlReader;
import io.sallyport.testkit.generate.ConfigGenerator;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.Translator;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/// What a gateway is given for configurations made by chance, of which the door drops what it refuses. The seed of a
/// configuration is its number. One translator makes all: each configuration is a large edit of the one before.
final class ChanceConfiguration {

    private static final ProxyClass PROXY = new ProxyClass(
            ProxyClass.Role.ROUTER,
            "istio-system",
            "istio-ingressgateway",
            new TreeMap<>(Map.of("istio", "ingressgateway")),
            new TreeMap<>(Map.of("80", 8080)),
            "127.0.0.1",
            true);

    private final Analyzer analyzer = new Analyzer();
    private final Translator translator = new Translator();

    EnvoyResources resources(int seed) {
        var objects = new ArrayList<ConfigObject<?>>();
        for (var document : new ConfigGenerator(new SplittableRandom(seed)).configuration()) {
            var read = new YamlReader().read("in.yaml", document.getBytes(StandardCharsets.UTF_8));
            if (read.findings().stream().noneMatch(Finding::isError)) {
                read.objects()
                        .filter(object -> analyzer.inspect(object).stream().noneMatch(Finding::isRefusal))
                        .forEach(object -> objects.add(aged(object, objects.size())));
            }
        }
        var image = ConfigImage.EMPTY.with(seed + 1L, objects, List.of());
        return translator.translate(analyzer.check(image), PROXY);
    }

    private static ConfigObject<?> aged(ConfigObject<?> object, int place) {
        var created = object.metadata().creationTimestamp();
        return object.withAge(new Age(created == null ? Instant.EPOCH : created, 1, "in.yaml", place));
    }
}
