package io.sallyport.analysis.text;

import com.google.common.base.CharMatcher;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import io.sallyport.model.read.Words;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Whether a text is a CEL expression by its grammar, which is all that Istio's admission asks of a log filter. A
/// grammar of two dozen lines is no reason to load a compiler when one file is checked.
///
/// Envoy builds less than the grammar has: [#unbuildable] says what it refuses. Of what it builds, [#unknownAttribute]
/// and [#mistyped] say what can never hold.
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
    // From those that bind least.
    private static final ImmutableList<ImmutableSet<String>> OPERATORS = ImmutableList.of(
            ImmutableSet.of("||"),
            ImmutableSet.of("&&"),
            ImmutableSet.of("<", "<=", ">", ">=", "==", "!=", "in"),
            ImmutableSet.of("+", "-"),
            ImmutableSet.of("*", "/", "%"));

    private final String text;
    private int at;
    private int start;
    private Token token = Token.END;
    private int depth;
    // What Envoy would have to build, and the first thing that it cannot.
    private final List<CelFunctions.Call> calls = new ArrayList<>();
    private String unknown = "";
    // What Envoy builds and then cannot work out.
    private String attribute = "";
    private String mistake = "";

    private enum Token {
        NAME,
        LITERAL,
        SIGN,
        END
    }

    /// A part of the expression. `name` is what of an attribute's name was read while that is not all: `request`.
    private record Term(CelKind kind, String name, int at) {
        static Term of(CelKind kind) {
            return new Term(kind, "", 0);
        }
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

    /// The attribute that an expression asks for and no request has. Envoy then logs nothing, unless the rest of the
    /// expression decides.
    public static Optional<String> unknownAttribute(String expression) {
        var syntax = new CelSyntax(expression);
        syntax.whole();
        return Optional.of(syntax.attribute).filter(what -> !what.isEmpty());
    }

    /// The part of an expression whose types do not fit. Envoy knows types only when it has a request, and logs nothing
    /// then.
    public static Optional<String> mistyped(String expression) {
        var syntax = new CelSyntax(expression);
        syntax.whole();
        return Optional.of(syntax.mistake).filter(what -> !what.isEmpty());
    }

    private void whole() {
        next();
        var result = expression();
        if (token != Token.END) {
            throw unexpected("the end");
        }
        if (!result.canBeTrue()) {
            mistaken("the filter is %s (expected: a bool, as of response.code >= 400)".formatted(result.shown()));
        }
    }

    private void mistaken(String what) {
        mistake = mistake.isEmpty() ? what : mistake;
    }

    private void lacks(String feature) {
        unknown = unknown.isEmpty() ? feature + " (expected: none; Envoy's filters have no such thing)" : unknown;
    }

    private CelKind expression() {
        if (++depth > DEEPEST) {
            throw new SyntaxError("nested too deeply (expected: at most 64 levels)");
        }
        var result = operation(0);
        int question = start;
        if (takes("?")) {
            expectBool(result, "?", question);
            var one = operation(0);
            expect(":");
            var other = expression();
            result = one == other ? one : CelKind.ANY;
        }
        depth--;
        return result;
    }

    private CelKind operation(int level) {
        if (level == OPERATORS.size()) {
            return unary();
        }
        var left = operation(level + 1);
        while (token != Token.LITERAL && OPERATORS.get(level).contains(word())) {
            var operator = word();
            int place = start;
            next();
            left = combined(left, operator, operation(level + 1), place);
        }
        return left;
    }

    private CelKind combined(CelKind left, String operator, CelKind right, int place) {
        switch (operator) {
            case "||", "&&" -> {
                expectBool(left, operator, place);
                expectBool(right, operator, place);
            }
            case "==", "!=" -> {
                if (!left.canEqual(right)) {
                    mistaken("\"%s\" at %d compares %s with %s, which are never equal (expected: two of one type)"
                            .formatted(operator, place, left.shown(), right.shown()));
                }
            }
            case "in" -> {
                if (!right.hasElements()) {
                    mistaken("\"in\" at %d looks into %s (expected: a list or map)".formatted(place, right.shown()));
                }
            }
            case "<", "<=", ">", ">=" -> {
                if (!left.isOrderedWith(right)) {
                    mistaken("\"%s\" at %d compares %s with %s (expected: two of one type)"
                            .formatted(operator, place, left.shown(), right.shown()));
                }
            }
            default -> {
                return calculated(left, operator, right, place);
            }
        }
        return CelKind.BOOL;
    }

    private CelKind calculated(CelKind left, String operator, CelKind right, int place) {
        var result = left.calculated(operator, right);
        if (result.isEmpty()) {
            mistaken("\"%s\" at %d between %s and %s (expected: two numbers of one type, or times)"
                    .formatted(operator, place, left.shown(), right.shown()));
        }
        return result.orElse(CelKind.ANY);
    }

    private void expectBool(CelKind kind, String operator, int place) {
        if (!kind.canBeTrue()) {
            mistaken("%s at \"%s\" at %d (expected: a bool)".formatted(kind.shown(), operator, place));
        }
    }

    private CelKind unary() {
        var sign = is("!") || is("-") ? word() : "";
        int place = start;
        while (!sign.isEmpty() && takes(sign)) {}
        var operand = member();
        if (sign.equals("!")) {
            expectBool(operand, sign, place);
            return CelKind.BOOL;
        }
        return operand;
    }

    private CelKind member() {
        int from = start;
        var term = primary();
        boolean selects = !term.name().isEmpty();
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
                int place = start;
                next();
                if (!is("(")) {
                    term = selected(term, name, place);
                } else if (text.substring(from, end).equals("re")) {
                    // The functions of the library "re" are called like this, and take no operand before the dot.
                    term = Term.of(call("re." + name, List.of(), place));
                } else {
                    term = Term.of(call(name, List.of(settled(term)), place));
                }
            } else if (takes("[")) {
                if (takes("?")) {
                    lacks("an optional element");
                }
                var key = plainText();
                int place = start;
                int after = at;
                expression();
                boolean isAll = text.substring(after, Math.max(after, start)).isBlank();
                expect("]");
                term = isAll && key.isPresent()
                        ? selected(term, key.get(), place)
                        : Term.of(settled(term).element());
            } else if (selects && is("{")) {
                lacks("a message");
                next();
                entries(true);
            } else {
                return settled(term);
            }
        }
    }

    // One field or element of it.
    private Term selected(Term term, String name, int place) {
        if (!term.name().isEmpty() && CelAttributes.isPart(term.name())) {
            var full = term.name() + "." + name;
            return Term.of(attribute(full, term.at()));
        }
        var whole = settled(term);
        if (!whole.hasElements()) {
            mistaken("\"%s\" at %d of %s (expected: nothing behind it)".formatted(name, place, whole.shown()));
        }
        return Term.of(whole.element());
    }

    private CelKind settled(Term term) {
        return term.name().isEmpty() ? term.kind() : attribute(term.name(), term.at());
    }

    private CelKind attribute(String name, int place) {
        var kind = CelAttributes.kind(name);
        if (kind.isEmpty() && attribute.isEmpty()) {
            attribute = "%s at %d is no attribute of Envoy's%s"
                    .formatted(Words.quote(name), place, CelAttributes.hint(name));
        }
        return kind.orElse(CelKind.ANY);
    }

    // A name is one of an attribute, or of the type of a message: `Type{field: 1}`.
    private Term primary() {
        takes(".");
        if (token == Token.LITERAL) {
            var kind = literal(word());
            next();
            return Term.of(kind);
        }
        if (token == Token.NAME) {
            return named();
        }
        if (takes("(")) {
            var inner = expression();
            expect(")");
            return Term.of(inner);
        }
        if (takes("[")) {
            list("]");
            return Term.of(CelKind.LIST);
        }
        if (takes("{")) {
            entries(false);
            return Term.of(CelKind.MAP);
        }
        throw unexpected("an operand");
    }

    private Term named() {
        var name = word();
        int place = start;
        if (RESERVED.contains(name)) {
            throw new SyntaxError("\"%s\" is reserved (expected: another name)".formatted(name));
        }
        next();
        if (is("(")) {
            if (name.equals("has")) {
                presence();
                return Term.of(CelKind.BOOL);
            }
            return Term.of(call(name, List.of(), place));
        }
        return switch (name) {
            case "true", "false" -> Term.of(CelKind.BOOL);
            case "null" -> Term.of(CelKind.ANY);
            default -> new Term(CelKind.ANY, name, place);
        };
    }

    private static CelKind literal(String word) {
        int quote = CharMatcher.anyOf("\"'").indexIn(word);
        if (quote >= 0) {
            return CharMatcher.anyOf("bB").matchesAnyOf(word.substring(0, quote)) ? CelKind.BYTES : CelKind.STRING;
        }
        if (word.endsWith("u") || word.endsWith("U")) {
            return CelKind.UINT;
        }
        boolean isHex = word.startsWith("0x") || word.startsWith("0X");
        return !isHex && CharMatcher.anyOf(".eE").matchesAnyOf(word) ? CelKind.DOUBLE : CelKind.INT;
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

    private CelKind call(String name, List<CelKind> before, int place) {
        expect("(");
        var last = plainText();
        var operands = new ArrayList<>(before);
        operands.addAll(list(")"));
        calls.add(new CelFunctions.Call(name, operands.size(), last));
        CelFunctions.mistake(name, operands)
                .ifPresent(what -> mistaken("\"%s\" at %d %s".formatted(name, place, what)));
        return CelFunctions.result(name);
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

    private List<CelKind> list(String end) {
        var kinds = new ArrayList<CelKind>();
        while (!takes(end)) {
            if (takes("?")) {
                lacks("an optional element");
            }
            kinds.add(expression());
            if (!takes(",")) {
                expect(end);
                return kinds;
            }
        }
        return kinds;
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
