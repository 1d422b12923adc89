package io.sallyport.accesslog.query;

import io.sallyport.accesslog.storage.Dialect;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// Renders conditions to the SQL of one engine. Whatever a caller wrote becomes a parameter: two filters that
/// differ in
/// literals alone have the same text.
final class SqlText {

    private final Dialect dialect;
    private final List<Object> parameters = new ArrayList<>();

    SqlText(Dialect dialect) {
        this.dialect = dialect;
    }

    /// In the order of their places in the text.
    List<Object> parameters() {
        return parameters;
    }

    String parameter(Object value) {
        parameters.add(value);
        return dialect.parameter(parameters.size() - 1, value);
    }

    String of(Condition condition) {
        return switch (condition) {
            case Condition.All(var parts) -> joined(parts, " AND ", "TRUE");
            case Condition.Any(var parts) -> joined(parts, " OR ", "FALSE");
            case Condition.Not(var part) -> "(NOT " + of(part) + ")";
            case Condition.Constant(var value) -> value ? "TRUE" : "FALSE";
            case Condition.Compare(var left, var comparison, var right) ->
                "(" + of(left) + " " + comparison.sql() + " " + of(right) + ")";
            case Condition.Match(var text, var test, var part) -> match(of(text), test, of(part));
            case Condition.OneOf(var value, var values) ->
                values.isEmpty()
                        ? "FALSE"
                        : of(value)
                                + values.stream()
                                        .map(literal -> parameter(literal.value()))
                                        .collect(Collectors.joining(", ", " IN (", ")"));
            case Condition.HasWord(var words, var word) -> dialect.hasWord(words.name(), of(word));
            case Condition.HasKey(var map, var key) -> dialect.hasKey(map.name(), of(key));
        };
    }

    private String joined(List<Condition> parts, String between, String none) {
        return parts.isEmpty() ? none : parts.stream().map(this::of).collect(Collectors.joining(between, "(", ")"));
    }

    private String match(String text, Condition.TextTest test, String part) {
        return switch (test) {
            case CONTAINS -> dialect.contains(text, part);
            case STARTS_WITH -> dialect.startsWith(text, part);
            case ENDS_WITH -> dialect.endsWith(text, part);
            case MATCHES -> dialect.matches(text, part);
        };
    }

    private String of(Operand operand) {
        return switch (operand) {
            case Operand.Attribute(var column) -> column.name();
            case Operand.Entry(var map, var key) -> dialect.valueOf(map.name(), of(key));
            case Operand.Lower(var text) -> dialect.lower(of(text));
            case Operand.Length(var text) -> dialect.length(of(text));
            case Operand.Literal(var value) -> parameter(value);
        };
    }
}
