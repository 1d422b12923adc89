package io.sallyport.accesslog.http;

import com.google.common.collect.ImmutableMap;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import io.sallyport.proto.accesslog.v1.ExportRequest;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/// The service's OpenAPI 3.1 document, made from its descriptors.
public final class OpenApi {

    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();
    private static final String JSON = "application/json";

    private static final ImmutableMap<String, String> SUMMARIES = ImmutableMap.<String, String>builder()
            .put("attributes", "The attributes that a filter may use.")
            .put("compare", "Two sets of rows side by side: before and after a revision, yesterday and today.")
            .put("completeness", "Per proxy and minute: what became of the requests that the proxy served.")
            .put("distinct", "How many different values an attribute has.")
            .put("export", "All rows that match, as JSON lines, CSV or Parquet.")
            .put("histogram", "Counts over time, by the class of the response code.")
            .put("percentiles", "Percentiles of a number or duration, for all rows or by an attribute.")
            .put("request", "The rows of one request, explained.")
            .put("rules", "Every rule with the rows that it decided, and those that nothing reached.")
            .put("search", "Rows, newest first, page by page.")
            .put("tail", "Rows as they are stored, as server-sent events.")
            .put("top", "The most frequent values of an attribute, with error rate and percentiles.")
            .buildOrThrow();

    private OpenApi() {}

    /// As served.
    public static String text() {
        return GSON.toJson(document()) + "\n";
    }

    private static JsonObject document() {
        var document = new JsonObject();
        document.addProperty("openapi", "3.1.0");
        var about = new JsonObject();
        about.addProperty("title", "Sallyport access logs");
        about.addProperty("version", "v1");
        about.addProperty(
                "description",
                "What happened, asked in CEL. The same as gRPC sallyport.accesslog.v1.AccessLogService, in proto3 JSON.");
        document.add("info", about);
        var paths = new JsonObject();
        var messages = new LinkedHashSet<Descriptor>();
        Operations.ALL.forEach((name, operation) -> {
            var path = new JsonObject();
            path.add("get", get(operation));
            path.add("post", post(operation, messages));
            paths.add(LogServlet.PATH + "/" + name, path);
        });
        document.add("paths", paths);
        var components = new JsonObject();
        components.add("schemas", schemas(messages));
        components.add("securitySchemes", security());
        document.add("components", components);
        var either = new JsonArray();
        for (var way : List.of("token", "certificate")) {
            var needs = new JsonObject();
            needs.add(way, new JsonArray());
            either.add(needs);
        }
        document.add("security", either);
        return document;
    }

    private static JsonObject security() {
        var token = new JsonObject();
        token.addProperty("type", "http");
        token.addProperty("scheme", "bearer");
        var certificate = new JsonObject();
        certificate.addProperty("type", "mutualTLS");
        var schemes = new JsonObject();
        schemes.add("token", token);
        schemes.add("certificate", certificate);
        return schemes;
    }

    private static JsonObject get(Operations.Operation operation) {
        var out = about(operation, "get");
        var parameters = new JsonArray();
        for (var name : Parameters.names(operation.descriptor().getInputType(), "")) {
            var parameter = new JsonObject();
            parameter.addProperty("name", name);
            parameter.addProperty("in", "query");
            var schema = new JsonObject();
            schema.addProperty("type", "string");
            parameter.add("schema", schema);
            parameters.add(parameter);
        }
        out.add("parameters", parameters);
        out.add("responses", responses(operation, new LinkedHashSet<>()));
        return out;
    }

    private static JsonObject post(Operations.Operation operation, Set<Descriptor> messages) {
        var out = about(operation, "post");
        var body = new JsonObject();
        body.add("content", content(JSON, reference(operation.descriptor().getInputType(), messages)));
        out.add("requestBody", body);
        out.add("responses", responses(operation, messages));
        return out;
    }

    private static JsonObject about(Operations.Operation operation, String verb) {
        var out = new JsonObject();
        out.addProperty("operationId", verb + operation.descriptor().getName());
        out.addProperty("summary", SUMMARIES.getOrDefault(operation.path(), ""));
        return out;
    }

    private static JsonObject responses(Operations.Operation operation, Set<Descriptor> messages) {
        var good = new JsonObject();
        good.addProperty("description", operation.isStream() ? "A stream." : "The answer.");
        if (!operation.isStream()) {
            good.add("content", content(JSON, reference(operation.descriptor().getOutputType(), messages)));
        } else if (operation.descriptor().getInputType().equals(ExportRequest.getDescriptor())) {
            good.add("content", content("application/octet-stream", new JsonObject()));
        } else {
            good.add("content", content("text/event-stream", new JsonObject()));
        }
        var bad = new JsonObject();
        bad.addProperty("description", "What is wrong, and with which part of the question.");
        var error = new JsonObject();
        error.addProperty("$ref", "#/components/schemas/Error");
        bad.add("content", content(JSON, error));
        var responses = new JsonObject();
        responses.add("200", good);
        responses.add("default", bad);
        return responses;
    }

    private static JsonObject content(String type, JsonObject schema) {
        var media = new JsonObject();
        media.add("schema", schema);
        var content = new JsonObject();
        content.add(type, media);
        return content;
    }

    private static JsonObject schemas(Set<Descriptor> roots) {
        var found = new TreeMap<String, JsonObject>();
        var open = new ArrayDeque<>(roots);
        while (!open.isEmpty()) {
            var message = open.poll();
            if (found.containsKey(name(message))) {
                continue;
            }
            var inner = new LinkedHashSet<Descriptor>();
            found.put(name(message), schema(message, inner));
            open.addAll(inner);
        }
        var error = new JsonObject();
        error.addProperty("type", "object");
        var fields = new JsonObject();
        fields.add("code", typed("string", ""));
        fields.add("message", typed("string", ""));
        error.add("properties", fields);
        var schemas = new JsonObject();
        schemas.add("Error", error);
        found.forEach(schemas::add);
        return schemas;
    }

    private static JsonObject schema(Descriptor message, Set<Descriptor> inner) {
        var out = typed("object", "");
        var fields = new JsonObject();
        for (var field : message.getFields()) {
            fields.add(field.getJsonName(), schema(field, inner));
        }
        out.add("properties", fields);
        return out;
    }

    private static JsonObject schema(FieldDescriptor field, Set<Descriptor> inner) {
        if (field.isMapField()) {
            var map = typed("object", "");
            map.add("additionalProperties", value(field.getMessageType().findFieldByName("value"), inner));
            return map;
        }
        if (!field.isRepeated()) {
            return value(field, inner);
        }
        var list = typed("array", "");
        list.add("items", value(field, inner));
        return list;
    }

    // As proto3 JSON writes them: large numbers as texts.
    private static JsonObject value(FieldDescriptor field, Set<Descriptor> inner) {
        return switch (field.getJavaType()) {
            case STRING -> typed("string", "");
            case BYTE_STRING -> typed("string", "byte");
            case INT -> typed("integer", "int32");
            case LONG -> typed("string", "int64");
            case FLOAT, DOUBLE -> typed("number", "double");
            case BOOLEAN -> typed("boolean", "");
            case ENUM -> {
                var values = new JsonArray();
                field.getEnumType().getValues().forEach(value -> values.add(value.getName()));
                var out = typed("string", "");
                out.add("enum", values);
                yield out;
            }
            case MESSAGE ->
                Parameters.isMessage(field)
                        ? reference(field.getMessageType(), inner)
                        : typed(
                                "string",
                                field.getMessageType().getName().equals("Timestamp") ? "date-time" : "duration");
        };
    }

    private static JsonObject reference(Descriptor message, Set<Descriptor> seen) {
        seen.add(message);
        var out = new JsonObject();
        out.addProperty("$ref", "#/components/schemas/" + name(message));
        return out;
    }

    private static String name(Descriptor message) {
        var whole = message.getFullName();
        return whole.substring(message.getFile().getPackage().length() + 1);
    }

    private static JsonObject typed(String type, String format) {
        var out = new JsonObject();
        out.addProperty("type", type);
        if (!format.isEmpty()) {
            out.addProperty("format", format);
        }
        return out;
    }
}
