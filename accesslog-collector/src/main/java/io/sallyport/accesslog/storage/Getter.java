package io.sallyport.accesslog.storage;

import com.google.common.base.CaseFormat;
import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Timestamps;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.lang.invoke.LambdaMetafactory;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/// Takes the value of one column out of an entry, as fast as the generated method does: asked by its descriptor,
/// a field costs more than everything else that happens to it on its way into the store.
sealed interface Getter {

    /// Of a text or of words joined by commas.
    record OfText(Function<AccessLogEntry, String> value) implements Getter {}

    /// Of a number, a duration or a time in microseconds.
    record OfNumber(ToLongFunction<AccessLogEntry> value) implements Getter {}

    record OfReal(ToDoubleFunction<AccessLogEntry> value) implements Getter {}

    record OfTexts(Function<AccessLogEntry, Map<String, String>> value) implements Getter {}

    /// The value of one entry.
    default Object value(AccessLogEntry entry) {
        return switch (this) {
            case OfText(var value) -> value.apply(entry);
            case OfTexts(var value) -> value.apply(entry);
            case OfNumber(var value) -> value.applyAsLong(entry);
            case OfReal(var value) -> value.applyAsDouble(entry);
        };
    }

    /// Whether all of these rows have the value of an entry.
    default boolean isSame(AccessLogEntry entry, List<KafkaRow> rows) {
        return switch (this) {
            case OfText(var value) -> isSame(value.apply(entry), rows, value);
            case OfTexts(var value) -> isSame(value.apply(entry), rows, value);
            case OfNumber(var value) -> {
                var first = value.applyAsLong(entry);
                for (var row : rows) {
                    if (value.applyAsLong(row.entry()) != first) {
                        yield false;
                    }
                }
                yield true;
            }
            case OfReal(var value) -> {
                var first = value.applyAsDouble(entry);
                for (var row : rows) {
                    if (Double.compare(value.applyAsDouble(row.entry()), first) != 0) {
                        yield false;
                    }
                }
                yield true;
            }
        };
    }

    private static boolean isSame(Object first, List<KafkaRow> rows, Function<AccessLogEntry, ?> value) {
        for (var row : rows) {
            if (!value.apply(row.entry()).equals(first)) {
                return false;
            }
        }
        return true;
    }

    /// The getter of a column, resolved once.
    static Getter of(Column column) {
        var name = "get" + CaseFormat.LOWER_UNDERSCORE.to(CaseFormat.UPPER_CAMEL, column.name());
        return switch (column.type()) {
            case TEXT, WORDS -> new OfText(made(Function.class, "apply", name, String.class));
            case NUMBER, DURATION -> new OfNumber(made(ToLongFunction.class, "applyAsLong", name, long.class));
            case REAL -> new OfReal(made(ToDoubleFunction.class, "applyAsDouble", name, double.class));
            case TIME -> {
                Function<AccessLogEntry, Timestamp> time = made(Function.class, "apply", name, Timestamp.class);
                yield new OfNumber(entry -> Timestamps.toMicros(time.apply(entry)));
            }
            case TEXTS -> new OfTexts(made(Function.class, "apply", name + "Map", Map.class));
        };
    }

    // The type of the function's value is checked by the lookup of the method.
    @SuppressWarnings("unchecked")
    private static <F> F made(Class<? super F> function, String method, String getter, Class<?> type) {
        var lookup = MethodHandles.lookup();
        try {
            var found = lookup.findVirtual(AccessLogEntry.class, getter, MethodType.methodType(type));
            var erased = MethodType.methodType(type.isPrimitive() ? type : Object.class, Object.class);
            var site = LambdaMetafactory.metafactory(
                    lookup,
                    method,
                    MethodType.methodType(function),
                    erased,
                    found,
                    MethodType.methodType(type, AccessLogEntry.class));
            return (F) site.getTarget().invoke();
        } catch (Throwable e) {
            throw new IllegalStateException("AccessLogEntry." + getter + " (expected: what its field generates)", e);
        }
    }
}
