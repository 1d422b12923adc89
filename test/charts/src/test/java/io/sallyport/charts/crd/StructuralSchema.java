package io.sallyport.charts.crd;

import io.sallyport.charts.Yaml;
import io.sallyport.model.schema.FieldSpec;
import io.sallyport.model.schema.FieldType;
import io.sallyport.model.schema.RecordSchema;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Spells a record of the model as a structural OpenAPI schema, the part of JSON Schema that API servers take: a type
/// at each node, and members that exclude one another by `oneOf` over `required` alone.
final class StructuralSchema {

    // What the reader takes: Go's words, and a bare 0.
    private static final String DURATION = "^(0|(([0-9]+\\.?[0-9]*|\\.[0-9]+)(h|m|s|ms|us|\u00b5s|\u03bcs|ns))+)$";
    private static final int LONGEST_DURATION = 64;
    private static final String PRESERVE = "x-kubernetes-preserve-unknown-fields";

    private final Descriptions descriptions;

    StructuralSchema(Descriptions descriptions) {
        this.descriptions = descriptions;
    }

    /// The schema of a record.
    Map<String, Object> of(RecordSchema record) {
        var schema = new LinkedHashMap<String, Object>();
        var words = descriptions.of(record.type());
        if (!words.isEmpty()) {
            schema.put("description", words);
        }
        schema.put("type", "object");
        var properties = new TreeMap<String, Object>();
        var required = new ArrayList<String>();
        for (var field : record.fields()) {
            var known = field.known();
            if (known != null) {
                known.forEach(name -> properties.put(name, new LinkedHashMap<>(Map.of(PRESERVE, true))));
            } else if (field.isWritten()) {
                properties.put(field.name(), of(field));
                if (field.required()) {
                    required.add(field.name());
                }
            }
        }
        if (!properties.isEmpty()) {
            schema.put("properties", properties);
        }
        if (!required.isEmpty()) {
            schema.put("required", required);
        }
        var groups = record.groups().stream()
                .map(group -> atMostOne(group.members()))
                .toList();
        if (groups.size() == 1) {
            schema.putAll(groups.getFirst());
        } else if (!groups.isEmpty()) {
            schema.put("allOf", groups);
        }
        return schema;
    }

    // None of them, or exactly one: the way Istio's own definitions say it.
    private static Map<String, Object> atMostOne(List<String> members) {
        var each = members.stream()
                .<Object>map(member -> Map.of("required", List.of(member)))
                .toList();
        var choices = new ArrayList<Object>();
        choices.add(Map.of("not", Map.of("anyOf", each)));
        choices.addAll(each);
        return Map.of("oneOf", choices);
    }

    private Map<String, Object> of(FieldSpec field) {
        var schema = new LinkedHashMap<String, Object>();
        if (field.deprecated()) {
            schema.put(
                    "description",
                    field.instead().isEmpty() ? "Deprecated." : "Deprecated: use " + field.instead() + ".");
        }
        of(field.type()).forEach(schema::putIfAbsent);
        if (field.notEmpty()) {
            notEmpty(field.type(), schema);
        }
        return schema;
    }

    private static void notEmpty(FieldType type, Map<String, Object> schema) {
        switch (type) {
            case FieldType.Text _ -> schema.put("minLength", 1);
            case FieldType.MapOf _ -> schema.put("minProperties", 1);
            case FieldType.ListOf list -> notEmpty(list.element(), Yaml.map(schema.get("items")));
            case FieldType.Bool _,
                    FieldType.Whole _,
                    FieldType.Real _,
                    FieldType.Span _,
                    FieldType.Base64 _,
                    FieldType.Choice _,
                    FieldType.NumberOrName _,
                    FieldType.Free _,
                    FieldType.FreeStruct _,
                    FieldType.Keys _,
                    FieldType.Message _ -> {
                // Only texts and what holds them can be empty.
            }
        }
    }

    private Map<String, Object> of(FieldType type) {
        var schema = new LinkedHashMap<String, Object>();
        switch (type) {
            case FieldType.Text _ -> schema.put("type", "string");
            case FieldType.Bool _ -> schema.put("type", "boolean");
            case FieldType.Whole(long min, long max, boolean wide) -> {
                schema.put("type", "integer");
                if (min == Long.MIN_VALUE || min == Integer.MIN_VALUE) {
                    schema.put("format", wide ? "int64" : "int32");
                } else {
                    schema.put("minimum", min);
                    schema.put("maximum", max);
                }
            }
            case FieldType.Real _ -> {
                schema.put("type", "number");
                schema.put("format", "double");
            }
            case FieldType.Span _ -> {
                schema.put("type", "string");
                schema.put("maxLength", LONGEST_DURATION);
                schema.put("pattern", DURATION);
            }
            case FieldType.Base64 _ -> {
                schema.put("type", "string");
                schema.put("format", "byte");
            }
            case FieldType.Choice(var words) -> {
                schema.put("type", "string");
                schema.put(
                        "enum",
                        Arrays.stream(words.getEnumConstants()).map(Enum::name).toList());
            }
            case FieldType.NumberOrName _ -> schema.put("x-kubernetes-int-or-string", true);
            case FieldType.Free _ -> schema.put(PRESERVE, true);
            case FieldType.FreeStruct _ -> {
                schema.put("type", "object");
                schema.put(PRESERVE, true);
            }
            case FieldType.Keys _ -> throw new IllegalStateException("a field that is derived is not written");
            case FieldType.Message(var record) -> schema.putAll(of(record));
            case FieldType.ListOf(var element) -> {
                schema.put("type", "array");
                schema.put("items", of(element));
            }
            case FieldType.MapOf(var value) -> {
                schema.put("type", "object");
                schema.put("additionalProperties", of(value));
            }
        }
        return schema;
    }
}
