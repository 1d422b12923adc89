package io.sallyport.accesslog.storage;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Turns what the drivers give into the few types that answers have.
final class StoredValues {

    private StoredValues() {}

    static Object of(@Nullable Object value) {
        return switch (value) {
            case null -> "";
            case String text -> text;
            case Long number -> number;
            case Integer number -> (long) number;
            case Short number -> (long) number;
            case Byte number -> (long) number;
            case BigInteger number -> number.longValueExact();
            case BigDecimal number -> number.doubleValue();
            case Double number -> number;
            case Float number -> (double) number;
            case Boolean flag -> flag ? 1L : 0L;
            case Map<?, ?> map -> {
                var texts = new TreeMap<String, String>();
                map.forEach((key, text) -> texts.put(String.valueOf(key), String.valueOf(text)));
                yield texts;
            }
            default -> throw new IllegalStateException(value.getClass() + " (expected: a type that answers have)");
        };
    }
}
