package io.sallyport.model.read;

import com.google.re2j.Pattern;
import java.util.ArrayList;
import java.util.List;

/// Reads JSON as RFC 8259 has it, and nothing more: no comments, no trailing commas, no bare words. Files that end in
/// `.json` come here; JSON inside a YAML file is YAML.
final class JsonParser {

    private static final Pattern NUMBER = Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?");

    private final String text;
    private final TreeGuard guard = new TreeGuard();
    private int at;
    private int index;
    private int line;
    private int column = 1;

    JsonParser(String text, int firstLine) {
        this.text = text;
        this.line = firstLine;
    }

    TextTree parse() throws UnreadableException {
        skipSpace();
        if (isAtEnd()) {
            return new TextTree(null, guard.problems());
        }
        var root = value(0);
        skipSpace();
        if (!isAtEnd()) {
            throw fail("text after the end of the document (expected: one JSON value in a file)");
        }
        return new TextTree(Scalars.isNull(root) ? null : root, guard.problems());
    }

    private Node value(int depth) throws UnreadableException {
        guard.countNode(line, column);
        return switch (peek()) {
            case '{' -> fields(depth + 1);
            case '[' -> items(depth + 1);
            case '"' -> string();
            default -> word();
        };
    }

    private Node fields(int depth) throws UnreadableException {
        TreeGuard.checkDepth(depth, line, column);
        var start = new Start(line, column, index);
        advance();
        var entries = new ArrayList<Node.Entry>();
        var weight = 1L;
        skipSpace();
        if (peek() != '}') {
            do {
                skipSpace();
                if (peek() != '"') {
                    throw fail("expected a key in double quotes");
                }
                guard.countNode(line, column);
                var key = string();
                skipSpace();
                expect(':');
                skipSpace();
                var value = value(depth);
                weight += 1 + value.weight();
                entries.add(new Node.Entry(key, value));
                skipSpace();
            } while (accept(','));
        }
        expect('}');
        return new Node.Fields(
                List.copyOf(guard.withoutDuplicates(entries)),
                start.line,
                start.column,
                start.index,
                index,
                weight,
                false);
    }

    private Node items(int depth) throws UnreadableException {
        TreeGuard.checkDepth(depth, line, column);
        var start = new Start(line, column, index);
        advance();
        var items = new ArrayList<Node>();
        var weight = 1L;
        skipSpace();
        if (peek() != ']') {
            do {
                skipSpace();
                var item = value(depth);
                weight += item.weight();
                items.add(item);
                skipSpace();
            } while (accept(','));
        }
        expect(']');
        return new Node.Items(List.copyOf(items), start.line, start.column, start.index, index, weight, false);
    }

    private Node.Scalar string() throws UnreadableException {
        var startLine = line;
        var startColumn = column;
        advance();
        var content = new StringBuilder();
        while (peek() != '"') {
            var c = peek();
            if (c < 0x20) {
                throw fail("a control character in a string (expected: an escape such as \\n)");
            }
            if (c == '\\') {
                advance();
                escape(content);
            } else {
                content.appendCodePoint(c);
                advance();
            }
        }
        advance();
        var result = content.toString();
        guard.checkText(result, startLine, startColumn);
        return new Node.Scalar(result, false, startLine, startColumn, index);
    }

    private void escape(StringBuilder content) throws UnreadableException {
        var c = peek();
        advance();
        switch (c) {
            case '"', '\\', '/' -> content.append((char) c);
            case 'b' -> content.append('\b');
            case 'f' -> content.append('\f');
            case 'n' -> content.append('\n');
            case 'r' -> content.append('\r');
            case 't' -> content.append('\t');
            case 'u' -> {
                var code = 0;
                for (var i = 0; i < 4; i++) {
                    var digit = Character.digit(peek(), 16);
                    if (digit < 0) {
                        throw fail("expected four hexadecimal digits after \\u");
                    }
                    code = code * 16 + digit;
                    advance();
                }
                content.append((char) code);
            }
            default -> throw fail("unknown escape in a string");
        }
    }

    private Node.Scalar word() throws UnreadableException {
        var startLine = line;
        var startColumn = column;
        var start = at;
        while (!isAtEnd() && isWordPart(text.charAt(at))) {
            advance();
        }
        var word = text.substring(start, at);
        var known = word.equals("true") || word.equals("false") || word.equals("null");
        if (!known && !(word.length() < 400 && NUMBER.matcher(word).matches())) {
            throw new UnreadableException(new Problem(
                    ReadRule.SYNTAX,
                    startLine,
                    startColumn,
                    "not JSON: %s (expected: a value)"
                            .formatted(Words.quote(word.isEmpty() ? Character.toString(peek()) : word))));
        }
        if (!known && Double.isInfinite(Double.parseDouble(word))) {
            guard.add(new Problem(
                    ReadRule.BAD_NUMBER,
                    startLine,
                    startColumn,
                    "number %s is too large".formatted(Words.quote(word))));
        }
        return new Node.Scalar(word, true, startLine, startColumn, index);
    }

    private static boolean isWordPart(char c) {
        return (c >= '0' && c <= '9')
                || (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || c == '-'
                || c == '+'
                || c == '.';
    }

    private void skipSpace() {
        while (!isAtEnd()) {
            var c = text.charAt(at);
            if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
                return;
            }
            advance();
        }
    }

    private boolean isAtEnd() {
        return at >= text.length();
    }

    private int peek() throws UnreadableException {
        if (isAtEnd()) {
            throw fail("the text ends too early");
        }
        return text.codePointAt(at);
    }

    private boolean accept(char c) throws UnreadableException {
        if (peek() != c) {
            return false;
        }
        advance();
        return true;
    }

    private void expect(char c) throws UnreadableException {
        if (!accept(c)) {
            throw fail("expected \"%c\"".formatted(c));
        }
    }

    private void advance() {
        var c = text.codePointAt(at);
        at += Character.charCount(c);
        index++;
        var endsLine = c == '\n' || (c == '\r' && (isAtEnd() || text.charAt(at) != '\n'));
        line += endsLine ? 1 : 0;
        column = endsLine ? 1 : column + 1;
    }

    private UnreadableException fail(String message) {
        return new UnreadableException(new Problem(ReadRule.SYNTAX, line, column, "not JSON: " + message));
    }

    private record Start(int line, int column, int index) {}
}
