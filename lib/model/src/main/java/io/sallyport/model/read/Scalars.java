package io.sallyport.model.read;

import com.google.re2j.Pattern;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// What unquoted words mean. Kubernetes reads YAML 1.1, so `no` is a boolean and `0x50` a number: a string that looks
/// like one of these must be quoted, and an integer must be plain decimal.
final class Scalars {

    private static final Set<String> NULLS = Set.of("", "~", "null", "Null", "NULL");
    private static final Set<String> TRUE =
            Set.of("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y");
    private static final Set<String> FALSE =
            Set.of("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N");
    private static final Set<String> SPECIAL = Set.of(
            ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", ".nan", ".NaN", ".NAN");
    private static final Pattern DECIMAL = Pattern.compile("-?(0|[1-9][0-9]*)");
    private static final Pattern ANY_INTEGER =
            Pattern.compile("[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|0o[0-7_]+|[0-9][0-9_]*)");
    private static final Pattern FLOAT = Pattern.compile("[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?");
    private static final Pattern UNSIGNED = Pattern.compile("[0-9]+\\.?[0-9]*|\\.[0-9]+");
    private static final int LONGEST_NUMBER = 400;
    private static final BigDecimal LARGEST = BigDecimal.valueOf(Double.MAX_VALUE);
    private static final BigDecimal SMALLEST = BigDecimal.valueOf(Double.MIN_VALUE);
    private static final long MAX_SECONDS = 315_576_000_000L;

    private Scalars() {}

    /// What YAML makes of a scalar.
    enum Sort {
        NULL("null"),
        BOOL("a boolean"),
        INTEGER("a number"),
        FLOAT("a number"),
        STRING("a string");

        private final String text;

        Sort(String text) {
            this.text = text;
        }

        String text() {
            return text;
        }
    }

    static boolean isNull(Node node) {
        return node instanceof Node.Scalar scalar && scalar.plain() && NULLS.contains(scalar.text());
    }

    static Sort sort(Node.Scalar scalar) {
        if (!scalar.plain()) {
            return Sort.STRING;
        }
        var text = scalar.text();
        if (NULLS.contains(text)) {
            return Sort.NULL;
        }
        if (TRUE.contains(text) || FALSE.contains(text)) {
            return Sort.BOOL;
        }
        var first = text.charAt(0);
        var numeric = (first >= '0' && first <= '9') || first == '-' || first == '+' || first == '.';
        if (!numeric || text.length() > LONGEST_NUMBER) {
            return Sort.STRING;
        }
        if (ANY_INTEGER.matcher(text).matches()) {
            return Sort.INTEGER;
        }
        return FLOAT.matcher(text).matches() || SPECIAL.contains(text) ? Sort.FLOAT : Sort.STRING;
    }

    static boolean isTrue(Node.Scalar scalar) {
        return TRUE.contains(scalar.text());
    }

    /// The integer, if it is written in plain decimal.
    static Optional<BigInteger> decimal(String text) {
        return text.length() <= LONGEST_NUMBER && DECIMAL.matcher(text).matches()
                ? Optional.of(new BigInteger(text))
                : Optional.empty();
    }

    /// The number, if it is finite and not so near to 0 that nothing is left of it.
    static Optional<BigDecimal> number(String text) {
        if (text.length() > LONGEST_NUMBER || !FLOAT.matcher(text).matches() || hasHugeExponent(text)) {
            return Optional.empty();
        }
        var number = new BigDecimal(text.endsWith(".") ? text + "0" : text);
        var size = number.abs();
        if (size.compareTo(LARGEST) > 0 || (size.signum() != 0 && size.compareTo(SMALLEST) < 0)) {
            return Optional.empty();
        }
        return Optional.of(number);
    }

    private static boolean hasHugeExponent(String text) {
        var at = text.toLowerCase(Locale.ROOT).indexOf('e');
        return at >= 0 && text.length() - at > 6;
    }

    /// Any of YAML's spellings of an integer: `0x50`, `0644`, `1_000`.
    static Optional<BigInteger> anyInteger(String text) {
        var sign = text.startsWith("-") ? -1 : 1;
        var signed = text.startsWith("-") || text.startsWith("+");
        var digits = (signed ? text.substring(1) : text).replace("_", "");
        try {
            var value = switch (digits.length() > 1 ? digits.substring(0, 2) : "") {
                case "0b" -> new BigInteger(digits.substring(2), 2);
                case "0x" -> new BigInteger(digits.substring(2), 16);
                case "0o" -> new BigInteger(digits.substring(2), 8);
                default ->
                    digits.length() > 1 && digits.startsWith("0") && isOctal(digits)
                            ? new BigInteger(digits, 8)
                            : new BigInteger(digits);
            };
            return Optional.of(value.multiply(BigInteger.valueOf(sign)));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static boolean isOctal(String digits) {
        return digits.chars().allMatch(c -> c >= '0' && c <= '7');
    }

    /// A duration in Go's words: a number with a unit, several times. Exact to the nanosecond, or nothing.
    static Optional<Duration> duration(String text) {
        if (text.equals("0")) {
            return Optional.of(Duration.ZERO);
        }
        if (text.isEmpty() || text.length() > 64) {
            return Optional.empty();
        }
        var nanos = BigDecimal.ZERO;
        var at = 0;
        while (at < text.length()) {
            var start = at;
            while (at < text.length() && (isDigit(text.charAt(at)) || text.charAt(at) == '.')) {
                at++;
            }
            var number = text.substring(start, at);
            var unitStart = at;
            while (at < text.length() && !isDigit(text.charAt(at)) && text.charAt(at) != '.') {
                at++;
            }
            var unit = nanosOf(text.substring(unitStart, at));
            if (unit == 0 || !UNSIGNED.matcher(number).matches()) {
                return Optional.empty();
            }
            nanos = nanos.add(
                    new BigDecimal(number.endsWith(".") ? number + "0" : number).multiply(BigDecimal.valueOf(unit)));
        }
        var whole = nanos.stripTrailingZeros();
        if (whole.scale() > 0 || nanos.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
            return Optional.empty();
        }
        var duration = Duration.ofNanos(whole.longValueExact());
        return duration.toSeconds() <= MAX_SECONDS ? Optional.of(duration) : Optional.empty();
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static long nanosOf(String unit) {
        return switch (unit) {
            case "ns" -> 1L;
            case "us", "\u00b5s", "\u03bcs" -> 1_000L;
            case "ms" -> 1_000_000L;
            case "s" -> 1_000_000_000L;
            case "m" -> 60_000_000_000L;
            case "h" -> 3_600_000_000_000L;
            default -> 0L;
        };
    }
}
