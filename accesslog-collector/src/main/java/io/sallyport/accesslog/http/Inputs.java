package io.sallyport.accesslog.http;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.gson.JsonObject;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import io.sallyport.accesslog.api.AccessLogApi;
import io.sallyport.accesslog.query.CelReader;
import io.sallyport.accesslog.query.Questions;
import io.sallyport.accesslog.storage.Column;
import io.sallyport.proto.accesslog.v1.GetRequestRequest;
import io.sallyport.proto.accesslog.v1.Scope;
import java.util.List;
import java.util.function.Predicate;

/// What each field of a question means, takes and is without a value, for the readers of the OpenAPI document. Field
/// numbers and types know nothing of it. `OpenApiTest` asks the service whether it is so.
final class Inputs {

    /// The schemas of the attributes that rows can be grouped by, and of those that have percentiles.
    static final String GROUPED = "GroupedAttribute";

    static final String MEASURED = "MeasuredAttribute";

    private static final ImmutableSet<String> REQUIRED =
            ImmutableSet.of("TopRequest.attribute", "DistinctRequest.attribute", "RowId.time");

    private static final String FROM = "RFC 3339, inclusive. Without it: an hour before `to`.";
    private static final String TO = "RFC 3339, exclusive; at most 31 days after `from`. Without it: now.";
    private static final String FILTER =
            "CEL over the attributes that `/accesslog/v1/attributes` lists. Without it: all rows.";
    private static final String FILTER_EXAMPLE = "response.code >= 500 && request.host.endsWith(\".example.com\")";

    private static final ImmutableMap<String, JsonObject> BY_FIELD = ImmutableMap.<String, JsonObject>builder()
            .put("Scope.filter", filter())
            .put("Scope.from", about(FROM))
            .put("Scope.to", about(TO))
            .put(
                    "Scope.revision",
                    Json.merged(
                            about("Only rows that this revision of the configuration decided. Without it: whichever."),
                            Json.object("minimum", 1)))
            .put("SearchRequest.limit", limit("Rows of a page.", Questions.MAX_PAGE, AccessLogApi.PAGE))
            .put(
                    "SearchRequest.cursor",
                    about("The `nextCursor` of the page before, of a search with the same filter and revision."))
            .put(
                    "HistogramRequest.step",
                    about("The width of a bar in seconds, from 0.001s on, with at most 1,500 bars in the time: `60s`."
                            + " Without it, or with 0s: such that there are about 60 bars."))
            .put("TopRequest.attribute", attribute(GROUPED, "Whose values."))
            .put("TopRequest.limit", limit("Values, the most frequent.", Questions.MAX_GROUPS, AccessLogApi.GROUPS))
            .put("TopRequest.approximate", approximate("of whole minutes"))
            .put(
                    "PercentilesRequest.attribute",
                    Json.merged(
                            attribute(MEASURED, "A number or duration; a duration is answered in seconds."),
                            Json.object("default", AccessLogApi.MEASURED)))
            .put(
                    "PercentilesRequest.quantiles",
                    Json.object(
                            "description",
                            "Which percentiles.",
                            "minItems",
                            1,
                            "maxItems",
                            Questions.MAX_QUANTILES,
                            "items",
                            Json.object("type", "number", "format", "double", "minimum", 0, "maximum", 1),
                            "default",
                            AccessLogApi.QUANTILES))
            .put("PercentilesRequest.by", attribute(GROUPED, "Groups rows. Without it: one group of all rows."))
            .put(
                    "PercentilesRequest.limit",
                    limit("Groups, those with most rows.", Questions.MAX_GROUPS, AccessLogApi.GROUPS))
            .put("PercentilesRequest.approximate", approximate("of whole minutes and about a duration"))
            .put("DistinctRequest.attribute", attribute(GROUPED, "Whose values."))
            .put(
                    "GetRequestRequest.requestId",
                    about("As `x-request-id` carries it. Either this, with a time around it, or `row` alone."))
            .put("RowId.time", about("The `startTime` of the row's entry."))
            .put("RowId.partition", Json.merged(about("Of the row."), Json.object("default", 0)))
            .put("RowId.offset", Json.merged(about("Of the row."), Json.object("default", 0)))
            .put("RowId.topic", about("Of the row. Without it: whichever."))
            .put(
                    "CompareRequest.limit",
                    limit("Lines, what changed most first.", Questions.MAX_GROUPS, AccessLogApi.GROUPS))
            .put(
                    "CompareRequest.by",
                    Json.merged(
                            attribute(GROUPED, "What the lines are."), Json.object("default", AccessLogApi.COMPARED)))
            .put("ExportRequest.format", Json.merged(about("Of the answer."), Json.object("default", "JSON_LINES")))
            .put(
                    "ExportRequest.limit",
                    Json.object(
                            "description",
                            "The oldest so many rows. Without it: all, where more than the maximum are an error.",
                            "minimum",
                            1,
                            "maximum",
                            AccessLogApi.MAX_EXPORT))
            .put("TailRequest.filter", filter())
            .put("CompletenessRequest.from", about(FROM))
            .put("CompletenessRequest.to", about(TO))
            .buildOrThrow();

    private Inputs() {}

    private static JsonObject about(String description) {
        return Json.object("description", description);
    }

    private static JsonObject filter() {
        return Json.object(
                "description", FILTER, "maxLength", CelReader.MAX_LENGTH, "examples", List.of(FILTER_EXAMPLE));
    }

    private static JsonObject limit(String description, int most, int usual) {
        return Json.object("description", description, "minimum", 1, "maximum", most, "default", usual);
    }

    private static JsonObject attribute(String schema, String description) {
        return Json.object("$ref", "#/components/schemas/" + schema, "description", description);
    }

    private static JsonObject approximate(String where) {
        return Json.object(
                "description",
                "Percentiles may be those of sums by the minute, within 1 %, where the question is " + where
                        + " without a filter.",
                "default",
                false);
    }

    /// Beyond the type of a field: what it is for, its bounds and its default.
    static JsonObject of(FieldDescriptor field) {
        return BY_FIELD.getOrDefault(name(field), new JsonObject());
    }

    static boolean isRequired(FieldDescriptor field) {
        return REQUIRED.contains(name(field));
    }

    /// Whether a question takes a field: a request is found by its id alone, so of its scope nothing but the time.
    static boolean isTaken(Descriptor question, FieldDescriptor field) {
        return !question.equals(GetRequestRequest.getDescriptor())
                || !field.getContainingType().equals(Scope.getDescriptor())
                || field.getJavaType() == FieldDescriptor.JavaType.MESSAGE;
    }

    /// The attributes that a question may name, as a schema.
    static JsonObject attributes(Predicate<Column.Type> type) {
        return Json.object(
                "type",
                "string",
                "enum",
                Column.ALL.stream()
                        .filter(column -> type.test(column.type()))
                        .map(Column::attribute)
                        .toList());
    }

    private static String name(FieldDescriptor field) {
        return field.getContainingType().getName() + "." + field.getJsonName();
    }
}
