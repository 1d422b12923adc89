package io.sallyport.accesslog.http;

import com.google.gson.JsonObject;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Timestamp;
import io.grpc.Status;
import io.sallyport.accesslog.storage.Column;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;

/// The schemas of messages as proto3 JSON has them, each under its name. What is asked for is remembered, so that the
/// document holds all that it refers to.
final class Schemas {

    private static final String HOME = "#/components/schemas/";
    // Not the `duration` of JSON Schema, which is that of ISO 8601.
    private static final String SECONDS = "^[0-9]+(\\.[0-9]{1,9})?s$";

    private final TreeMap<String, JsonObject> made = new TreeMap<>();

    Schemas() {
        made.put(
                "Error",
                Json.object(
                        "type",
                        "object",
                        "properties",
                        Json.object(
                                "code",
                                Json.object(
                                        "type",
                                        "string",
                                        "description",
                                        "The status code of gRPC.",
                                        "enum",
                                        Arrays.stream(Status.Code.values())
                                                .filter(code -> code != Status.Code.OK)
                                                .map(Status.Code::name)
                                                .toList()),
                                "message",
                                Json.object(
                                        "type",
                                        "string",
                                        "description",
                                        "The place, the value, and what was expected there.",
                                        "examples",
                                        List.of("limit 0 (expected: 1 to 1000)"))),
                        "required",
                        List.of("code", "message")));
        made.put(Inputs.GROUPED, Inputs.attributes(Column.Type::isGrouped));
        made.put(Inputs.MEASURED, Inputs.attributes(Column.Type::isMeasured));
    }

    /// All that were asked for, and those that they refer to.
    JsonObject all() {
        var all = new JsonObject();
        made.forEach(all::add);
        return all;
    }

    static JsonObject error() {
        return reference("Error");
    }

    /// An answer. Whatever has no value is left out of it, so nothing is required.
    JsonObject answer(Descriptor message) {
        if (made.putIfAbsent(name(message), new JsonObject()) == null) {
            var fields = new JsonObject();
            message.getFields().forEach(field -> fields.add(field.getJsonName(), answer(field)));
            made.put(name(message), Json.object("type", "object", "properties", fields));
        }
        return reference(name(message));
    }

    private JsonObject answer(FieldDescriptor field) {
        if (field.isMapField()) {
            var value = field.getMessageType().findFieldByName("value");
            return Json.object("type", "object", "additionalProperties", answerValue(value));
        }
        return field.isRepeated() ? Json.object("type", "array", "items", answerValue(field)) : answerValue(field);
    }

    // Large numbers are texts, since not every reader of JSON keeps all their digits.
    private JsonObject answerValue(FieldDescriptor field) {
        if (Parameters.isMessage(field)) {
            return answer(field.getMessageType());
        }
        return field.getJavaType() == FieldDescriptor.JavaType.LONG
                ? Json.object("type", "string", "format", "int64")
                : plain(field);
    }

    /// A question as the body of a request.
    JsonObject question(Descriptor message) {
        if (made.putIfAbsent(name(message), new JsonObject()) == null) {
            made.put(name(message), fields(message, message));
        }
        return reference(name(message));
    }

    private JsonObject fields(Descriptor message, Descriptor question) {
        var fields = new JsonObject();
        var required = new ArrayList<String>();
        for (var field : message.getFields()) {
            if (Inputs.isTaken(question, field)) {
                fields.add(field.getJsonName(), part(field, question));
            }
            if (Inputs.isRequired(field)) {
                required.add(field.getJsonName());
            }
        }
        var schema = Json.object("type", "object", "properties", fields, "additionalProperties", false);
        if (!required.isEmpty()) {
            schema.add("required", Json.array(required));
        }
        return schema;
    }

    private JsonObject part(FieldDescriptor field, Descriptor question) {
        if (!Parameters.isMessage(field)) {
            var type = field.getJavaType() == FieldDescriptor.JavaType.LONG
                    ? Json.object("type", List.of("integer", "string"), "format", "int64")
                    : plain(field);
            return input(field, type);
        }
        var isWhole = field.getMessageType().getFields().stream().allMatch(inner -> Inputs.isTaken(question, inner));
        return isWhole ? question(field.getMessageType()) : fields(field.getMessageType(), question);
    }

    /// A question's field as a parameter of an address.
    static JsonObject parameter(FieldDescriptor field) {
        var type = field.getJavaType() == FieldDescriptor.JavaType.LONG
                ? Json.object("type", "integer", "format", "int64")
                : plain(field);
        return input(field, type);
    }

    private static JsonObject input(FieldDescriptor field, JsonObject type) {
        var known = Inputs.of(field);
        if (known.has("$ref")) {
            return known;
        }
        return Json.merged(field.isRepeated() ? Json.object("type", "array", "items", type) : type, known);
    }

    private static JsonObject plain(FieldDescriptor field) {
        return switch (field.getJavaType()) {
            case STRING -> Json.object("type", "string");
            case BYTE_STRING -> Json.object("type", "string", "contentEncoding", "base64");
            case INT -> Json.object("type", "integer", "format", "int32");
            case LONG -> Json.object("type", "integer", "format", "int64");
            case FLOAT, DOUBLE -> Json.object("type", "number", "format", "double");
            case BOOLEAN -> Json.object("type", "boolean");
            case ENUM ->
                Json.object(
                        "type",
                        "string",
                        "enum",
                        field.getEnumType().getValues().stream()
                                .filter(value -> value.getNumber() != 0)
                                .map(EnumValueDescriptor::getName)
                                .toList());
            case MESSAGE ->
                field.getMessageType().equals(Timestamp.getDescriptor())
                        ? Json.object("type", "string", "format", "date-time")
                        : Json.object("type", "string", "pattern", SECONDS);
        };
    }

    private static JsonObject reference(String name) {
        return Json.object("$ref", HOME + name);
    }

    /// `PercentilesResponse.Group`
    private static String name(Descriptor message) {
        return message.getFullName().substring(message.getFile().getPackage().length() + 1);
    }
}
