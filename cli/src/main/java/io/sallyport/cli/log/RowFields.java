package io.sallyport.cli.log;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.MapEntry;
import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Timestamps;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import io.sallyport.proto.accesslog.v1.Entry;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// One row with all that it has, by the names that filters use: `response.code  404`.
final class RowFields {

    private RowFields() {}

    /// One line each, in the order of the row's fields.
    static List<String> lines(AccessLogEntry entry) {
        var fields = new TreeMap<Integer, Map<String, String>>();
        entry.getAllFields().forEach((field, value) -> {
            if (field.getOptions().hasExtension(Entry.attribute)) {
                fields.put(field.getIndex(), named(field, value));
            }
        });
        var width = fields.values().stream()
                .flatMap(values -> values.keySet().stream())
                .mapToInt(String::length)
                .max()
                .orElse(0);
        return fields.values().stream()
                .flatMap(values -> values.entrySet().stream())
                .map(each -> each.getKey() + " ".repeat(width - each.getKey().length() + 3) + each.getValue())
                .toList();
    }

    private static Map<String, String> named(FieldDescriptor field, Object value) {
        var attribute = field.getOptions().getExtension(Entry.attribute);
        if (!field.isMapField()) {
            return Map.of(attribute, written(field, value));
        }
        var values = new TreeMap<String, String>();
        for (var each : (List<?>) value) {
            if (each instanceof MapEntry<?, ?> pair) {
                values.put(attribute + "[\"" + pair.getKey() + "\"]", String.valueOf(pair.getValue()));
            }
        }
        return values;
    }

    private static String written(FieldDescriptor field, Object value) {
        return switch (value) {
            case Timestamp time -> Timestamps.toString(time);
            case Long micros
            when field.getName().endsWith("_micros") ->
                BigDecimal.valueOf(micros, 3).stripTrailingZeros().toPlainString() + " ms";
            case Double number when number == Math.rint(number) -> String.valueOf(Math.round(number));
            default -> String.valueOf(value);
        };
    }
}
