package io.sallyport.analysis.expansion;

import java.util.Locale;
import java.util.Set;

/// YAML as it is written line by line. Words of users are quoted, so that none of them is taken for anything else.
final class ExpandedText {

    private static final Set<String> WORDS =
            Set.of("true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf");

    private final StringBuilder text = new StringBuilder();

    /// A line of our own.
    ExpandedText line(int depth, String line) {
        text.append("  ".repeat(depth)).append(line).append('\n');
        return this;
    }

    ExpandedText entry(int depth, String key, String value) {
        return line(depth, word(key) + ": " + word(value));
    }

    ExpandedText item(int depth, String value) {
        return line(depth, "- " + word(value));
    }

    private static String word(String value) {
        if (isPlain(value)) {
            return value;
        }
        var quoted = new StringBuilder("\"");
        value.codePoints().forEach(c -> {
            if (c == '"' || c == '\\') {
                quoted.append('\\').appendCodePoint(c);
            } else if (c < ' ' || (c >= 0x7f && c < 0xa0) || c == 0xfeff || c == 0x2028 || c == 0x2029) {
                quoted.append("\\u").append("%04x".formatted(c));
            } else {
                quoted.appendCodePoint(c);
            }
        });
        return quoted.append('"').toString();
    }

    // What begins with a letter is no number; some words are no strings.
    private static boolean isPlain(String value) {
        return !value.isEmpty()
                && isLetter(value.charAt(0))
                && value.chars().allMatch(c -> isLetter(c) || (c >= '0' && c <= '9') || "-./".indexOf(c) >= 0)
                && !WORDS.contains(value.toLowerCase(Locale.ROOT));
    }

    private static boolean isLetter(int c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
