package io.sallyport.translation.emit;

import com.google.protobuf.Any;
import com.google.protobuf.BoolValue;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DoubleValue;
import com.google.protobuf.Duration;
import com.google.protobuf.MapEntry;
import com.google.protobuf.Message;
import com.google.protobuf.Struct;
import com.google.protobuf.UInt32Value;
import com.google.protobuf.UInt64Value;
import com.google.protobuf.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// A resource as YAML, for people to read and for tests to compare: fields by number, maps by key, what is packed in
/// place.
final class ResourceText {

    private final StringBuilder text = new StringBuilder();

    private ResourceText() {}

    static String of(Message message) {
        var printer = new ResourceText();
        printer.fields(message, 0);
        return printer.text.toString();
    }

    private void fields(Message message, int indent) {
        if (message instanceof Any any) {
            var content = Leaves.unpacked(any);
            line(indent, "\"@type\": " + content.getDescriptorForType().getFullName());
            fields(content, indent);
            return;
        }
        if (message instanceof Struct struct) {
            new TreeMap<>(struct.getFieldsMap()).forEach((key, value) -> field(key, value, indent));
            return;
        }
        message.getAllFields().forEach((field, value) -> field(field, value, indent));
    }

    private void field(FieldDescriptor field, Object value, int indent) {
        if (field.isMapField()) {
            line(indent, field.getName() + ":");
            var entries = new TreeMap<String, Object>();
            ((List<?>) value).forEach(entry -> {
                var pair = (MapEntry<?, ?>) entry;
                entries.put(pair.getKey().toString(), pair.getValue());
            });
            entries.forEach((key, content) -> field(key, content, indent + 1));
        } else {
            field(field.getName(), value, indent);
        }
    }

    private void field(String name, Object value, int indent) {
        if (value instanceof List<?> items
                && items.stream().anyMatch(item -> scalar(item).isEmpty())) {
            line(indent, name + ":");
            items.forEach(item -> item((Message) item, indent));
        } else if (value instanceof List<?> items) {
            var all = new ArrayList<String>();
            items.forEach(item -> all.addAll(scalar(item)));
            line(indent, name + ": [" + String.join(", ", all) + "]");
        } else if (scalar(value).isEmpty()) {
            var empty =
                    value instanceof Message message && message.getAllFields().isEmpty();
            line(indent, name + (empty ? ": {}" : ":"));
            fields((Message) value, indent + 1);
        } else {
            line(indent, name + ": " + scalar(value).getFirst());
        }
    }

    // The first line of an element carries the dash.
    private void item(Message item, int indent) {
        int start = text.length();
        fields(item, indent + 1);
        int dash = start + indent * 2;
        if (text.length() > start) {
            text.replace(dash, dash + 2, "- ");
        } else {
            line(indent, "- {}");
        }
    }

    private void line(int indent, String content) {
        text.repeat("  ", indent).append(content).append('\n');
    }

    /// The value in one line; empty for a message with fields of its own.
    private static List<String> scalar(Object value) {
        return switch (value) {
            case UInt32Value number -> List.of(Integer.toUnsignedString(number.getValue()));
            case UInt64Value number -> List.of(Long.toUnsignedString(number.getValue()));
            case DoubleValue number -> List.of("" + number.getValue());
            case BoolValue flag -> List.of("" + flag.getValue());
            case Duration duration ->
                List.of(java.time.Duration.ofSeconds(duration.getSeconds(), duration.getNanos())
                        .toString());
            case Value content when content.hasStringValue() -> List.of(quoted(content.getStringValue()));
            case Value content when content.hasBoolValue() -> List.of("" + content.getBoolValue());
            case ByteString bytes -> List.of(quoted(bytes.toStringUtf8()));
            case String plain -> List.of(quoted(plain));
            case Message _ -> List.of();
            default -> List.of(value.toString());
        };
    }

    private static String quoted(String value) {
        if (value.matches("[A-Za-z0-9/_][A-Za-z0-9/_.-]*")) {
            return value;
        }
        return value.chars()
                .mapToObj(c -> switch (c) {
                    case '"' -> "\\\"";
                    case '\\' -> "\\\\";
                    case '\n' -> "\\n";
                    default -> String.valueOf((char) c);
                })
                .collect(Collectors.joining("", "\"", "\""));
    }
}
