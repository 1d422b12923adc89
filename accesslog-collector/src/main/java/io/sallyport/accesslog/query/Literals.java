package io.sallyport.accesslog.query;

import com.google.protobuf.util.Timestamps;
import java.math.BigDecimal;
import java.text.ParseException;

/// Reads times and durations as CEL writes them, to microseconds.
final class Literals {

    private static final long MIN = -62_135_596_800_000_000L;
    private static final long MAX = 253_402_300_799_999_999L;

    private Literals() {}

    /// `timestamp("2026-11-21T10:00:00Z")`, or seconds since 1970.
    static long timestamp(Object argument) {
        try {
            var micros = argument instanceof String text
                    ? Timestamps.toMicros(Timestamps.parse(text))
                    : Math.multiplyExact((long) argument, 1_000_000L);
            if (micros < MIN || micros > MAX) {
                throw new IllegalArgumentException(
                        "timestamp \"" + argument + "\" (expected: between the years 1 and 9999)");
            }
            return micros;
        } catch (ParseException e) {
            throw new IllegalArgumentException(
                    "timestamp \"" + argument + "\" (expected: RFC 3339, like 2026-11-21T10:00:00Z)", e);
        }
    }

    /// `duration("1h30m")`, `duration("1.5s")`, `duration("250ms")`.
    static long duration(Object argument) {
        var text = String.valueOf(argument);
        var isNegative = text.startsWith("-");
        var at = isNegative ? 1 : 0;
        var micros = BigDecimal.ZERO;
        if (at == text.length() || text.length() > 64) {
            throw wrong(text);
        }
        while (at < text.length()) {
            var end = at;
            while (end < text.length() && (Character.digit(text.charAt(end), 10) >= 0 || text.charAt(end) == '.')) {
                end++;
            }
            var unit = unit(text, end);
            try {
                micros = micros.add(new BigDecimal(text.substring(at, end)).multiply(micros(text, unit)));
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException(wrong(text).getMessage(), e);
            }
            at = end + unit.length();
        }
        var whole = micros.toBigInteger().longValueExact();
        return isNegative ? -whole : whole;
    }

    private static String unit(String text, int at) {
        for (var unit : new String[] {"ms", "us", "ns", "h", "m", "s"}) {
            if (text.startsWith(unit, at)) {
                return unit;
            }
        }
        throw wrong(text);
    }

    private static BigDecimal micros(String text, String unit) {
        return switch (unit) {
            case "h" -> BigDecimal.valueOf(3_600_000_000L);
            case "m" -> BigDecimal.valueOf(60_000_000L);
            case "s" -> BigDecimal.valueOf(1_000_000L);
            case "ms" -> BigDecimal.valueOf(1_000L);
            case "us" -> BigDecimal.ONE;
            case "ns" -> new BigDecimal("0.001");
            default -> throw wrong(text);
        };
    }

    private static IllegalArgumentException wrong(String text) {
        return new IllegalArgumentException("duration \"" + text + "\" (expected: like 1h30m, 1.5s or 250ms)");
    }
}
