package io.sallyport.charts.crd;

import io.sallyport.charts.Yaml;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What an API server with strict field validation says of an object: every violation of a structural schema, unknown
/// fields too. The few words of JSON Schema that such schemas may use, and an exception for any other.
final class SchemaCheck {

    private final List<String> violations = new ArrayList<>();

    private SchemaCheck() {}

    /// All violations, each with its path; `apiVersion`, `kind` and `metadata` are the server's own business.
    static List<String> violations(Map<String, Object> schema, Map<String, Object> object) {
        var check = new SchemaCheck();
        var body = new java.util.TreeMap<>(object);
        body.keySet().removeAll(List.of("apiVersion", "kind", "metadata"));
        check.value("", schema, body);
        return List.copyOf(check.violations);
    }

    private void value(String path, Map<String, Object> schema, @Nullable Object value) {
        schema.keySet().forEach(SchemaCheck::known);
        if (schema.containsKey("x-kubernetes-int-or-string")) {
            require(path, value instanceof String || value instanceof Integer, value, "an integer or a string");
            return;
        }
        var type = schema.get("type");
        if (type == null) {
            return;
        }
        switch (String.valueOf(type)) {
            case "object" -> {
                if (require(path, value instanceof Map, value, "a mapping")) {
                    object(path, schema, Yaml.map(value));
                }
            }
            case "array" -> {
                if (require(path, value instanceof List, value, "a list")) {
                    var items = Yaml.list(value);
                    for (var i = 0; i < items.size(); i++) {
                        value(path + "[" + i + "]", Yaml.map(schema.get("items")), items.get(i));
                    }
                }
            }
            case "string" -> {
                if (require(path, value instanceof String, value, "a string")) {
                    text(path, schema, String.valueOf(value));
                }
            }
            case "integer" -> {
                if (value instanceof Integer || value instanceof Long) {
                    range(path, schema, ((Number) value).longValue());
                } else {
                    require(path, false, value, "an integer");
                }
            }
            case "number" -> require(path, value instanceof Number, value, "a number");
            case "boolean" -> require(path, value instanceof Boolean, value, "true or false");
            default -> throw new IllegalStateException(path + ": type " + type);
        }
    }

    private void object(String path, Map<String, Object> schema, Map<String, Object> value) {
        var properties = Yaml.at(schema, "properties");
        var open = schema.containsKey("x-kubernetes-preserve-unknown-fields");
        value.forEach((name, item) -> {
            var here = path.isEmpty() ? name : path + "." + name;
            if (properties.containsKey(name)) {
                value(here, Yaml.map(properties.get(name)), item);
            } else if (schema.containsKey("additionalProperties")) {
                value(here, Yaml.map(schema.get("additionalProperties")), item);
            } else if (!open) {
                violations.add("unknown field \"" + here + "\"");
            }
        });
        if (schema.get("minProperties") instanceof Integer least && value.size() < least) {
            violations.add(path + ": empty");
        }
        conditions(path, schema, value);
        for (var all : Yaml.list(schema.get("allOf"))) {
            conditions(path, Yaml.map(all), value);
        }
    }

    private void conditions(String path, Map<String, Object> schema, Map<String, Object> value) {
        for (var name : Yaml.list(schema.get("required"))) {
            if (!value.containsKey(String.valueOf(name))) {
                violations.add("missing field \"" + (path.isEmpty() ? "" : path + ".") + name + "\"");
            }
        }
        var choices = Yaml.list(schema.get("oneOf"));
        if (!choices.isEmpty()
                && choices.stream()
                                .filter(choice -> holds(Yaml.map(choice), value))
                                .count()
                        != 1) {
            violations.add(path + ": " + value.keySet() + " exclude one another");
        }
    }

    private static boolean holds(Map<String, Object> choice, Map<String, Object> value) {
        if (choice.containsKey("not")) {
            return Yaml.list(Yaml.at(choice, "not").get("anyOf")).stream()
                    .noneMatch(any -> holds(Yaml.map(any), value));
        }
        return Yaml.list(choice.get("required")).stream().allMatch(name -> value.containsKey(String.valueOf(name)));
    }

    private void text(String path, Map<String, Object> schema, String value) {
        if (schema.containsKey("enum")) {
            require(path, Yaml.list(schema.get("enum")).contains(value), value, String.valueOf(schema.get("enum")));
        }
        if (schema.get("pattern") instanceof String pattern) {
            require(path, value.matches(pattern), value, pattern);
        }
        if (schema.get("minLength") instanceof Integer least) {
            require(path, value.length() >= least, value, "at least one character");
        }
        if (schema.get("maxLength") instanceof Integer most) {
            require(path, value.length() <= most, value, "at most " + most + " characters");
        }
    }

    private void range(String path, Map<String, Object> schema, long value) {
        if (schema.get("minimum") instanceof Number least) {
            require(path, value >= least.longValue(), value, "at least " + least);
        }
        if (schema.get("maximum") instanceof Number most) {
            require(path, value <= most.longValue(), value, "at most " + most);
        }
    }

    private boolean require(String path, boolean holds, @Nullable Object value, String expected) {
        if (!holds) {
            violations.add("%s: \"%s\" (expected: %s)".formatted(path, value, expected));
        }
        return holds;
    }

    private static void known(String word) {
        switch (word) {
            case "additionalProperties",
                    "allOf",
                    "description",
                    "enum",
                    "format",
                    "items",
                    "maxLength",
                    "maximum",
                    "minLength",
                    "minProperties",
                    "minimum",
                    "oneOf",
                    "pattern",
                    "properties",
                    "required",
                    "type",
                    "x-kubernetes-int-or-string",
                    "x-kubernetes-preserve-unknown-fields" -> {
                // What structural schemas may hold and this check knows.
            }
            default -> throw new IllegalStateException("schemas with \"" + word + "\" are not checked here");
        }
    }
}
