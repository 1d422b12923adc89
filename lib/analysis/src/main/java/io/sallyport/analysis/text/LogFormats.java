package io.sallyport.analysis.text;

import io.sallyport.model.Value;
import io.sallyport.model.read.FreeJson;
import java.util.Optional;

/// The formats of access log rows: lines, or JSON objects whose strings are formats. One command that Envoy does not
/// know makes it refuse every listener that logs so, and two commands would write the gateway's own environment and
/// files into the log; such a format is not used (`reference/hardening.md`, H23 and H24).
public final class LogFormats {

    private static final int LONGEST = 16 * 1024;

    private LogFormats() {}

    /// What is wrong with a line.
    public static Optional<String> problem(String line) {
        if (line.length() > LONGEST) {
            return Optional.of("format of %d characters (expected: at most %d)".formatted(line.length(), LONGEST));
        }
        return HeaderValues.formatProblem(line);
    }

    /// What is wrong with a value of a JSON format, or with one inside of it.
    public static Optional<String> problem(Value value) {
        return switch (value) {
            case Value.Text(var text) -> problem(text);
            case Value.Sequence(var items) ->
                items.stream().flatMap(item -> problem(item).stream()).findFirst();
            case Value.Struct(var fields) ->
                fields.values().stream()
                        .flatMap(field -> problem(field).stream())
                        .findFirst();
            case Value.Nothing _, Value.Bool _, Value.Num _ -> Optional.empty();
        };
    }

    /// What is wrong with a JSON format that stands as text in a field.
    public static Optional<String> jsonProblem(String text) {
        return FreeJson.struct(text)
                .map(LogFormats::problem)
                .orElseGet(() ->
                        Optional.of("format is no JSON object (expected: one, as in {\"path\": \"%REQ(:PATH)%\"})"));
    }
}
