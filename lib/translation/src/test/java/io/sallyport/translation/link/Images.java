package io.sallyport.translation.link;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.Age;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.read.YamlReader;
import io.sallyport.translation.ProxyClass;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Images for tests, read from YAML. Documents age by their place in the text.
public final class Images {

    /// The gateway of `sallyport up`.
    public static final ProxyClass INGRESS = router("istio-ingressgateway", Map.of("istio", "ingressgateway"));

    private Images() {}

    static ProxyClass router(String name, Map<String, String> labels) {
        return new ProxyClass(
                ProxyClass.Role.ROUTER,
                "istio-system",
                name,
                new TreeMap<>(labels),
                new TreeMap<>(Map.of("80", 8080)),
                "127.0.0.1",
                true);
    }

    static ProxyClass client(String namespace, String name, Map<String, String> labels, Map<String, Integer> listen) {
        return new ProxyClass(
                ProxyClass.Role.SIDECAR,
                namespace,
                name,
                new TreeMap<>(labels),
                new TreeMap<>(listen),
                "127.0.0.1",
                true);
    }

    static List<ConfigObject<?>> read(String yaml) {
        var result = new YamlReader().read("in.yaml", yaml.getBytes(StandardCharsets.UTF_8));
        assertThat(result.findings()).as("findings").isEmpty();
        var objects = new ArrayList<ConfigObject<?>>();
        result.objects().forEach(object -> {
            var created = object.metadata().creationTimestamp();
            var time = created == null ? Instant.EPOCH : created;
            objects.add(object.withAge(new Age(time, 1, "in.yaml", objects.size())));
        });
        return objects;
    }

    public static ConfigImage image(String yaml) {
        return ConfigImage.EMPTY.with(1, read(yaml), List.of());
    }

    static ConfigImage edited(ConfigImage image, String yaml) {
        var aged = read(yaml).stream()
                .<ConfigObject<?>>map(object -> image.find(object.ref())
                        .<ConfigObject<?>>map(old -> object.withAge(old.age()))
                        .orElse(object.withAge(new Age(Instant.EPOCH, image.revision() + 1, "in.yaml", 0))))
                .toList();
        return image.with(image.revision() + 1, aged, List.of());
    }

    static ConfigImage without(ConfigImage image, ObjectRef ref) {
        return image.with(image.revision() + 1, List.of(), List.of(ref));
    }
}
