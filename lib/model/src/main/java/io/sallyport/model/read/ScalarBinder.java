package io.sallyport.model.read;

import com.google.common.collect.ImmutableList;
import io.sallyport.model.Bytes;
import io.sallyport.model.IntOrString;
import io.sallyport.model.Path;
import io.sallyport.model.Value;
import io.sallyport.model.schema.FieldType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Makes values of single words, and says what was expected where that fails.
final class ScalarBinder {

    private final Report report;

    ScalarBinder(Report report) {
        this.report = report;
    }

    @Nullable Object value(FieldType type, Node.Scalar scalar, Path path) {
        return switch (type) {
            case FieldType.Text _ -> text(type, scalar, path);
            case FieldType.Bool _ -> bool(type, scalar, path);
            case FieldType.Whole whole -> whole(whole, scalar, path);
            case FieldType.Real _ -> real(scalar, path);
            case FieldType.Span _ -> span(type, scalar, path);
            case FieldType.Base64 _ -> bytes(type, scalar, path);
            case FieldType.Choice choice -> choice(choice, scalar, path);
            case FieldType.NumberOrName _ -> numberOrName(scalar, path);
            case FieldType.Free _,
                    FieldType.FreeStruct _,
                    FieldType.Keys _,
                    FieldType.Message _,
                    FieldType.ListOf _,
                    FieldType.MapOf _ -> throw new IllegalStateException(type + " (expected: a type of one word)");
        };
    }

    private @Nullable String text(FieldType type, Node.Scalar scalar, Path path) {
        var sort = Scalars.sort(scalar);
        if (sort == Scalars.Sort.STRING) {
            return scalar.text();
        }
        report.add(
                ReadRule.UNQUOTED,
                path,
                scalar,
                "%s is %s in YAML (expected: %s; quote it: \"%s\")"
                        .formatted(
                                scalar.text().isEmpty() ? "an empty value" : scalar.text(),
                                sort.text(),
                                type.text(),
                                scalar.text()));
        return null;
    }

    private @Nullable Boolean bool(FieldType type, Node.Scalar scalar, Path path) {
        if (Scalars.sort(scalar) == Scalars.Sort.BOOL) {
            return Scalars.isTrue(scalar);
        }
        report.add(
                ReadRule.WRONG_TYPE,
                path,
                scalar,
                "%s (expected: %s%s)"
                        .formatted(Words.quote(scalar.text()), type.text(), scalar.plain() ? "" : ", without quotes"));
        return null;
    }

    private @Nullable Object whole(FieldType.Whole type, Node.Scalar scalar, Path path) {
        var number = scalar.plain() ? Scalars.decimal(scalar.text()) : Optional.<BigInteger>empty();
        if (number.isEmpty()) {
            report.add(ReadRule.BAD_INTEGER, path, scalar, notDecimal(scalar));
            return null;
        }
        var value = number.get();
        if (value.compareTo(BigInteger.valueOf(type.min())) < 0
                || value.compareTo(BigInteger.valueOf(type.max())) > 0) {
            report.add(
                    ReadRule.BAD_INTEGER,
                    path,
                    scalar,
                    "%s (expected: %d to %d)".formatted(Words.quote(scalar.text()), type.min(), type.max()));
            return null;
        }
        return type.wide() ? (Object) value.longValueExact() : (Object) value.intValueExact();
    }

    private static String notDecimal(Node.Scalar scalar) {
        var text = scalar.text();
        if (!scalar.plain()) {
            var bare = Scalars.decimal(text).isPresent() ? ": " + text : "";
            return "%s is a string (expected: an integer without quotes%s)".formatted(Words.quote(text), bare);
        }
        var sort = Scalars.sort(scalar);
        if (sort == Scalars.Sort.INTEGER || sort == Scalars.Sort.FLOAT) {
            var made = sort == Scalars.Sort.INTEGER
                    ? Scalars.anyInteger(text).map(BigDecimal::new)
                    : Optional.<BigDecimal>empty();
            var value = made.or(() -> Scalars.number(text));
            return "%s is no plain decimal integer%s (expected: digits alone, no leading zero, sign or point)"
                    .formatted(
                            Words.quote(text),
                            value.map(v -> "; YAML makes "
                                            + v.stripTrailingZeros().toPlainString() + " of it")
                                    .orElse(""));
        }
        return "%s (expected: an integer)".formatted(Words.quote(text));
    }

    private @Nullable Double real(Node.Scalar scalar, Path path) {
        var number = scalar.plain() ? Scalars.number(scalar.text()) : Optional.<BigDecimal>empty();
        var negativeZero = number.isPresent()
                && number.get().signum() == 0
                && scalar.text().startsWith("-");
        if (number.isPresent() && !negativeZero) {
            return number.get().doubleValue();
        }
        report.add(
                ReadRule.BAD_NUMBER,
                path,
                scalar,
                "%s (expected: a finite number such as 0.5%s)"
                        .formatted(Words.quote(scalar.text()), scalar.plain() ? "" : ", without quotes"));
        return null;
    }

    private @Nullable Object span(FieldType type, Node.Scalar scalar, Path path) {
        if (Scalars.sort(scalar) == Scalars.Sort.STRING) {
            var duration = Scalars.duration(scalar.text());
            if (duration.isPresent()) {
                return duration.get();
            }
        }
        report.add(
                ReadRule.BAD_DURATION,
                path,
                scalar,
                "%s (expected: %s; 0s or more, down to 1ns)".formatted(Words.quote(scalar.text()), type.text()));
        return null;
    }

    private @Nullable Object bytes(FieldType type, Node.Scalar scalar, Path path) {
        if (Scalars.sort(scalar) == Scalars.Sort.STRING) {
            try {
                var standard = scalar.text().replace('-', '+').replace('_', '/');
                return new Bytes(Base64.getDecoder().decode(standard));
            } catch (IllegalArgumentException e) {
                // Said below, in the words of the finding.
            }
        }
        report.add(
                ReadRule.BAD_BASE64,
                path,
                scalar,
                "%s (expected: %s)".formatted(Words.quote(scalar.text()), type.text()));
        return null;
    }

    private @Nullable Object choice(FieldType.Choice type, Node.Scalar scalar, Path path) {
        var constants = type.type().getEnumConstants();
        if (Scalars.sort(scalar) == Scalars.Sort.STRING) {
            for (var constant : constants) {
                if (constant.name().equals(scalar.text())) {
                    return constant;
                }
            }
        }
        var words = Arrays.stream(constants).map(Enum::name).collect(ImmutableList.toImmutableList());
        var near = Words.nearest(scalar.text(), words)
                .map(word -> "; did you mean \"%s\"?".formatted(word))
                .orElse("");
        report.add(
                ReadRule.UNKNOWN_CHOICE,
                path,
                scalar,
                "%s (expected: %s%s)".formatted(Words.quote(scalar.text()), String.join(", ", words), near));
        return null;
    }

    private @Nullable Object numberOrName(Node.Scalar scalar, Path path) {
        if (Scalars.sort(scalar) == Scalars.Sort.STRING) {
            return IntOrString.of(scalar.text());
        }
        var number = whole(new FieldType.Whole(Integer.MIN_VALUE, Integer.MAX_VALUE, false), scalar, path);
        return number instanceof Integer integer ? IntOrString.of(integer) : null;
    }

    /// Any word as free JSON, by the rules of YAML 1.1.
    Value free(Node.Scalar scalar, Path path) {
        return switch (Scalars.sort(scalar)) {
            case STRING -> new Value.Text(scalar.text());
            case NULL -> new Value.Nothing();
            case BOOL -> new Value.Bool(Scalars.isTrue(scalar));
            case INTEGER ->
                Scalars.anyInteger(scalar.text())
                        .filter(number -> number.bitLength() < Double.MAX_EXPONENT)
                        .<Value>map(number -> new Value.Num(new BigDecimal(number)))
                        .orElseGet(() -> freeNumber(scalar, path));
            case FLOAT -> freeNumber(scalar, path);
        };
    }

    private Value freeNumber(Node.Scalar scalar, Path path) {
        var number = Scalars.number(scalar.text());
        if (number.isEmpty()) {
            report.add(
                    ReadRule.BAD_NUMBER,
                    path,
                    scalar,
                    "%s (expected: a finite number)".formatted(Words.quote(scalar.text())));
        }
        return number.<Value>map(Value.Num::new).orElseGet(Value.Nothing::new);
    }
}
