package io.sallyport.analysis.text;

import com.google.common.collect.ImmutableSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Whether a text is a CEL expression by its grammar, which is all that Istio's admission asks of a log filter. Names
/// are not looked up. A grammar of two dozen lines is no reason to load a compiler when one file is checked.
///
/// Envoy builds less than the grammar has: [#unbuildable] says what it refuses.
public final class CelSyntax {

    private static final int DEEPEST = 64;
    private static final int LONGEST = 16 * 1024;
    private static final ImmutableSet<String> RESERVED = ImmutableSet.of(
            "as",
            "break",
            "const",
            "continue",
            "else",
            "for",
            "function",
            "if",
            "import",
            "in",
            "let",
            "loop",
            "namespace",
            "package",
            "return",
            "var",
            "void",
            "while");
    private static final ImmutableSet<String> RELATIONS = ImmutableSet.of("<", "<=", ">", ">=", "==", "!=", "in");

    private final String text;
    private int at;
    private int start;
    private Token token = Token.END;
    private int depth;
    // What Envoy would have to build, and the first thing that it cannot.
    private final List<CelFunctions.Call> calls = new ArrayList<>();
    private String unknown = "";

    private enum Token {
        NAME,
        LITERAL,
        SIGN,
        END
    }

    /// Unwinds to [#problem], which is the only caller; never leaves this class.
    private static final class SyntaxError extends RuntimeException {
        SyntaxError(String message) {
            super(message, null, false, false);
        }
    }

    private CelSyntax(String text) {
        this.text = text;
    }

    /// What is wrong with the expression.
    public static Optional<String> problem(String expression) {
        if (expression.length() > LONGEST) {
            return Optional.of(
                    "expression of %d characters (expected: at most %d)".formatted(expression.length(), LONGEST));
        }
        var syntax = new CelSyntax(expression);
        try {
            syntax.whole();
            return Optional.empty();
        } catch (SyntaxError e) {
            return Optional.of("expression \"%s\": %s".formatted(expression, e.getMessage()));
        }
    }

    /// Why Envoy refuses a log filter with an expression that has no [#problem].
    public static Optional<String> unbuildable(String expression) {
        var syntax = new CelSyntax(expression);
        syntax.whole();
        var feature = Optional.of(syntax.unknown).filter(what -> !what.isEmpty());
        return feature.or(() -> syntax.calls.stream()
                .flatMap(call -> CelFunctions.problem(call).stream())
                .findFirst());
    }

    private void whole() {
        next();
        expression();
        if (token != Token.END) {
            throw unexpected("the end");
        }
    }

    private void lacks(String feature) {
        unknown = unknown.isEmpty() ? feature + " (expected: none; Envoy's filters have no such thing)" : unknown;
    }

    private void expression() {
        if (++depth > DEEPEST) {
            throw new SyntaxError("nested too deeply (expected: at most 64 levels)");
        }
        operands();
        if (takes("?")) {
            operands();
            expect(":");
            expression();
        }
        depth--;
    }

    // Precedence does not matter for being an expression; that each operator has its operands does.
    private void operands() {
        unary();
        while ((token == Token.SIGN && isOperator(word())) || (token == Token.NAME && word().equals("in"))) {
            next();
            unary();
        }
    }

    private static boolean isOperator(String sign) {
        return RELATIONS.contains(sign)
                || sign.equals("||")
                || sign.equals("&&")
                || sign.equals("+")
                || sign.equals("-")
                || sign.equals("*")
                || sign.equals("/")
                || sign.equals("%");
    }

    private void unary() {
        if (is("!") || is("-")) {
            var sign = word();
            while (takes(sign)) {}
        }
        int from = start;
        boolean selects = primary();
        while (true) {
            int end = start;
            if (takes(".")) {
                if (takes("?")) {
                    lacks("an optional field");
                }
                if (token != Token.NAME) {
                    throw unexpected("a field name");
                }
                var name = word();
                next();
                // The functions of the library "re" are called like this, and take no operand before the dot.
                boolean isLibrary = text.substring(from, end).equals("re");
                if (is("(")) {
                    arguments(isLibrary ? "re." + name : name, isLibrary ? 0 : 1);
                }
            } else if (takes("[")) {
                if (takes("?")) {
                    lacks("an optional element");
                }
                expression();
                expect("]");
            } else if (selects && is("{")) {
                lacks("a message");
                next();
                entries(true);
            } else {
                return;
            }
        }
    }

    // Answers whether it was a name, which may be the type of a message: `Type{field: 1}`.
    private boolean primary() {
        takes(".");
        if (token == Token.LITERAL) {
            next();
            return false;
        }
        if (token == Token.NAME) {
            var name = word();
            if (RESERVED.contains(name)) {
                throw new SyntaxError("\"%s\" is reserved (expected: another name)".formatted(name));
            }
            next();
            if (is("(")) {
                if (name.equals("has")) {
                    presence();
                } else {
                    arguments(name, 0);
                }
                return false;
            }
            return !name.equals("true") && !name.equals("false") && !name.equals("null");
        }
        if (takes("(")) {
            expression();
            expect(")");
        } else if (takes("[")) {
            list("]");
        } else if (takes("{")) {
            entries(false);
        } else {
            throw unexpected("an operand");
        }
        return false;
    }

    // `has(a.b)`: one argument, and it selects a field.
    private void presence() {
        next();
        int from = start;
        expression();
        var argument =
                text.substring(from, token == Token.END ? text.length() : start).strip();
        expect(")");
        int dot = argument.lastIndexOf('.');
        boolean field =
                dot > 0 && argument.substring(dot + 1).chars().allMatch(c -> c == '_' || Character.isLetterOrDigit(c));
        if (!field) {
            throw new SyntaxError("has(%s) (expected: a field, as in has(response.code))".formatted(argument));
        }
    }

    private void arguments(String name, int before) {
        expect("(");
        var last = plainText();
        calls.add(new CelFunctions.Call(name, before + list(")"), last));
    }

    // The next token where it is a string without escapes: "a", 'a' or r'a'.
    private Optional<String> plainText() {
        if (token != Token.LITERAL) {
            return Optional.empty();
        }
        var word = word();
        int open = word.startsWith("r") || word.startsWith("R") ? 1 : 0;
        boolean isPlain = word.length() >= open + 2
                && isQuote(start + open)
                && (open == 1 || word.indexOf('\\') < 0)
                && !word.startsWith("\"\"\"", open)
                && !word.startsWith("'''", open);
        return isPlain ? Optional.of(word.substring(open + 1, word.length() - 1)) : Optional.empty();
    }

    private int list(String end) {
        int count = 0;
        while (!takes(end)) {
            if (takes("?")) {
                lacks("an optional element");
            }
            expression();
            count++;
            if (!takes(",")) {
                expect(end);
                return count;
            }
        }
        return count;
    }

    private void entries(boolean fields) {
        while (!takes("}")) {
            if (takes("?")) {
                lacks("an optional entry");
            }
            if (fields) {
                if (token != Token.NAME) {
                    throw unexpected("a field name");
                }
                next();
            } else {
                expression();
            }
            expect(":");
            expression();
            if (!takes(",")) {
                expect("}");
                return;
            }
        }
    }

    private boolean is(String sign) {
        return token == Token.SIGN && word().equals(sign);
    }

    private boolean takes(String sign) {
        if (is(sign)) {
            next();
            return true;
        }
        return false;
    }

    private void expect(String sign) {
        if (!takes(sign)) {
            throw unexpected("\"" + sign + "\"");
        }
    }

    private String word() {
        return text.substring(start, at);
    }

    private SyntaxError unexpected(String expected) {
        var found = token == Token.END ? "the end" : "\"" + word() + "\" at " + start;
        return new SyntaxError("%s (expected: %s)".formatted(found, expected));
    }

    private void next() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
        if (text.startsWith("//", at)) {
            int end = text.indexOf('\n', at);
            at = end < 0 ? text.length() : end;
            next();
            return;
        }
        start = at;
        if (at >= text.length()) {
            token = Token.END;
            return;
        }
        char c = text.charAt(at);
        if (isQuote(at) || isPrefixedQuote()) {
            string();
        } else if (Character.isDigit(c)
                || (c == '.' && at + 1 < text.length() && Character.isDigit(text.charAt(at + 1)))) {
            number();
        } else if (c == '_' || (c < 128 && Character.isLetter(c))) {
            while (at < text.length()
                    && (text.charAt(at) == '_'
                            || (text.charAt(at) < 128 && Character.isLetterOrDigit(text.charAt(at))))) {
                at++;
            }
            token = Token.NAME;
        } else {
            sign(c);
        }
    }

    private void sign(char c) {
        boolean twoLong = at + 1 < text.length()
                && ImmutableSet.of("<=", ">=", "==", "!=", "&&", "||").contains(text.substring(at, at + 2));
        if (!twoLong && "<>+-*/%!?:.,()[]{}".indexOf(c) < 0) {
            throw new SyntaxError("\"%s\" at %d (expected: an expression)".formatted(c, at));
        }
        at += twoLong ? 2 : 1;
        token = Token.SIGN;
    }

    private boolean isQuote(int position) {
        return position < text.length() && (text.charAt(position) == '"' || text.charAt(position) == '\'');
    }

    private boolean isPrefixedQuote() {
        int position = at;
        while (position < text.length() && position < at + 2 && "rRbB".indexOf(text.charAt(position)) >= 0) {
            position++;
        }
        return position > at && isQuote(position);
    }

    private void string() {
        boolean raw = false;
        while (!isQuote(at)) {
            raw |= text.charAt(at) == 'r' || text.charAt(at) == 'R';
            at++;
        }
        char quote = text.charAt(at);
        boolean triple = text.startsWith(String.valueOf(quote).repeat(3), at);
        var end = String.valueOf(quote).repeat(triple ? 3 : 1);
        at += end.length();
        while (!text.startsWith(end, at)) {
            if (at >= text.length() || (!triple && text.charAt(at) == '\n')) {
                throw new SyntaxError("a string that does not end (expected: %s)".formatted(end));
            }
            at += !raw && text.charAt(at) == '\\' ? 2 : 1;
        }
        at += end.length();
        token = Token.LITERAL;
    }

    private void number() {
        boolean hex = text.startsWith("0x", at) || text.startsWith("0X", at);
        at += hex ? 2 : 0;
        while (at < text.length()) {
            char c = text.charAt(at);
            boolean exponentSign =
                    !hex && (c == '+' || c == '-') && (text.charAt(at - 1) == 'e' || text.charAt(at - 1) == 'E');
            boolean digit = hex ? Character.digit(c, 16) >= 0 : Character.isDigit(c) || c == 'e' || c == 'E';
            boolean point = !hex && c == '.' && at + 1 < text.length() && Character.isDigit(text.charAt(at + 1));
            if (!digit && !exponentSign && !point) {
                break;
            }
            at++;
        }
        if (at < text.length() && (text.charAt(at) == 'u' || text.charAt(at) == 'U')) {
            at++;
        }
        token = Token.LITERAL;
    }
}
