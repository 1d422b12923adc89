package io.sallyport.accesslog.query;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.ast.CelConstant;
import dev.cel.common.ast.CelExpr;
import dev.cel.common.types.CelType;
import io.sallyport.accesslog.storage.Column;
import io.sallyport.model.Repetitions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Turns one checked CEL expression into a [Condition].
final class CelTree {

    private static final int MAX_PATTERN = 1_024;
    // What a pattern becomes, which every row is held against.
    private static final int MAX_STEPS = 10_000;

    private final CelAbstractSyntaxTree ast;

    CelTree(CelAbstractSyntaxTree ast) {
        this.ast = ast;
    }

    Condition condition() throws QueryException {
        return condition(ast.getExpr());
    }

    private Condition condition(CelExpr expression) throws QueryException {
        return switch (expression.getKind()) {
            case CONSTANT -> new Condition.Constant(expression.constant().booleanValue());
            case CALL -> call(expression);
            case SELECT -> hasKey(expression);
            case IDENT, LIST, STRUCT, MAP, COMPREHENSION, NOT_SET -> throw unable(expression, "this");
        };
    }

    private Condition call(CelExpr expression) throws QueryException {
        var call = expression.call();
        var function = call.function();
        return switch (function) {
            case "_&&_" -> new Condition.All(parts(expression, function));
            case "_||_" -> new Condition.Any(parts(expression, function));
            case "!_" -> new Condition.Not(condition(call.args().getFirst()));
            case "_==_" -> compare(expression, Condition.Comparison.EQUAL);
            case "_!=_" -> compare(expression, Condition.Comparison.NOT_EQUAL);
            case "_<_" -> compare(expression, Condition.Comparison.LESS);
            case "_<=_" -> compare(expression, Condition.Comparison.AT_MOST);
            case "_>_" -> compare(expression, Condition.Comparison.MORE);
            case "_>=_" -> compare(expression, Condition.Comparison.AT_LEAST);
            case "@in", "_in_" -> in(expression);
            case "contains" -> match(expression, Condition.TextTest.CONTAINS);
            case "startsWith" -> match(expression, Condition.TextTest.STARTS_WITH);
            case "endsWith" -> match(expression, Condition.TextTest.ENDS_WITH);
            case "matches" -> match(expression, Condition.TextTest.MATCHES);
            default -> throw unable(expression, "\"" + shown(function) + "\"");
        };
    }

    // A chain of the same operator is one list, however it is bracketed.
    private List<Condition> parts(CelExpr expression, String function) throws QueryException {
        var parts = new ArrayList<Condition>();
        for (var argument : expression.call().args()) {
            if (argument.getKind() == CelExpr.ExprKind.Kind.CALL
                    && argument.call().function().equals(function)) {
                parts.addAll(parts(argument, function));
            } else {
                parts.add(condition(argument));
            }
        }
        return parts;
    }

    private Condition compare(CelExpr expression, Condition.Comparison comparison) throws QueryException {
        var left = operand(expression.call().args().get(0));
        var right = operand(expression.call().args().get(1));
        if (left instanceof Operand.Literal && right instanceof Operand.Literal) {
            throw unable(expression, "a comparison of two constants");
        }
        return new Condition.Compare(left, comparison, right);
    }

    private Condition in(CelExpr expression) throws QueryException {
        var value = expression.call().args().get(0);
        var container = expression.call().args().get(1);
        if (container.getKind() == CelExpr.ExprKind.Kind.LIST) {
            var literals = new ArrayList<Operand.Literal>();
            for (var element : container.list().elements()) {
                // The checker lets a list of several types pass.
                if (!type(element).equals(type(value))) {
                    throw new QueryException(place(element) + "this is " + CelComplaint.withArticle(type(element))
                            + " (expected: " + CelComplaint.withArticle(type(value)) + ", as on the left of \"in\")");
                }
                literals.add(literal(element));
            }
            return new Condition.OneOf(operand(value), literals);
        }
        var column = column(container).orElseThrow(() -> unable(container, "this on the right of \"in\""));
        return switch (column.type()) {
            case WORDS -> new Condition.HasWord(column, operand(value));
            case TEXTS -> new Condition.HasKey(column, literal(value));
            case TEXT, NUMBER, REAL, TIME, DURATION -> throw unable(container, "this on the right of \"in\"");
        };
    }

    private String type(CelExpr expression) {
        return ast.getType(expression.id()).map(CelType::name).orElse("");
    }

    private Condition hasKey(CelExpr expression) throws QueryException {
        var select = expression.select();
        var column = column(select.operand());
        if (!select.testOnly() || column.isEmpty() || column.get().type() != Column.Type.TEXTS) {
            throw unable(expression, "\"" + select.field() + "\"");
        }
        return new Condition.HasKey(column.get(), new Operand.Literal(select.field()));
    }

    private Condition match(CelExpr expression, Condition.TextTest test) throws QueryException {
        var call = expression.call();
        var text = operand(call.target().orElse(call.args().getFirst()));
        var part = operand(call.args().getLast());
        if (test == Condition.TextTest.MATCHES) {
            check(expression, part);
        }
        return new Condition.Match(text, test, part);
    }

    private void check(CelExpr expression, Operand operand) throws QueryException {
        if (!(operand instanceof Operand.Literal(String text))) {
            throw unable(expression, "a pattern that is no constant");
        }
        if (text.length() > MAX_PATTERN) {
            throw new QueryException(place(expression) + "pattern of " + text.length()
                    + " characters (expected: at most " + MAX_PATTERN + ")");
        }
        if (Repetitions.areTooMany(text)) {
            throw new QueryException(place(expression) + "pattern \"" + text
                    + "\" (expected: repetitions inside one another that make at most 1,000)");
        }
        try {
            var pattern = Pattern.compile(text);
            if (pattern.programSize() > MAX_STEPS) {
                throw new QueryException(place(expression) + "pattern \"" + text + "\" has " + pattern.programSize()
                        + " steps (expected: at most " + MAX_STEPS + ")");
            }
            if (!pattern.namedGroups().isEmpty() && text.contains("(?<")) {
                throw new QueryException(
                        place(expression) + "pattern \"" + text + "\": \"(?<\" (expected: \"(?P<\", or no name)");
            }
        } catch (PatternSyntaxException e) {
            throw new QueryException(
                    place(expression) + "pattern \"" + text + "\": " + e.getDescription() + " (expected: RE2 syntax)");
        }
    }

    private Operand operand(CelExpr expression) throws QueryException {
        var column = column(expression);
        if (column.isPresent()) {
            return attribute(expression, column.get());
        }
        return switch (expression.getKind()) {
            case CONSTANT -> literal(expression);
            case SELECT ->
                entry(
                        expression,
                        expression.select().operand(),
                        expression.select().field());
            case CALL -> function(expression);
            case IDENT, LIST, STRUCT, MAP, COMPREHENSION, NOT_SET -> throw unable(expression, "this");
        };
    }

    private Operand attribute(CelExpr expression, Column column) throws QueryException {
        return switch (column.type()) {
            case TEXT, NUMBER, REAL, TIME, DURATION -> new Operand.Attribute(column);
            case WORDS ->
                throw new QueryException(place(expression) + "a whole list cannot be asked for (expected: \"UF\" in "
                        + column.attribute() + ", for any word)");
            case TEXTS ->
                throw new QueryException(place(expression) + "a whole map cannot be asked for (expected: "
                        + column.attribute() + "[\"x-user\"], for any key)");
        };
    }

    private Operand function(CelExpr expression) throws QueryException {
        var call = expression.call();
        return switch (call.function()) {
            case "_[_]" -> {
                var list = column(call.args().get(0)).filter(found -> found.type() == Column.Type.WORDS);
                if (list.isPresent()) {
                    throw new QueryException(
                            place(expression) + "a place in a list cannot be asked for (expected: \"UF\" in "
                                    + list.get().attribute() + ", for any word)");
                }
                var key = literal(call.args().get(1));
                if (!(key.value() instanceof String text)) {
                    throw unable(expression, "a key that is no text");
                }
                yield entry(expression, call.args().get(0), text);
            }
            case "lowerAscii" -> new Operand.Lower(operand(call.target().orElseThrow()));
            case "size" ->
                new Operand.Length(
                        operand(call.target().orElseGet(() -> call.args().getFirst())));
            case "-_", "timestamp", "duration" -> literal(expression);
            default -> throw unable(expression, "\"" + shown(call.function()) + "\"");
        };
    }

    private Operand entry(CelExpr expression, CelExpr map, String key) throws QueryException {
        var column = column(map)
                .filter(found -> found.type() == Column.Type.TEXTS)
                .orElseThrow(() -> unable(expression, "\"" + key + "\""));
        return new Operand.Entry(column, new Operand.Literal(key));
    }

    private Operand.Literal literal(CelExpr expression) throws QueryException {
        if (expression.getKind() == CelExpr.ExprKind.Kind.CONSTANT) {
            return new Operand.Literal(value(expression, expression.constant()));
        }
        if (expression.getKind() != CelExpr.ExprKind.Kind.CALL) {
            throw unable(expression, "this, where a constant is needed,");
        }
        var call = expression.call();
        var argument = literal(call.args().getFirst()).value();
        try {
            return switch (call.function()) {
                case "-_" -> new Operand.Literal(negative(argument));
                case "timestamp" -> new Operand.Literal(Literals.timestamp(argument));
                case "duration" -> new Operand.Literal(Literals.duration(argument));
                default -> throw unable(expression, "\"" + shown(call.function()) + "\", where a constant is needed,");
            };
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new QueryException(place(expression) + e.getMessage());
        }
    }

    private static Object negative(Object value) {
        return switch (value) {
            case Long number -> Math.negateExact(number);
            case Double number -> -number;
            default -> throw new IllegalArgumentException("\"-\" of a text (expected: a number)");
        };
    }

    private Object value(CelExpr expression, CelConstant constant) throws QueryException {
        return switch (constant.getKind()) {
            case INT64_VALUE -> constant.int64Value();
            case STRING_VALUE -> constant.stringValue();
            case DOUBLE_VALUE -> {
                if (!Double.isFinite(constant.doubleValue())) {
                    throw unable(expression, "an infinite number");
                }
                yield constant.doubleValue();
            }
            case BOOLEAN_VALUE, UINT64_VALUE, BYTES_VALUE, NULL_VALUE, TIMESTAMP_VALUE, DURATION_VALUE, NOT_SET ->
                throw unable(expression, "a constant of this type");
        };
    }

    // The checker says which expressions are attributes: "request.host" is one name, not a field of "request".
    private Optional<Column> column(CelExpr expression) {
        return ast.getReference(expression.id()).flatMap(reference -> Column.find(reference.name()));
    }

    private QueryException unable(CelExpr expression, String what) {
        return new QueryException(
                place(expression) + what + " cannot be answered by a store (expected: comparisons, in, contains, "
                        + "startsWith, endsWith, matches, size, lowerAscii, has, and their combinations)");
    }

    private String place(CelExpr expression) {
        var offset = ast.getSource().getPositionsMap().getOrDefault(expression.id(), 0);
        return ast.getSource()
                .getOffsetLocation(offset)
                .map(at -> "filter, line " + at.getLine() + ", column " + (at.getColumn() + 1) + ": ")
                .orElse("filter: ");
    }

    // "_+_" is written "+".
    static String shown(String function) {
        return function.equals("_?_:_") ? "?:" : function.replace("_", "").replace("@", "");
    }
}
