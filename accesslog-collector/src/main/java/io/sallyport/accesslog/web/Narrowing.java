package io.sallyport.accesslog.web;

import java.util.Locale;

/// Filters made by clicking: `response.code >= 500` narrowed to a host is
/// `response.code >= 500 && request.host == "shop.test"`. Values are those of rows, so whatever a client sent: each
/// becomes one literal of CEL. Source: CEL's language definition, "Lexis".
final class Narrowing {

    private static final String AND = " && ";

    private Narrowing() {}

    /// A text as CEL writes it: in quotes, on one line.
    static String literal(String text) {
        var literal = new StringBuilder("\"");
        text.codePoints().forEach(c -> {
            switch (c) {
                case '"', '\\' -> literal.append('\\').appendCodePoint(c);
                case '\n' -> literal.append("\\n");
                case '\r' -> literal.append("\\r");
                case '\t' -> literal.append("\\t");
                default -> {
                    if (c < ' ' || c == 0x7f) {
                        literal.append(String.format(Locale.ROOT, "\\u%04x", c));
                    } else {
                        literal.appendCodePoint(c);
                    }
                }
            }
        });
        return literal.append('"').toString();
    }

    /// The filter with one more condition, which is put behind it once. A comment at its end would swallow the
    /// condition, so it goes.
    static String with(String filter, String condition) {
        var base = withoutComment(filter).strip();
        if (base.isEmpty()) {
            return condition;
        }
        if (has(base, condition)) {
            return base;
        }
        // "a || b && c" would be "a || (b && c)", and "a ? b : c && d" likewise.
        return (isChoice(base) ? "(" + base + ")" : base) + AND + condition;
    }

    private static String withoutComment(String filter) {
        var code = new StringBuilder();
        for (var at = 0; at < filter.length(); ) {
            if (filter.startsWith("//", at)) {
                var end = filter.indexOf('\n', at);
                at = end < 0 ? filter.length() : end;
            } else {
                var next = Math.min(behind(filter, at), filter.length());
                code.append(filter, at, next);
                at = next;
            }
        }
        return code.toString();
    }

    // Outside of brackets: "(a || b) && c" is none.
    private static boolean isChoice(String filter) {
        var depth = 0;
        for (var at = 0; at < filter.length(); at = behind(filter, at)) {
            var c = filter.charAt(at);
            if (c == '(' || c == '[' || c == '{') {
                depth++;
            } else if (c == ')' || c == ']' || c == '}') {
                depth--;
            } else if (depth == 0 && (c == '?' || filter.startsWith("||", at))) {
                return true;
            }
        }
        return false;
    }

    // Where the text or the character that begins here has ended.
    private static int behind(String filter, int at) {
        var quote = filter.charAt(at);
        if (quote != '"' && quote != '\'') {
            return at + 1;
        }
        var three = String.valueOf(quote).repeat(3);
        var end = filter.startsWith(three, at) ? three : String.valueOf(quote);
        var isRaw = at > 0 && (filter.charAt(at - 1) == 'r' || filter.charAt(at - 1) == 'R');
        var next = at + end.length();
        while (next < filter.length() && !filter.startsWith(end, next)) {
            next += filter.charAt(next) == '\\' && !isRaw ? 2 : 1;
        }
        return next + end.length();
    }

    /// Whether a condition is one of those that were clicked.
    static boolean has(String filter, String condition) {
        var base = withoutComment(filter).strip();
        return base.equals(condition) || base.endsWith(AND + condition) || base.contains(condition + AND);
    }

    /// The filter without it.
    static String without(String filter, String condition) {
        var base = withoutComment(filter).strip();
        if (base.equals(condition)) {
            return "";
        }
        if (base.endsWith(AND + condition)) {
            return base.substring(0, base.length() - AND.length() - condition.length());
        }
        return base.replace(condition + AND, "");
    }
}
