package io.sallyport.accesslog.http;

import com.google.common.collect.ImmutableMap;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.sallyport.proto.accesslog.v1.ExportRequest;
import io.sallyport.proto.accesslog.v1.Row;
import java.util.List;
import java.util.TreeSet;

/// The service's OpenAPI 3.1 document, made from its descriptors and from what [Inputs] knows beyond them.
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
            .put("request", "The rows of one request, or one row, explained.")
            .put("rules", "Every rule with the rows that it decided, and those that nothing reached.")
            .put("search", "Rows, newest first, page by page.")
            .put("tail", "Rows as they are stored, as server-sent events.")
            .put("top", "The most frequent values of an attribute, with error rate and percentiles.")
            .buildOrThrow();

    /// What is answered instead of an answer, by its status.
    private static final ImmutableMap<Integer, String> ERRORS = ImmutableMap.<Integer, String>builder()
            .put(400, "The question is wrong: the message names the part, and what was expected.")
            .put(401, "No token, or one that nobody has.")
            .put(403, "The caller may not ask, or a page of another site does.")
            .put(404, "No row has this id, in this time, among those that the caller may see.")
            .put(413, "The body has more than " + LogServlet.MAX_BODY + " bytes.")
            .put(414, "The address has more than 16 KiB: ask by POST.")
            .put(429, "The answer would pass a bound (rows, seconds, memory), or too many ask at once.")
            .put(500, "A mistake of the collector.")
            .put(503, "The store cannot be reached, or is starting.")
            .put(504, "The answer took too long.")
            .buildOrThrow();

    private static final String EVENTS =
            "Events until the caller goes: `row`, whose data is a Row as JSON; `skipped`, how many rows were left out since"
                    + " the caller reads too slowly; `end`, an Error, when the service ends it. Comments (`:`) in between"
                    + " say that it goes on.";

    private OpenApi() {}

    /// As served.
    public static String text() {
        return GSON.toJson(document()) + "\n";
    }

    private static JsonObject document() {
        var schemas = new Schemas();
        var paths = new JsonObject();
        Operations.ALL.forEach((name, operation) -> paths.add(
                LogServlet.PATH + "/" + name,
                Json.object("get", get(operation, schemas), "post", post(operation, schemas))));
        return Json.object(
                "openapi",
                "3.1.0",
                "info",
                Json.object(
                        "title",
                        "Sallyport access logs",
                        "version",
                        "v1",
                        "description",
                        "What happened, asked in CEL. The same as gRPC sallyport.accesslog.v1.AccessLogService, in"
                                + " proto3 JSON: what has no value (`0`, `\"\"`, `false`, an empty list) is left out of"
                                + " answers. A parameter or field that is not listed here is an error."),
                "paths",
                paths,
                "components",
                Json.object("schemas", schemas.all(), "responses", errors(), "securitySchemes", security()),
                "security",
                List.of(Json.object("token", List.of()), Json.object("certificate", List.of())));
    }

    private static JsonObject security() {
        return Json.object(
                "token",
                Json.object("type", "http", "scheme", "bearer"),
                "certificate",
                Json.object("type", "mutualTLS"));
    }

    private static JsonObject errors() {
        var errors = new JsonObject();
        ERRORS.forEach((status, description) -> {
            // The server says it before anything of ours reads the address.
            var content = status == 414 ? content("text/html", text("A page.")) : content(JSON, Schemas.error());
            var error = Json.object("description", description, "content", content);
            if (status == 401) {
                var scheme =
                        Json.object("description", "How to show a token.", "schema", Json.object("type", "string"));
                error.add("headers", Json.object("WWW-Authenticate", scheme));
            }
            errors.add(String.valueOf(status), error);
        });
        return errors;
    }

    private static JsonObject get(Operations.Operation operation, Schemas schemas) {
        var parameters = new JsonArray();
        Parameters.all(operation.descriptor().getInputType()).forEach((name, field) -> {
            var schema = Schemas.parameter(field);
            var parameter = Json.object("name", name, "in", "query");
            if (Inputs.isRequired(field) && !name.contains(".")) {
                parameter.addProperty("required", true);
            }
            if (schema.has("description")) {
                parameter.add("description", schema.remove("description"));
            }
            parameter.add("schema", schema);
            parameters.add(parameter);
        });
        var out = about(operation, "get");
        out.add("parameters", parameters);
        out.add("responses", responses(operation, schemas, false));
        return out;
    }

    private static JsonObject post(Operations.Operation operation, Schemas schemas) {
        var question = schemas.question(operation.descriptor().getInputType());
        var out = about(operation, "post");
        out.add("requestBody", Json.object("content", content(JSON, question)));
        out.add("responses", responses(operation, schemas, true));
        return out;
    }

    private static JsonObject about(Operations.Operation operation, String verb) {
        return Json.object(
                "operationId",
                verb + operation.descriptor().getName(),
                "summary",
                SUMMARIES.getOrDefault(operation.path(), ""));
    }

    private static JsonObject responses(Operations.Operation operation, Schemas schemas, boolean hasBody) {
        var responses = new JsonObject();
        responses.add("200", good(operation, schemas));
        var statuses = new TreeSet<>(ERRORS.keySet());
        statuses.remove(hasBody ? 414 : 413);
        if (!operation.path().equals("request")) {
            statuses.remove(404);
        }
        statuses.forEach(status ->
                responses.add(String.valueOf(status), Json.object("$ref", "#/components/responses/" + status)));
        return responses;
    }

    private static JsonObject good(Operations.Operation operation, Schemas schemas) {
        if (!operation.isStream()) {
            var answer = schemas.answer(operation.descriptor().getOutputType());
            return Json.object("description", "The answer.", "content", content(JSON, answer));
        }
        schemas.answer(Row.getDescriptor());
        if (!operation.descriptor().getInputType().equals(ExportRequest.getDescriptor())) {
            return Json.object("description", EVENTS, "content", content("text/event-stream", text("Events.")));
        }
        var content = content(LogServlet.JSON_LINES, text("One Row as JSON in each line."));
        content.add(LogServlet.CSV, schema(text("A heading with the names of attributes, and a line for each row.")));
        content.add(LogServlet.PARQUET, new JsonObject());
        return Json.object("description", "The rows, in the format that was asked for.", "content", content);
    }

    private static JsonObject text(String description) {
        return Json.object("type", "string", "description", description);
    }

    private static JsonObject content(String type, JsonObject schema) {
        return Json.object(type, schema(schema));
    }

    private static JsonObject schema(JsonObject schema) {
        return Json.object("schema", schema);
    }
}
