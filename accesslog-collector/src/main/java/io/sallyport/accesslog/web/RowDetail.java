package io.sallyport.accesslog.web;

import com.google.protobuf.util.Timestamps;
import io.sallyport.accesslog.storage.Column;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import io.sallyport.proto.accesslog.v1.ExplainedRow;
import io.sallyport.proto.accesslog.v1.Explanation;
import io.sallyport.proto.accesslog.v1.Row;
import io.sallyport.proto.accesslog.v1.RuleText;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// All that is known of one row: its flags in words, the rule that decided it as its author wrote it, and every field.
///
/// @param unset the attributes without a value
record RowDetail(Row row, List<Reason> reasons, Optional<Rule> rule, List<Field> fields, String unset, int unsetCount) {

    /// A flag in words.
    record Reason(String code, String meaning, String cause, String lookAt) {}

    /// @param place `shop.yaml, line 14`
    record Rule(String object, String path, String place, String revision, boolean isExact, String yaml) {}

    /// @param link narrows to rows with the same value; empty: the language cannot
    record Field(String attribute, String value, String link) {}

    static RowDetail of(PageState state, ExplainedRow explained) {
        var entry = explained.getRow().getEntry();
        var fields = new ArrayList<Field>();
        var unset = new ArrayList<String>();
        for (var column : Column.ALL) {
            if (column.type() == Column.Type.TEXTS) {
                maps(column, entry)
                        .forEach((key, value) -> fields.add(new Field(
                                column.attribute() + "[" + Narrowing.literal(key) + "]",
                                value,
                                narrowed(
                                        state,
                                        column.attribute() + "[" + Narrowing.literal(key) + "] == "
                                                + Narrowing.literal(value)))));
            } else {
                var value = value(column, entry);
                if (value.isEmpty()) {
                    unset.add(column.attribute());
                } else {
                    fields.add(new Field(column.attribute(), value, link(state, column, entry)));
                }
            }
        }
        return new RowDetail(
                explained.getRow(),
                explained.getExplanationsList().stream().map(RowDetail::reason).toList(),
                explained.hasRule() ? Optional.of(rule(explained.getRule())) : Optional.empty(),
                fields,
                String.join(", ", unset),
                unset.size());
    }

    private static Reason reason(Explanation explanation) {
        return new Reason(
                explanation.getCode(), explanation.getMeaning(), explanation.getLikelyCause(), explanation.getLookAt());
    }

    private static Rule rule(RuleText text) {
        return new Rule(
                text.getObject(),
                text.getPath(),
                text.getSourceName() + ", line " + text.getLine(),
                "r" + text.getRevision(),
                text.getIsExact(),
                text.getYaml());
    }

    private static String value(Column column, AccessLogEntry entry) {
        var value = entry.getField(column.field());
        return switch (column.type()) {
            case TEXT, WORDS -> (String) value;
            case TIME -> Timestamps.toString(entry.getStartTime());
            case NUMBER -> (long) value == 0 ? "" : String.valueOf(value);
            case REAL -> String.valueOf(value);
            case DURATION -> (long) value == 0 ? "" : Shown.seconds((long) value / 1_000_000.0);
            case TEXTS -> "";
        };
    }

    private static Map<String, String> maps(Column column, AccessLogEntry entry) {
        return new TreeMap<>(
                switch (column.field().getNumber()) {
                    case AccessLogEntry.REQUEST_HEADERS_FIELD_NUMBER -> entry.getRequestHeadersMap();
                    case AccessLogEntry.RESPONSE_HEADERS_FIELD_NUMBER -> entry.getResponseHeadersMap();
                    default -> entry.getTagsMap();
                });
    }

    private static String link(PageState state, Column column, AccessLogEntry entry) {
        var value = entry.getField(column.field());
        return switch (column.type()) {
            case TEXT -> narrowed(state, column.attribute() + " == " + Narrowing.literal((String) value));
            case NUMBER -> narrowed(state, column.attribute() + " == " + value);
            case WORDS ->
                column.attribute().equals("response.flags")
                        ? Facets.condition(column.attribute(), (String) value)
                                .map(condition -> narrowed(state, condition))
                                .orElse("")
                        : "";
            case REAL, TIME, DURATION, TEXTS -> "";
        };
    }

    private static String narrowed(PageState state, String condition) {
        return state.withFilter(Narrowing.with(state.filter(), condition)).link();
    }
}
