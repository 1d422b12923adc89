package io.sallyport.benchmark;

import io.sallyport.analysis.Analyzer;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.Age;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.read.YamlReader;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.ResourceType;
import io.sallyport.translation.Translator;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What one changed VirtualService among many costs from its text to the bytes that are sent: reading, judging, linking
/// and emitting, in processor time of the one thread that does it.
final class TranslationBenchmark {

    private static final int WARM_UP = 2_000;
    private static final int CHANGES = 500;

    private final Results results;
    private final Analyzer analyzer = new Analyzer();
    private final Translator translator = new Translator();
    private final YamlReader reader = new YamlReader();
    private final ProxyClass proxy = new ProxyClass(
            ProxyClass.Role.ROUTER,
            "istio-system",
            "istio-ingressgateway",
            new TreeMap<>(Map.of("istio", "ingressgateway")),
            new TreeMap<>(),
            "127.0.0.1",
            true);

    TranslationBenchmark(Results results) {
        this.results = results;
    }

    void run(int size) {
        var workload = new Workload(size);
        var objects = new ArrayList<ConfigObject<?>>();
        objects.addAll(read(Workload.GATEWAY));
        for (var n = 0; n < workload.services(); n++) {
            objects.addAll(read(Workload.serviceEntry(n)));
        }
        for (var n = 0; n < size; n++) {
            objects.addAll(read(workload.changed(n, "before")));
        }
        var image = ConfigImage.EMPTY.with(1, objects, List.of());
        translator.translate(analyzer.check(image), proxy);
        image = edit(workload, image, "warm", new Figures(), WARM_UP);
        var figures = new Figures();
        edit(workload, image, "run", figures, CHANGES);
        results.row(
                "N = %,d, 1 change: from its text to the bytes to send, CPU".formatted(size),
                figures.toString(),
                "5 ms");
    }

    private ConfigImage edit(Workload workload, ConfigImage start, String mark, Figures figures, int changes) {
        var threads = ManagementFactory.getThreadMXBean();
        var image = start;
        var previous = translator.translate(analyzer.check(image), proxy);
        for (var n = 0; n < changes; n++) {
            var text = workload.changed(n * 7 % workload.size(), mark + "-" + n);
            var cpu = threads.getCurrentThreadCpuTime();
            image = image.with(image.revision() + 1, read(text), List.of());
            var resources = translator.translate(analyzer.check(image), proxy);
            var changed = resources
                            .changesSince(previous, ResourceType.SCOPED_ROUTES)
                            .size()
                    + resources.changesSince(previous, ResourceType.ROUTES).size();
            figures.add(Duration.ofNanos(threads.getCurrentThreadCpuTime() - cpu));
            if (changed != 1) {
                throw new IllegalStateException(changed + " resources changed (expected: 1)");
            }
            previous = resources;
        }
        return image;
    }

    private List<ConfigObject<?>> read(String text) {
        var age = new Age(Instant.EPOCH, 1, "bench.yaml", 0);
        return reader.read("bench.yaml", text.getBytes(StandardCharsets.UTF_8))
                .objects()
                .<ConfigObject<?>>map(object -> object.withAge(age))
                .toList();
    }
}
