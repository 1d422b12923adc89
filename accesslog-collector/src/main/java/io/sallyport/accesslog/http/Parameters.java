package io.sallyport.accesslog.http;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import com.google.protobuf.util.JsonFormat;
import io.grpc.Status;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Query parameters as a request: `?filter=response.code>=500&limit=10&by=route`. A field of a field is named by a dot,
/// `before.filter`; those of `scope` need none.
final class Parameters {

    private static final String SCOPE = "scope";
    private static final int MAX_QUOTED = 80;

    private Parameters() {}

    /// The request as proto3 JSON.
    static JsonObject json(Descriptor request, Map<String, String[]> parameters) throws BadRequestException {
        var json = new JsonObject();
        for (var parameter : parameters.entrySet()) {
            put(json, request, parameter.getKey(), parameter, request);
        }
        return json;
    }

    private static void put(
            JsonObject json, Descriptor type, String name, Map.Entry<String, String[]> parameter, Descriptor request)
            throws BadRequestException {
        var values = parameter.getValue();
        var dot = name.indexOf('.');
        var first = dot < 0 ? name : name.substring(0, dot);
        var field = find(type, first);
        if (field == null) {
            var scope = type.findFieldByName(SCOPE);
            if (scope == null || find(scope.getMessageType(), first) == null) {
                var expected = all(request).keySet();
                throw new BadRequestException("parameter \"" + name + "\" (expected: "
                        + (expected.isEmpty() ? "none)" : "one of " + String.join(", ", expected) + ")"));
            }
            put(inner(json, SCOPE), scope.getMessageType(), name, parameter, request);
        } else if (dot >= 0 && isMessage(field)) {
            put(inner(json, field.getJsonName()), field.getMessageType(), name.substring(dot + 1), parameter, request);
        } else if (field.isRepeated()) {
            var all = new JsonArray();
            for (var value : values) {
                all.add(new JsonPrimitive(value));
            }
            check(field, all, parameter.getKey(), String.join(", ", values));
            json.add(field.getJsonName(), all);
        } else if (values.length != 1) {
            throw new BadRequestException(
                    "parameter \"" + name + "\" stands " + values.length + " times (expected: once)");
        } else {
            var value = new JsonPrimitive(values[0]);
            check(field, value, parameter.getKey(), values[0]);
            json.add(field.getJsonName(), value);
        }
    }

    // Each value alone, so that what is wrong is said of the parameter and not of the whole question.
    private static void check(FieldDescriptor field, JsonElement value, String name, String written)
            throws BadRequestException {
        var alone = new JsonObject();
        alone.add(field.getJsonName(), value);
        try {
            JsonFormat.parser().merge(alone.toString(), DynamicMessage.newBuilder(field.getContainingType()));
        } catch (InvalidProtocolBufferException e) {
            throw new BadRequestException(
                    "parameter \"" + name + "\": \"" + shortened(written) + "\" (expected: " + kind(field) + ")", e);
        }
    }

    private static String shortened(String text) {
        return text.length() > MAX_QUOTED ? text.substring(0, MAX_QUOTED) + "…" : text;
    }

    private static String kind(FieldDescriptor field) {
        return switch (field.getJavaType()) {
            case INT, LONG -> "a whole number";
            case FLOAT, DOUBLE -> "a number";
            case BOOLEAN -> "true or false";
            case ENUM ->
                field.getEnumType().getValues().stream()
                        .filter(value -> value.getNumber() != 0)
                        .map(value -> value.getName())
                        .collect(Collectors.joining(", ", "one of ", ""));
            case MESSAGE ->
                field.getMessageType().equals(Timestamp.getDescriptor())
                        ? "a time, like 2026-11-21T10:00:00Z"
                        : "a duration in seconds, like 60s";
            case STRING, BYTE_STRING -> "a text";
        };
    }

    private static @Nullable FieldDescriptor find(Descriptor type, String name) {
        return type.getFields().stream()
                .filter(field ->
                        field.getName().equals(name) || field.getJsonName().equals(name))
                .findFirst()
                .orElse(null);
    }

    private static JsonObject inner(JsonObject json, String name) {
        if (!json.has(name)) {
            json.add(name, new JsonObject());
        }
        return json.getAsJsonObject(name);
    }

    /// A message with fields of its own, not one that JSON writes as a text.
    static boolean isMessage(FieldDescriptor field) {
        return field.getJavaType() == FieldDescriptor.JavaType.MESSAGE
                && !field.getMessageType()
                        .getFile()
                        .getPackage()
                        .equals(Timestamp.getDescriptor().getFile().getPackage());
    }

    /// All that a question takes, in the order of their names.
    static SortedMap<String, FieldDescriptor> all(Descriptor question) {
        var all = new TreeMap<String, FieldDescriptor>();
        collect(all, "", question, question);
        return all;
    }

    private static void collect(Map<String, FieldDescriptor> all, String prefix, Descriptor type, Descriptor question) {
        for (var field : type.getFields()) {
            var name = prefix + field.getJsonName();
            if (isMessage(field)) {
                collect(all, field.getName().equals(SCOPE) ? prefix : name + ".", field.getMessageType(), question);
            } else if (Inputs.isTaken(question, field)) {
                all.put(name, field);
            }
        }
    }

    /// The request cannot be read.
    static final class BadRequestException extends Exception {

        private static final long serialVersionUID = 1L;

        private final boolean isTooLarge;

        BadRequestException(String message) {
            this(message, false);
        }

        private BadRequestException(String message, boolean isTooLarge) {
            super(message);
            this.isTooLarge = isTooLarge;
        }

        BadRequestException(String message, Throwable cause) {
            super(message, cause);
            this.isTooLarge = false;
        }

        BadRequestException(String message, Message.Builder unread, Throwable cause) {
            this(message + " (expected: " + unread.getDescriptorForType().getName() + " as proto3 JSON)", cause);
        }

        static BadRequestException tooLarge(String message) {
            return new BadRequestException(message, true);
        }

        int status() {
            return isTooLarge ? 413 : 400;
        }

        String code() {
            return (isTooLarge ? Status.Code.RESOURCE_EXHAUSTED : Status.Code.INVALID_ARGUMENT).name();
        }
    }
}
