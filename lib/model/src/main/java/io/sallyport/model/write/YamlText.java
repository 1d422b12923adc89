package io.sallyport.model.write;

import java.util.List;
import java.util.Set;

/// Lays out YAML in one way only: block style, two spaces, quotes where a word could be taken for anything but a
/// string.
final class YamlText {

    private static final int LONGEST_KEY = 120;
    // The first character of each of these means something else to YAML 1.1, or the whole word does.
    private static final Set<String> WORDS =
            Set.of("true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf");

    private final StringBuilder text = new StringBuilder();

    /// A key and its value in a mapping that is indented by `indent` spaces; `dash` puts a list's dash in front.
    void entry(int indent, boolean dash, String key, Tree value) {
        prefix(indent, dash);
        var written = scalar(key);
        if (written.length() > LONGEST_KEY) {
            text.append("? ").append(written).append('\n').append(" ".repeat(indent));
            text.append(':');
        } else {
            text.append(written).append(':');
        }
        value(indent, value);
    }

    private void prefix(int indent, boolean dash) {
        text.append(" ".repeat(dash ? indent - 2 : indent)).append(dash ? "- " : "");
    }

    private void value(int indent, Tree value) {
        switch (value) {
            case Tree.Word word -> text.append(' ').append(word.text()).append('\n');
            case Tree.Items items when items.items().isEmpty() -> text.append(" []\n");
            case Tree.Fields fields when fields.entries().isEmpty() -> text.append(" {}\n");
            case Tree.Items items -> {
                text.append('\n');
                items.items().forEach(item -> item(indent, item));
            }
            case Tree.Fields fields -> {
                text.append('\n');
                fields(indent + 2, false, fields);
            }
        }
    }

    private void item(int indent, Tree item) {
        switch (item) {
            case Tree.Fields fields when !fields.entries().isEmpty() -> fields(indent + 2, true, fields);
            case Tree.Items items
            when !items.items().isEmpty() -> {
                text.append(" ".repeat(indent)).append("-\n");
                items.items().forEach(inner -> item(indent + 2, inner));
            }
            case Tree.Fields _, Tree.Items _, Tree.Word _ -> {
                text.append(" ".repeat(indent)).append('-');
                value(indent, item);
            }
        }
    }

    private void fields(int indent, boolean dash, Tree.Fields fields) {
        var first = dash;
        for (var entry : fields.entries()) {
            entry(indent, first, entry.key(), entry.value());
            first = false;
        }
    }

    @Override
    public String toString() {
        return text.toString();
    }

    /// A string as YAML: bare where that is safe, in double quotes otherwise.
    static String scalar(String value) {
        return isBare(value) ? value : quoted(value);
    }

    private static boolean isBare(String value) {
        if (value.isEmpty()
                || value.length() > LONGEST_KEY
                || WORDS.contains(value.toLowerCase(java.util.Locale.ROOT))) {
            return false;
        }
        var first = value.charAt(0);
        if (!isLetter(first) && first != '/') {
            return false;
        }
        return value.chars().allMatch(c -> isLetter(c) || (c >= '0' && c <= '9') || "-_./".indexOf(c) >= 0);
    }

    private static boolean isLetter(int c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    private static String quoted(String value) {
        var quoted = new StringBuilder("\"");
        value.codePoints().forEach(c -> {
            switch (c) {
                case '"' -> quoted.append("\\\"");
                case '\\' -> quoted.append("\\\\");
                case '\n' -> quoted.append("\\n");
                case '\t' -> quoted.append("\\t");
                case '\r' -> quoted.append("\\r");
                default -> {
                    if (isPrintable(c)) {
                        quoted.appendCodePoint(c);
                    } else {
                        quoted.append(c > 0xffff ? "\\U%08x".formatted(c) : "\\u%04x".formatted(c));
                    }
                }
            }
        });
        return quoted.append('"').toString();
    }

    private static boolean isPrintable(int c) {
        var control = c < 0x20 || (c >= 0x7f && c <= 0xa0);
        var invisible =
                c == 0xfeff || c == 0x2028 || c == 0x2029 || (c >= 0xd800 && c <= 0xdfff) || (c & 0xfffe) == 0xfffe;
        return !control && !invisible;
    }

    /// What is to be laid out.
    sealed interface Tree {

        /// A scalar, spelled already.
        record Word(String text) implements Tree {}

        /// A list.
        record Items(List<Tree> items) implements Tree {}

        /// A mapping in its order.
        record Fields(List<Entry> entries) implements Tree {}

        /// One key and its value.
        record Entry(String key, Tree value) {}
    }
}
