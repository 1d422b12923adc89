package io.sallyport.accesslog.query;

import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Timestamps;
import com.google.re2j.Pattern;
import io.sallyport.accesslog.storage.Column;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/// Says in Java whether a condition holds for a row: what a live tail is filtered with, and the oracle that
/// stores are tested against. A missing key makes a comparison unknown, as in CEL and SQL: `!unknown` is
/// unknown, and a row of which it is unknown is left out.
public final class RowTest implements Predicate<AccessLogEntry> {

    private enum Answer {
        YES,
        NO,
        UNKNOWN;

        static Answer of(boolean holds) {
            return holds ? YES : NO;
        }
    }

    private final Condition condition;

    // Compiled once: whoever stores rows waits for what followers look for in them.
    private final Map<String, Pattern> patterns = new ConcurrentHashMap<>();

    public RowTest(Condition condition) {
        this.condition = condition;
    }

    @Override
    public boolean test(AccessLogEntry row) {
        return answer(condition, row) == Answer.YES;
    }

    private Answer answer(Condition condition, AccessLogEntry row) {
        return switch (condition) {
            case Condition.All(var parts) -> all(parts, row);
            case Condition.Any(var parts) -> any(parts, row);
            case Condition.Not(var part) ->
                switch (answer(part, row)) {
                    case YES -> Answer.NO;
                    case NO -> Answer.YES;
                    case UNKNOWN -> Answer.UNKNOWN;
                };
            case Condition.Constant(var value) -> Answer.of(value);
            case Condition.Compare(var left, var comparison, var right) -> compare(left, comparison, right, row);
            case Condition.Match(var text, var test, var part) -> match(text, test, part, row);
            case Condition.OneOf(var value, var values) ->
                value(value, row)
                        .map(found -> Answer.of(
                                values.stream().anyMatch(one -> one.value().equals(found))))
                        .orElse(Answer.UNKNOWN);
            case Condition.HasWord(var words, var word) ->
                value(word, row)
                        .map(wanted -> Answer.of(List.of(((String) row.getField(words.field())).split(",", -1))
                                .contains(wanted)))
                        .orElse(Answer.UNKNOWN);
            case Condition.HasKey(var map, var key) -> Answer.of(map.texts(row).containsKey((String) key.value()));
        };
    }

    private Answer all(List<Condition> parts, AccessLogEntry row) {
        var result = Answer.YES;
        for (var part : parts) {
            switch (answer(part, row)) {
                case NO -> {
                    return Answer.NO;
                }
                case UNKNOWN -> result = Answer.UNKNOWN;
                case YES -> {}
            }
        }
        return result;
    }

    private Answer any(List<Condition> parts, AccessLogEntry row) {
        var result = Answer.NO;
        for (var part : parts) {
            switch (answer(part, row)) {
                case YES -> {
                    return Answer.YES;
                }
                case UNKNOWN -> result = Answer.UNKNOWN;
                case NO -> {}
            }
        }
        return result;
    }

    private static Answer compare(Operand left, Condition.Comparison comparison, Operand right, AccessLogEntry row) {
        var one = value(left, row);
        var other = value(right, row);
        if (one.isEmpty() || other.isEmpty()) {
            return Answer.UNKNOWN;
        }
        var order = order(one.get(), other.get());
        return Answer.of(
                switch (comparison) {
                    case EQUAL -> order == 0;
                    case NOT_EQUAL -> order != 0;
                    case LESS -> order < 0;
                    case AT_MOST -> order <= 0;
                    case MORE -> order > 0;
                    case AT_LEAST -> order >= 0;
                });
    }

    private static int order(Object one, Object other) {
        return switch (one) {
            // By code points, not by chars.
            case String text ->
                java.util.Arrays.compare(
                        text.codePoints().toArray(),
                        ((String) other).codePoints().toArray());
            case Long number -> Long.compare(number, (long) other);
            case Double number -> Double.compare(number, (double) other);
            default -> throw new IllegalStateException(one.getClass() + " (expected: a value of rows)");
        };
    }

    private Answer match(Operand text, Condition.TextTest test, Operand part, AccessLogEntry row) {
        var found = value(text, row);
        var wanted = value(part, row);
        if (found.isEmpty() || wanted.isEmpty()) {
            return Answer.UNKNOWN;
        }
        var in = (String) found.get();
        var what = (String) wanted.get();
        return Answer.of(
                switch (test) {
                    case CONTAINS -> in.contains(what);
                    case STARTS_WITH -> in.startsWith(what);
                    case ENDS_WITH -> in.endsWith(what);
                    case MATCHES -> pattern(what).matcher(in).find();
                });
    }

    // A dot is any letter, as in both engines.
    private Pattern pattern(String text) {
        return patterns.computeIfAbsent(text, regex -> Pattern.compile(regex, Pattern.DOTALL));
    }

    private static Optional<Object> value(Operand operand, AccessLogEntry row) {
        return switch (operand) {
            case Operand.Attribute(var column) -> Optional.of(value(column, row));
            case Operand.Entry(var map, var key) ->
                Optional.ofNullable(map.texts(row).get((String) key.value()));
            case Operand.Lower(var text) -> value(text, row).map(found -> ((String) found).toLowerCase(Locale.ROOT));
            case Operand.Length(var text) ->
                value(text, row).map(found -> (long) ((String) found).codePointCount(0, ((String) found).length()));
            case Operand.Literal(var value) -> Optional.of(value);
        };
    }

    private static Object value(Column column, AccessLogEntry row) {
        return switch (column.type()) {
            case TEXT, WORDS, NUMBER, DURATION, REAL -> row.getField(column.field());
            case TIME -> Timestamps.toMicros((Timestamp) row.getField(column.field()));
            case TEXTS -> throw new IllegalStateException(column.name() + " (expected: no map)");
        };
    }
}
