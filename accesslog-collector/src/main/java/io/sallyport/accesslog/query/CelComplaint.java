package io.sallyport.accesslog.query;

import dev.cel.common.CelIssue;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/// Says what CEL's parser and type checker complain about as a person would: what stands there, and what was expected.
///
/// Their own words are lists of tokens. What is not known here is passed on, since another version of the library may
/// find new ones.
final class CelComplaint {

    private static final String VALUE = "a value, an attribute like request.host, or \"(\"";
    private static final String OPERATOR = "an operator like == or &&, or the end";

    private static final Pattern UNEXPECTED =
            Pattern.compile("(?:mismatched|extraneous) input '(.*)' expecting (.*)", Pattern.DOTALL);
    private static final Pattern NO_WAY = Pattern.compile("no viable alternative at input '(.*)'", Pattern.DOTALL);
    private static final Pattern MISSING = Pattern.compile("missing '(.*)' at '(.*)'", Pattern.DOTALL);
    private static final Pattern UNKNOWN_LETTER = Pattern.compile("token recognition error at: '(.*)'", Pattern.DOTALL);
    private static final Pattern OVERLOAD =
            Pattern.compile("found no matching overload for '(.*)' applied to '(.*)' \\(candidates.*", Pattern.DOTALL);
    private static final Pattern WRONG_RESULT = Pattern.compile("expected type '(.*)' but found '(.*)'");
    private static final Pattern UNDECLARED = Pattern.compile("undeclared reference to '([^']*)'.*", Pattern.DOTALL);
    private static final Pattern NUMBER = Pattern.compile("For input string: \"(.*)\".*", Pattern.DOTALL);
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_.]*");
    private static final String DURATION = "google.protobuf.Duration";
    private static final String TIMESTAMP = "google.protobuf.Timestamp";
    private static final int MAX_QUOTED = 80;
    // What a filter may call, as it is called.
    private static final List<String> FUNCTIONS = List.of(
            "contains", "startsWith", "endsWith", "matches", "lowerAscii", "size", "has", "timestamp", "duration");

    private CelComplaint() {}

    static QueryException of(CelIssue issue, String filter) {
        var line = Math.max(1, issue.getSourceLocation().getLine());
        var column = Math.max(0, issue.getSourceLocation().getColumn());
        return new QueryException("filter, line " + line + ", column " + (column + 1) + ": "
                + said(issue.getMessage(), filter, line, column));
    }

    private static String said(String message, String filter, int line, int column) {
        var unexpected = UNEXPECTED.matcher(message);
        if (unexpected.matches()) {
            var expected = unexpected.group(2).contains("IDENTIFIER") ? VALUE : OPERATOR;
            return unexpected.group(1).equals("<EOF>")
                    ? "the filter ends here (expected: " + expected(unexpected.group(2), expected) + ")"
                    : quoted(unexpected.group(1)) + " does not belong here (expected: "
                            + expected(unexpected.group(2), expected) + ")";
        }
        var letter = UNKNOWN_LETTER.matcher(message);
        if (letter.matches()) {
            var text = letter.group(1).strip();
            if (text.equals("=") || text.equals("&") || text.equals("|")) {
                return quoted(text) + " is no operator (expected: \"" + text.repeat(2) + "\")";
            }
            return text.startsWith("\"") || text.startsWith("'")
                    ? "text " + text + " has no end (expected: the same quote behind the text)"
                    : quoted(text) + " is no part of the language (expected: " + OPERATOR + ")";
        }
        var missing = MISSING.matcher(message);
        if (missing.matches()) {
            var place = missing.group(2).equals("<EOF>") ? "the filter ends" : quoted(missing.group(2)) + " stands";
            return place + " here (expected: " + quoted(missing.group(1)) + ")";
        }
        var noWay = NO_WAY.matcher(message);
        if (noWay.matches()) {
            return quoted(noWay.group(1)) + " does not belong here (expected: " + VALUE + ")";
        }
        return typed(message, filter, line, column);
    }

    // A single token is what was expected.
    private static String expected(String tokens, String otherwise) {
        return tokens.matches("'[^']+'") ? "\"" + tokens.substring(1, tokens.length() - 1) + "\"" : otherwise;
    }

    private static String typed(String message, String filter, int line, int column) {
        var overload = OVERLOAD.matcher(message);
        if (overload.matches()) {
            return overload(overload.group(1), overload.group(2));
        }
        var result = WRONG_RESULT.matcher(message);
        if (result.matches()) {
            return "this is " + withArticle(result.group(2)) + " (expected: " + withArticle(result.group(1))
                    + ", like response.code >= 500)";
        }
        var undeclared = UNDECLARED.matcher(message);
        if (undeclared.matches()) {
            if (isCall(filter, line, column)) {
                return function(undeclared.group(1));
            }
            var name = whole(undeclared.group(1), filter, line, column);
            return "\"" + name + "\" is no attribute and no function of filters (expected: for example \""
                    + CelReader.nearest(name) + "\")";
        }
        var number = NUMBER.matcher(message);
        if (number.matches()) {
            return "number " + quoted(number.group(1)) + " is too large (expected: up to " + Long.MAX_VALUE + ")";
        }
        if (message.startsWith("Expression recursion limit exceeded")) {
            return "too much stands inside one another (expected: at most 64 levels)";
        }
        if (message.contains("has() macro") || message.equals("expression does not select a field")) {
            return "has does not take this (expected: one key of a map, like has(request.headers.accept);"
                    + " for any key, \"x-user\" in request.headers)";
        }
        return message.lines().findFirst().orElse("cannot be read");
    }

    // The checker points at the bracket of a call.
    private static boolean isCall(String filter, int line, int column) {
        var text = filter.lines().skip(line - 1L).findFirst().orElse("");
        return column < text.length() && text.charAt(column) == '(';
    }

    private static String function(String name) {
        var near =
                FUNCTIONS.stream().filter(each -> each.equalsIgnoreCase(name)).findFirst();
        return quoted(name) + " is no function of filters (expected: "
                + near.map(CelComplaint::quoted).orElseGet(() -> "one of " + String.join(", ", FUNCTIONS)) + ")";
    }

    // The checker names the first part of "request.hst" only.
    private static String whole(String name, String filter, int line, int column) {
        var text = filter.lines().skip(line - 1L).findFirst().orElse("");
        var from = Math.min(column, text.length());
        while (from > 0 && isOfName(text.charAt(from - 1))) {
            from--;
        }
        var found = NAME.matcher(text).region(from, text.length());
        return found.lookingAt() && found.group().startsWith(name) ? found.group() : name;
    }

    private static boolean isOfName(char c) {
        return c == '.' || c == '_' || Character.isLetterOrDigit(c);
    }

    private static String overload(String function, String types) {
        var operator = CelTree.shown(function);
        var plain = types.startsWith("(") ? types.substring(1, types.length() - 1) : types;
        var dot = types.indexOf(".(");
        if (dot >= 0) {
            plain = types.substring(0, dot) + ", " + types.substring(dot + 2, types.length() - 1);
        }
        var both = List.of(plain.split(", (?![^(]*\\))", -1));
        if (both.size() == 2 && !function.matches("[a-zA-Z].*")) {
            return "\"" + operator + "\" does not go between " + withArticle(both.get(0)) + " and "
                    + withArticle(both.get(1)) + " (expected: the same type on both sides" + example(both) + ")";
        }
        return "\"" + operator + "\" does not take (" + plain + ")"
                + hint(operator).map(text -> " (expected: " + text + ")").orElse("");
    }

    // A number beside a duration or time most likely lacks its unit.
    private static String example(List<String> types) {
        if (types.contains(DURATION)) {
            return ", like duration(\"1.5s\")";
        }
        return types.contains(TIMESTAMP) ? ", like timestamp(\"2026-11-21T10:00:00Z\")" : "";
    }

    private static Optional<String> hint(String function) {
        return switch (function) {
            case "contains", "startsWith", "endsWith", "matches" ->
                Optional.of("a string, like request.path." + function + "(\"/api\")");
            case "size" -> Optional.of("a string");
            case "duration" -> Optional.of("a string, like duration(\"1.5s\")");
            case "timestamp" -> Optional.of("a string, like timestamp(\"2026-11-21T10:00:00Z\")");
            default -> Optional.empty();
        };
    }

    /// "an int", "a duration"
    static String withArticle(String type) {
        return switch (type) {
            case DURATION -> "a duration";
            case TIMESTAMP -> "a timestamp";
            default -> (type.toLowerCase(Locale.ROOT).startsWith("int") ? "an " : "a ") + type;
        };
    }

    private static String quoted(String text) {
        return "\"" + (text.length() > MAX_QUOTED ? text.substring(0, MAX_QUOTED) + "…" : text) + "\"";
    }
}
