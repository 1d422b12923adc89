package io.sallyport.accesslog.http;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Query parameters as a request: `?filter=response.code>=500&limit=10&by=route`. A field of a field is named by a dot,
/// `before.filter`; those of `scope` need none.
final class Parameters {

    private static final String SCOPE = "scope";

    private Parameters() {}

    /// The request as proto3 JSON.
    static JsonObject json(Descriptor request, Map<String, String[]> parameters) throws BadRequestException {
        var json = new JsonObject();
        for (var parameter : parameters.entrySet()) {
            put(json, request, parameter.getKey(), parameter.getValue(), request);
        }
        return json;
    }

    private static void put(JsonObject json, Descriptor type, String name, String[] values, Descriptor request)
            throws BadRequestException {
        var dot = name.indexOf('.');
        var first = dot < 0 ? name : name.substring(0, dot);
        var field = find(type, first);
        if (field == null) {
            var scope = type.findFieldByName(SCOPE);
            if (scope == null || find(scope.getMessageType(), first) == null) {
                throw new BadRequestException(
                        "parameter \"" + name + "\" (expected: one of " + names(request, "") + ")");
            }
            put(inner(json, SCOPE), scope.getMessageType(), name, values, request);
        } else if (dot >= 0 && isMessage(field)) {
            put(inner(json, field.getJsonName()), field.getMessageType(), name.substring(dot + 1), values, request);
        } else if (field.isRepeated()) {
            var all = new JsonArray();
            for (var value : values) {
                all.add(new JsonPrimitive(value));
            }
            json.add(field.getJsonName(), all);
        } else if (values.length != 1) {
            throw new BadRequestException(
                    "parameter \"" + name + "\" stands " + values.length + " times (expected: once)");
        } else {
            json.addProperty(field.getJsonName(), values[0]);
        }
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

    /// All there are, in the order of their names.
    static SortedSet<String> names(Descriptor type, String prefix) {
        var names = new TreeSet<String>();
        for (var field : type.getFields()) {
            if (!isMessage(field)) {
                names.add(prefix + field.getJsonName());
            } else if (field.getName().equals(SCOPE)) {
                names.addAll(names(field.getMessageType(), prefix));
            } else {
                names.addAll(names(field.getMessageType(), prefix + field.getJsonName() + "."));
            }
        }
        return names;
    }

    /// The request cannot be read.
    static final class BadRequestException extends Exception {

        private static final long serialVersionUID = 1L;

        BadRequestException(String message) {
            super(message);
        }

        BadRequestException(String message, Message.Builder unread, Throwable cause) {
            super(message + " (expected: " + unread.getDescriptorForType().getName() + " as proto3 JSON)", cause);
        }
    }
}
