package io.sallyport.charts;

import com.google.common.base.Splitter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.representer.Representer;
import org.yaml.snakeyaml.resolver.Resolver;

/// YAML as Kubernetes reads it, version 1.1, and as these tests write it: keys in order, no anchors.
public final class Yaml {

    private static final int LINE = 116;

    private Yaml() {}

    /// All documents of a text that are not empty, as mappings.
    public static List<Map<String, Object>> documents(String text) {
        var documents = new ArrayList<Map<String, Object>>();
        for (var document : loader().loadAll(text)) {
            if (document != null) {
                documents.add(map(document));
            }
        }
        return documents;
    }

    /// One document of any sort.
    public static Object read(String text) {
        return loader().load(text);
    }

    /// Equal values have equal text.
    public static String write(Object value) {
        var options = new DumperOptions();
        options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
        options.setDereferenceAliases(true);
        options.setAllowUnicode(true);
        options.setSplitLines(true);
        options.setWidth(LINE);
        return new org.yaml.snakeyaml.Yaml(options).dump(sorted(value));
    }

    /// The mapping that a value is.
    @SuppressWarnings("unchecked")
    public static Map<String, Object> map(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            return (Map<String, Object>) map;
        }
        throw new AssertionError(value + " (expected: a mapping)");
    }

    /// The list that a value is; none if it is absent.
    @SuppressWarnings("unchecked")
    public static List<Object> list(@Nullable Object value) {
        if (value == null) {
            return List.of();
        }
        if (value instanceof List<?> list) {
            return (List<Object>) list;
        }
        throw new AssertionError(value + " (expected: a list)");
    }

    /// What is at a path of names, `spec.template.spec`; an empty mapping where something on the way is absent.
    public static Map<String, Object> at(Map<String, Object> object, String path) {
        Map<String, Object> here = object;
        for (var name : Splitter.on('.').split(path)) {
            var next = here.get(name);
            if (next == null) {
                return Map.of();
            }
            here = map(next);
        }
        return here;
    }

    // A time stays the text that it is, as it does in JSON.
    private static org.yaml.snakeyaml.Yaml loader() {
        var loading = new LoaderOptions();
        loading.setCodePointLimit(64 << 20);
        loading.setAllowDuplicateKeys(false);
        var dumping = new DumperOptions();
        return new org.yaml.snakeyaml.Yaml(
                new SafeConstructor(loading), new Representer(dumping), dumping, loading, new Resolver() {
                    @Override
                    protected void addImplicitResolvers() {
                        addImplicitResolver(Tag.BOOL, BOOL, "yYnNtTfFoO");
                        addImplicitResolver(Tag.INT, INT, "-+0123456789");
                        addImplicitResolver(Tag.FLOAT, FLOAT, "-+0123456789.");
                        addImplicitResolver(Tag.MERGE, MERGE, "<");
                        addImplicitResolver(Tag.NULL, NULL, "~nN\0");
                        addImplicitResolver(Tag.NULL, EMPTY, null);
                    }
                });
    }

    private static Object sorted(Object value) {
        return switch (value) {
            case Map<?, ?> map -> {
                var entries = new TreeMap<String, Object>();
                map.forEach((key, item) -> entries.put(String.valueOf(key), sorted(item)));
                yield entries;
            }
            case List<?> list -> list.stream().map(Yaml::sorted).toList();
            default -> value;
        };
    }
}
