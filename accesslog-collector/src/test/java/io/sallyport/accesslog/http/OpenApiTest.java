package io.sallyport.accesslog.http;

import static io.sallyport.accesslog.http.LogServer.ALL;
import static io.sallyport.accesslog.http.LogServer.encoded;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.testing.Rows;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Whether the service does what its OpenAPI document says: the document is the only thing that is known here.
class OpenApiTest {

    private static final String HOME = "/accesslog/v1/";
    private static final String ID = Rows.many(1, 5).getFirst().getRequestId();
    private static final JsonObject DOCUMENT =
            JsonParser.parseString(OpenApi.text()).getAsJsonObject();

    @TempDir
    static Path folder;

    private static LogServer server;

    /// An answer, read as far as it can be: one that never ends to its first line.
    private record Answer(int status, String body) {}

    @BeforeAll
    static void start() throws Exception {
        server = new LogServer("open-api", folder, UnaryOperator.identity());
    }

    @AfterAll
    static void stop() throws Exception {
        server.stop();
    }

    static Stream<String> operations() {
        return DOCUMENT.getAsJsonObject("paths").keySet().stream().map(path -> path.substring(HOME.length()));
    }

    @ParameterizedTest
    @MethodSource("operations")
    void everyParameterIsTakenAsItSays(String operation) throws Exception {
        for (var parameter : parameters(operation).entrySet()) {
            var name = parameter.getKey();
            var schema = schema(parameter.getValue().getAsJsonObject("schema"));
            for (var good : good(name, schema)) {
                assertThat(get(operation, with(usual(operation, name), name, good)))
                        .as(name + "=" + good)
                        .matches(answer -> answer.status() == 200);
            }
            for (var bad : bad(schema)) {
                assertThat(get(operation, with(usual(operation, name), name, bad)))
                        .as(name + "=" + bad)
                        .matches(answer -> answer.status() == 400)
                        .matches(answer -> answer.body().contains("expected"));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("operations")
    void whatIsLeftOutIsTheDefault(String operation) throws Exception {
        for (var parameter : parameters(operation).entrySet()) {
            var name = parameter.getKey();
            var schema = parameter.getValue().getAsJsonObject("schema");
            if (schema.has("default")) {
                var usual = usual(operation, name);
                usual.remove(name);
                assertThat(get(operation, with(usual, name, texts(schema.get("default")))))
                        .as(name)
                        .isEqualTo(get(operation, usual))
                        .matches(answer -> answer.status() == 200);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("operations")
    void nothingElseIsTaken(String operation) throws Exception {
        var parameters = parameters(operation);
        for (var name : List.of("filter", "from", "to", "revision", "limit", "by", "row", "scope", "nonsense")) {
            if (!parameters.containsKey(name)) {
                assertThat(get(operation, with(usual(operation, ""), name, List.of("1"))))
                        .as(name)
                        .matches(answer -> answer.status() == 400);
            }
        }
        for (var parameter : parameters.entrySet()) {
            if (parameter.getValue().has("required")) {
                assertThat(get(operation, Map.of())).matches(answer -> answer.status() == 400);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("operations")
    void everyFieldOfABodyIsTaken(String operation) throws Exception {
        var question = schema(operation(operation, "post")
                .getAsJsonObject("requestBody")
                .getAsJsonObject("content")
                .getAsJsonObject("application/json")
                .getAsJsonObject("schema"));
        for (var field : question.getAsJsonObject("properties").entrySet()) {
            var body = new JsonObject();
            usual(operation, field.getKey()).forEach((name, values) -> {
                if (!name.contains(".")) {
                    body.addProperty(name, values.getFirst());
                }
            });
            body.add(
                    field.getKey(),
                    sample(field.getKey(), schema(field.getValue().getAsJsonObject())));
            assertThat(post(operation, body.toString())).as(body.toString()).matches(answer -> answer.status() == 200);
            if (field.getValue().getAsJsonObject().has("maxLength")) {
                var longest =
                        field.getValue().getAsJsonObject().get("maxLength").getAsInt();
                body.addProperty(field.getKey(), "true" + " ".repeat(longest - 4));
                assertThat(post(operation, body.toString()).status()).isEqualTo(200);
                body.addProperty(field.getKey(), "true" + " ".repeat(longest - 3));
                assertThat(post(operation, body.toString()).status()).isEqualTo(400);
            }
            body.addProperty("nonsense", 1);
            assertThat(post(operation, body.toString())).as(body.toString()).matches(answer -> answer.status() == 400);
        }
    }

    @Test
    void everyErrorIsAnError() throws Exception {
        var wrong = server.get("wrong", "search");
        assertThat(wrong.headers().firstValue("www-authenticate")).contains("Bearer");
        assertThat(check("search", "get", wrong.statusCode(), type(wrong), wrong.body()))
                .isEqualTo(401);
        assertThat(get("request", Map.of("requestId", List.of("unknown"))).status())
                .isEqualTo(404);
        for (var method : List.of("PUT", "DELETE", "PATCH", "HEAD")) {
            var request = server.request(ALL, "search").method(method, BodyPublishers.noBody());
            var answer = LogServer.CLIENT.send(request.build(), BodyHandlers.ofString());
            assertThat(answer.statusCode()).isEqualTo(405);
            assertThat(answer.headers().firstValue("allow")).contains("GET, POST, OPTIONS");
            assertThat(answer.body().isEmpty() || answer.body().contains("\"code\":\"UNIMPLEMENTED\""))
                    .isTrue();
        }
        var options = server.request(ALL, "tail").method("OPTIONS", BodyPublishers.noBody());
        var answer = LogServer.CLIENT.send(options.build(), BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(204);
        assertThat(answer.headers().firstValue("allow")).contains("GET, POST, OPTIONS");
        assertThat(server.post(ALL, "openapi.json", "{}").statusCode()).isEqualTo(405);
    }

    @Test
    void aQuestionThatIsTooLongIsRefused() throws Exception {
        var address = server.request(ALL, "search?filter=" + "x".repeat(20_000)).build();
        var body = server.request(ALL, "top")
                .POST(BodyPublishers.ofString("x".repeat((1 << 20) + 1)))
                .build();
        // The server closes connections whose requests it has not read.
        try (var one = HttpClient.newHttpClient();
                var other = HttpClient.newHttpClient()) {
            assertThat(read("search", "get", one.send(address, BodyHandlers.ofInputStream()))
                            .status())
                    .isEqualTo(414);
            assertThat(read("top", "post", other.send(body, BodyHandlers.ofInputStream()))
                            .status())
                    .isEqualTo(413);
        }
    }

    @Test
    void aRequestIsFoundByItsIdOrAsARow() throws Exception {
        assertThat(parameters("request").keySet())
                .containsExactly("from", "requestId", "row.offset", "row.partition", "row.time", "row.topic", "to");
        var both = Map.of("requestId", List.of(ID), "row.time", List.of(Rows.START.toString()));
        assertThat(get("request", both).body()).contains("row with a request id (expected: the row alone");
        assertThat(get("request", Map.of("row.offset", List.of("1"))).body()).contains("row without a time");
        assertThat(get("request", Map.of()).body()).contains("request id \\\"\\\" (expected: an id");
    }

    /// What every OpenAPI 3.1 document has to be, as far as this one uses it.
    @Test
    void theDocumentHoldsTogether() {
        var ids = new ArrayList<String>();
        operations()
                .flatMap(path -> Stream.of(operation(path, "get"), operation(path, "post")))
                .forEach(operation -> {
                    ids.add(operation.get("operationId").getAsString());
                    assertThat(operation.getAsJsonObject("responses").keySet()).contains("200", "400", "401");
                    operation
                            .getAsJsonObject("responses")
                            .entrySet()
                            .forEach(response -> assertThat(
                                            schema(response.getValue().getAsJsonObject())
                                                    .keySet())
                                    .contains("description", "content"));
                });
        assertThat(ids).hasSize(24).doesNotHaveDuplicates();
        assertThat(DOCUMENT.get("openapi").getAsString()).isEqualTo("3.1.0");
        var used = references(DOCUMENT, new TreeSet<>());
        for (var reference : used) {
            assertThat(at(reference)).as(reference).isNotNull();
        }
        assertThat(used)
                .containsAll(DOCUMENT.getAsJsonObject("components").getAsJsonObject("schemas").keySet().stream()
                        .filter(name -> !name.equals("Row"))
                        .map(name -> "#/components/schemas/" + name)
                        .toList());
    }

    private static Set<String> references(JsonElement element, Set<String> found) {
        if (element.isJsonArray()) {
            element.getAsJsonArray().forEach(each -> references(each, found));
        } else if (element.isJsonObject()) {
            element.getAsJsonObject().entrySet().forEach(each -> {
                if (each.getKey().equals("$ref")) {
                    found.add(each.getValue().getAsString());
                } else {
                    references(each.getValue(), found);
                }
            });
        }
        return found;
    }

    private static JsonElement at(String reference) {
        JsonElement found = DOCUMENT;
        for (var part : reference.substring(2).split("/", -1)) {
            found = found.getAsJsonObject().get(part);
        }
        return found;
    }

    // A schema without references, with what stands beside one.
    private static JsonObject schema(JsonObject schema) {
        return schema.has("$ref")
                ? Json.merged(at(schema.get("$ref").getAsString()).getAsJsonObject(), schema)
                : schema;
    }

    private static JsonObject operation(String path, String method) {
        return DOCUMENT.getAsJsonObject("paths").getAsJsonObject(HOME + path).getAsJsonObject(method);
    }

    private static Map<String, JsonObject> parameters(String path) {
        return StreamSupport.stream(
                        operation(path, "get").getAsJsonArray("parameters").spliterator(), false)
                .map(JsonElement::getAsJsonObject)
                .peek(parameter -> assertThat(parameter.get("in").getAsString()).isEqualTo("query"))
                .collect(Collectors.toMap(
                        parameter -> parameter.get("name").getAsString(),
                        parameter -> parameter,
                        (one, other) -> {
                            throw new AssertionError("twice: " + one);
                        },
                        TreeMap::new));
    }

    /// What a question has to have, besides one parameter: the required ones, and for a request what says which.
    private static Map<String, List<String>> usual(String operation, String beside) {
        var usual = new LinkedHashMap<String, List<String>>();
        parameters(operation).forEach((name, parameter) -> {
            if (parameter.has("required")) {
                usual.put(name, List.of("request.id"));
            }
        });
        if (operation.equals("request")) {
            if (beside.startsWith("row")) {
                usual.put("row.time", List.of(Rows.START.toString()));
            } else {
                usual.put("requestId", List.of(ID));
            }
        }
        if (operation.equals("percentiles") && beside.equals("limit")) {
            usual.put("by", List.of("request.id"));
        }
        return usual;
    }

    private static Map<String, List<String>> with(
            Map<String, List<String>> parameters, String name, List<String> values) {
        var more = new LinkedHashMap<>(parameters);
        more.put(name, values);
        return more;
    }

    // Every value of an enumeration, both bounds of a number, and one of everything else.
    private static List<List<String>> good(String name, JsonObject schema) throws Exception {
        if (schema.has("enum")) {
            return texts(schema.get("enum")).stream().map(List::of).toList();
        }
        var good = new ArrayList<List<String>>();
        for (var bound : List.of("minimum", "maximum")) {
            if (schema.has(bound)) {
                good.add(List.of(schema.get(bound).getAsString()));
            }
        }
        good.add(texts(sample(name, schema)));
        if (schema.has("maxItems")) {
            good.add(Collections.nCopies(schema.get("maxItems").getAsInt(), "0.5"));
        }
        return good;
    }

    private static JsonElement sample(String name, JsonObject schema) throws Exception {
        var field = name.substring(name.lastIndexOf('.') + 1);
        return JsonParser.parseString(
                switch (field) {
                    case "filter" -> schema.getAsJsonArray("examples").get(0).toString();
                    case "cursor" ->
                        JsonParser.parseString(server.get(ALL, "search?limit=1").body())
                                .getAsJsonObject()
                                .get("nextCursor")
                                .toString();
                    case "requestId" -> "\"" + ID + "\"";
                    case "topic" -> "\"" + KafkaSettings.TOPIC + "\"";
                    case "time" -> "\"" + Rows.START + "\"";
                    case "offset", "partition" -> "0";
                    case "quantiles" -> "[0.5, 1]";
                    case "step" -> "\"60s\"";
                    case "from" -> "\"2026-11-21T11:00:00+01:00\"";
                    case "to" -> "\"2026-11-21T10:05:00Z\"";
                    case "row" -> "{\"time\": \"" + Rows.START + "\", \"offset\": \"0\"}";
                    case "scope", "before", "after" -> scope(schema);
                    case "approximate" -> "true";
                    case "revision", "limit" -> "2";
                    default -> schema.getAsJsonArray("enum").get(0).toString();
                });
    }

    private static String scope(JsonObject schema) throws Exception {
        var scope = new JsonObject();
        for (var field : schema.getAsJsonObject("properties").entrySet()) {
            scope.add(
                    field.getKey(),
                    sample(field.getKey(), schema(field.getValue().getAsJsonObject())));
        }
        scope.addProperty("from", Rows.START.toString());
        return scope.toString();
    }

    // A value beyond each bound, and one of another type.
    private static List<List<String>> bad(JsonObject schema) {
        var bad = new ArrayList<List<String>>();
        if (schema.has("enum") || !schema.get("type").getAsString().equals("string")) {
            bad.add(List.of("nonsense"));
        }
        if (schema.has("format") || schema.has("pattern")) {
            bad.add(List.of("soon"));
        }
        if (schema.has("minimum")) {
            bad.add(List.of(String.valueOf(schema.get("minimum").getAsLong() - 1)));
        }
        if (schema.has("maximum")) {
            bad.add(List.of(String.valueOf(schema.get("maximum").getAsLong() + 1)));
        }
        if (schema.has("maxItems")) {
            bad.add(Collections.nCopies(schema.get("maxItems").getAsInt() + 1, "0.5"));
            bad(schema.getAsJsonObject("items")).forEach(bad::add);
        }
        return bad;
    }

    private static List<String> texts(JsonElement value) {
        return value.isJsonArray()
                ? value.getAsJsonArray().asList().stream()
                        .map(JsonElement::getAsString)
                        .toList()
                : List.of(value.getAsString());
    }

    private static Answer get(String operation, Map<String, List<String>> parameters) throws Exception {
        var query = parameters.entrySet().stream()
                .flatMap(each -> each.getValue().stream().map(value -> each.getKey() + "=" + encoded(value)))
                .collect(Collectors.joining("&"));
        var answer = LogServer.CLIENT.send(
                server.request(ALL, operation + "?" + query).build(), BodyHandlers.ofInputStream());
        return read(operation, "get", answer);
    }

    private static Answer post(String operation, String body) throws Exception {
        var request = server.request(ALL, operation).POST(BodyPublishers.ofString(body));
        return read(operation, "post", LogServer.CLIENT.send(request.build(), BodyHandlers.ofInputStream()));
    }

    private static Answer read(String operation, String method, HttpResponse<InputStream> answer) throws IOException {
        try (var body = answer.body()) {
            var isEndless = type(answer).equals("text/event-stream");
            var text = new String(isEndless ? body.readNBytes(1) : body.readAllBytes(), StandardCharsets.UTF_8);
            return new Answer(check(operation, method, answer.statusCode(), type(answer), text), text);
        }
    }

    private static String type(HttpResponse<?> answer) {
        return answer.headers().firstValue("content-type").orElse("").replaceFirst(";.*", "");
    }

    /// Every answer is one that the document knows, by its status, its media type and its fields.
    private static int check(String operation, String method, int status, String type, String body) {
        var responses = operation(operation, method).getAsJsonObject("responses");
        assertThat(responses.keySet()).as(operation + ": " + body).contains(String.valueOf(status));
        var content = schema(responses.getAsJsonObject(String.valueOf(status))).getAsJsonObject("content");
        assertThat(content.keySet()).as(operation + " " + status).contains(type);
        if (type.equals("application/json")) {
            checkFields(content.getAsJsonObject(type).getAsJsonObject("schema"), JsonParser.parseString(body));
        }
        return status;
    }

    private static void checkFields(JsonObject reference, JsonElement value) {
        var schema = schema(reference);
        switch (schema.get("type").getAsString()) {
            case "object" ->
                value.getAsJsonObject().entrySet().forEach(field -> {
                    if (schema.has("additionalProperties")) {
                        checkFields(schema.getAsJsonObject("additionalProperties"), field.getValue());
                    } else {
                        var known = schema.getAsJsonObject("properties");
                        assertThat(known.keySet()).contains(field.getKey());
                        checkFields(known.getAsJsonObject(field.getKey()), field.getValue());
                    }
                });
            case "array" -> value.getAsJsonArray().forEach(each -> checkFields(schema.getAsJsonObject("items"), each));
            case "string" -> {
                assertThat(value.getAsJsonPrimitive().isString()).isTrue();
                if (schema.has("enum")) {
                    assertThat(texts(schema.get("enum"))).contains(value.getAsString());
                }
                if (schema.has("pattern")) {
                    assertThat(value.getAsString())
                            .matches(schema.get("pattern").getAsString());
                }
            }
            case "boolean" -> assertThat(value.getAsJsonPrimitive().isBoolean()).isTrue();
            default -> assertThat(value.getAsJsonPrimitive().isNumber()).isTrue();
        }
    }
}
