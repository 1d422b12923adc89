package io.sallyport.accesslog.query;

import java.util.stream.Collectors;

/// Writes a tree in brackets, for people who look at what became of their filter:
/// `(and (>= response.code 500) (endsWith request.host ".example.com"))`.
public final class TreeText {

    private TreeText() {}

    public static String of(Condition condition) {
        return switch (condition) {
            case Condition.All(var parts) ->
                parts.stream().map(TreeText::of).collect(Collectors.joining(" ", "(and ", ")"));
            case Condition.Any(var parts) ->
                parts.stream().map(TreeText::of).collect(Collectors.joining(" ", "(or ", ")"));
            case Condition.Not(var part) -> "(not " + of(part) + ")";
            case Condition.Constant(var value) -> String.valueOf(value);
            case Condition.Compare(var left, var comparison, var right) ->
                "(" + comparison.cel() + " " + of(left) + " " + of(right) + ")";
            case Condition.Match(var text, var test, var part) ->
                "(" + test.cel() + " " + of(text) + " " + of(part) + ")";
            case Condition.OneOf(var value, var values) ->
                values.stream().map(TreeText::of).collect(Collectors.joining(" ", "(in " + of(value) + " [", "])"));
            case Condition.HasWord(var words, var word) -> "(in " + of(word) + " " + words.attribute() + ")";
            case Condition.HasKey(var map, var key) -> "(in " + of(key) + " " + map.attribute() + ")";
        };
    }

    private static String of(Operand operand) {
        return switch (operand) {
            case Operand.Attribute(var column) -> column.attribute();
            case Operand.Entry(var map, var key) -> "(value " + map.attribute() + " " + of(key) + ")";
            case Operand.Lower(var text) -> "(lower " + of(text) + ")";
            case Operand.Length(var text) -> "(size " + of(text) + ")";
            case Operand.Literal(String text) ->
                "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
            case Operand.Literal(var number) -> String.valueOf(number);
        };
    }
}
