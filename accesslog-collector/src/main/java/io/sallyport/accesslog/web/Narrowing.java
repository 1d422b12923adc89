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

    /// The filter with one more condition, which is put behind it once.
    static String with(String filter, String condition) {
        var base = filter.strip();
        if (base.isEmpty()) {
            return condition;
        }
        if (has(base, condition)) {
            return base;
        }
        // "a || b && c" would be "a || (b && c)", and "a ? b : c && d" likewise.
        return (base.contains("||") || base.contains("?") ? "(" + base + ")" : base) + AND + condition;
    }

    /// Whether a condition is one of those that were clicked.
    static boolean has(String filter, String condition) {
        var base = filter.strip();
        return base.equals(condition) || base.endsWith(AND + condition) || base.contains(condition + AND);
    }

    /// The filter without it.
    static String without(String filter, String condition) {
        var base = filter.strip();
        if (base.equals(condition)) {
            return "";
        }
        if (base.endsWith(AND + condition)) {
            return base.substring(0, base.length() - AND.length() - condition.length());
        }
        return base.replace(condition + AND, "");
    }
}
