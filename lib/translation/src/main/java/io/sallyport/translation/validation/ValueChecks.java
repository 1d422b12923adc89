package io.sallyport.translation.validation;

import com.google.protobuf.Any;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import io.envoyproxy.pgv.validate.Validate;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/// Makes a [ValueCheck] of the rules of one field. Numbers of every width and durations are compared as decimals by one
/// piece of code: their rule messages have the same field names (`const`, `lt`, `lte`, `gt`, `gte`, `in`, `not_in`).
final class ValueChecks {

    private ValueChecks() {}

    static ValueCheck of(FieldDescriptor field, Validate.FieldRules rules) {
        var wrapper = isWrapper(field, rules);
        var inner = wrapper ? field.getMessageType().findFieldByName("value") : field;
        var check = switch (rules.getTypeCase()) {
            case TYPE_NOT_SET, REPEATED, MAP -> ValueCheck.NONE;
            case STRING -> TextChecks.of(rules.getString());
            case BYTES -> TextChecks.of(rules.getBytes());
            case BOOL -> ofBool(rules.getBool());
            case ENUM -> ofEnum(rules.getEnum());
            case ANY -> ofAny(rules.getAny());
            case FLOAT,
                    DOUBLE,
                    INT32,
                    INT64,
                    UINT32,
                    UINT64,
                    SINT32,
                    SINT64,
                    FIXED32,
                    FIXED64,
                    SFIXED32,
                    SFIXED64,
                    DURATION,
                    TIMESTAMP ->
                ofComparable(
                        (Message) rules.getField(rules.getDescriptorForType()
                                .findFieldByNumber(rules.getTypeCase().getNumber())),
                        inner);
        };
        return wrapper ? unwrapped(check) : check;
    }

    /// `google.protobuf.UInt32Value` and its like carry the rules of the number inside.
    private static boolean isWrapper(FieldDescriptor field, Validate.FieldRules rules) {
        return field.getJavaType() == FieldDescriptor.JavaType.MESSAGE
                && field.getMessageType().getFullName().startsWith("google.protobuf.")
                && field.getMessageType().getFullName().endsWith("Value")
                && rules.getTypeCase() != Validate.FieldRules.TypeCase.TYPE_NOT_SET;
    }

    private static ValueCheck unwrapped(ValueCheck check) {
        return (value, report) -> {
            var wrapper = (Message) value;
            check.check(wrapper.getField(wrapper.getDescriptorForType().findFieldByName("value")), report);
        };
    }

    private static ValueCheck ofBool(Validate.BoolRules rules) {
        if (!rules.hasConst()) {
            return ValueCheck.NONE;
        }
        return (value, report) -> {
            if (!value.equals(rules.getConst())) {
                report.accept("is " + value + " (expected: " + rules.getConst() + ")");
            }
        };
    }

    private static ValueCheck ofEnum(Validate.EnumRules rules) {
        return (value, report) -> {
            var constant = (EnumValueDescriptor) value;
            var number = constant.getNumber();
            // A number that no constant has is made up as an unnamed value whose index is -1.
            if (rules.getDefinedOnly() && constant.getIndex() < 0) {
                report.accept("is " + number + " (expected: a defined value)");
            }
            if (rules.hasConst() && number != rules.getConst()) {
                report.accept("is " + number + " (expected: " + rules.getConst() + ")");
            }
            if (rules.getInCount() > 0 && !rules.getInList().contains(number)) {
                report.accept("is " + constant.getName() + " (expected: one of " + rules.getInList() + ")");
            }
            if (rules.getNotInList().contains(number)) {
                report.accept("is " + constant.getName() + " (expected: none of " + rules.getNotInList() + ")");
            }
        };
    }

    private static ValueCheck ofAny(Validate.AnyRules rules) {
        if (rules.getInCount() == 0 && rules.getNotInCount() == 0) {
            // Some fields that hold another message are required in these words.
            return ValueCheck.NONE;
        }
        return (value, report) -> {
            var url = ((Any) value).getTypeUrl();
            if (rules.getInCount() > 0 && !rules.getInList().contains(url)) {
                report.accept("is of type \"" + url + "\" (expected: one of " + rules.getInList() + ")");
            }
            if (rules.getNotInList().contains(url)) {
                report.accept("is of type \"" + url + "\" (expected: none of " + rules.getNotInList() + ")");
            }
        };
    }

    private static ValueCheck ofComparable(Message rules, FieldDescriptor field) {
        var checks = new ArrayList<ValueCheck>();
        var exact = bound(rules, "const");
        if (!exact.isEmpty()) {
            checks.add(expect(field, value -> value.compareTo(exact.getFirst()) == 0, "" + exact.getFirst()));
        }
        addRange(rules, field, checks);
        var in = bounds(rules, "in");
        if (!in.isEmpty()) {
            checks.add(expect(field, value -> contains(in, value), "one of " + in));
        }
        var notIn = bounds(rules, "not_in");
        if (!notIn.isEmpty()) {
            checks.add(expect(field, value -> !contains(notIn, value), "none of " + notIn));
        }
        var check = ValueCheck.all(checks);
        var ignoreEmpty = rules.getDescriptorForType().findFieldByName("ignore_empty");
        if (ignoreEmpty != null && (Boolean) rules.getField(ignoreEmpty)) {
            return (value, report) -> {
                if (number(value, field).signum() != 0) {
                    check.check(value, report);
                }
            };
        }
        return check;
    }

    // A range whose upper end lies below its lower end means "outside of".
    private static void addRange(Message rules, FieldDescriptor field, List<ValueCheck> checks) {
        var below = bound(rules, "lt");
        var atMost = bound(rules, "lte");
        var above = bound(rules, "gt");
        var atLeast = bound(rules, "gte");
        var upper = below.isEmpty() ? atMost : below;
        var lower = above.isEmpty() ? atLeast : above;
        if (upper.isEmpty() && lower.isEmpty()) {
            return;
        }
        var text = new StringBuilder();
        if (!lower.isEmpty()) {
            text.append(above.isEmpty() ? ">= " : "> ").append(lower.getFirst());
        }
        var outside = !upper.isEmpty() && !lower.isEmpty() && upper.getFirst().compareTo(lower.getFirst()) < 0;
        if (!upper.isEmpty()) {
            text.append(text.isEmpty() ? "" : joint(outside))
                    .append(below.isEmpty() ? "<= " : "< ")
                    .append(upper.getFirst());
        }
        checks.add(expect(
                field,
                value -> {
                    var high = upper.isEmpty() || value.compareTo(upper.getFirst()) < (below.isEmpty() ? 1 : 0);
                    var low = lower.isEmpty() || value.compareTo(lower.getFirst()) > (above.isEmpty() ? -1 : 0);
                    return outside ? high || low : high && low;
                },
                text.toString()));
    }

    private static String joint(boolean outside) {
        return outside ? " or " : " and ";
    }

    private interface Claim {
        boolean holds(BigDecimal value);
    }

    private static boolean contains(List<BigDecimal> values, BigDecimal value) {
        return values.stream().anyMatch(each -> each.compareTo(value) == 0);
    }

    private static ValueCheck expect(FieldDescriptor field, Claim claim, String expected) {
        return (value, report) -> {
            if (isNotFinite(value)) {
                report.accept("is " + value + " (expected: " + expected + ")");
                return;
            }
            var number = number(value, field);
            if (!claim.holds(number)) {
                report.accept("is " + number.toPlainString() + " (expected: " + expected + ")");
            }
        };
    }

    private static boolean isNotFinite(Object value) {
        return (value instanceof Double d && !Double.isFinite(d)) || (value instanceof Float f && !Float.isFinite(f));
    }

    private static List<BigDecimal> bound(Message rules, String name) {
        var field = rules.getDescriptorForType().findFieldByName(name);
        return field == null || !rules.hasField(field) ? List.of() : List.of(number(rules.getField(field), field));
    }

    private static List<BigDecimal> bounds(Message rules, String name) {
        var field = rules.getDescriptorForType().findFieldByName(name);
        if (field == null) {
            return List.of();
        }
        return ((List<?>) rules.getField(field))
                .stream().map(value -> number(value, field)).toList();
    }

    private static BigDecimal number(Object value, FieldDescriptor field) {
        return switch (field.getType()) {
            case UINT64, FIXED64 -> new BigDecimal(new BigInteger(Long.toUnsignedString((Long) value)));
            case UINT32, FIXED32 -> BigDecimal.valueOf(Integer.toUnsignedLong((Integer) value));
            default -> number(value);
        };
    }

    private static BigDecimal number(Object value) {
        return switch (value) {
            case Integer i -> BigDecimal.valueOf(i);
            case Long l -> BigDecimal.valueOf(l);
            case Float f -> BigDecimal.valueOf(f);
            case Double d -> BigDecimal.valueOf(d);
            case Duration d -> decimal(d.getSeconds(), d.getNanos());
            case Timestamp t -> decimal(t.getSeconds(), t.getNanos());
            default -> throw new IllegalArgumentException("value: " + value + " (expected: a number or a duration)");
        };
    }

    private static BigDecimal decimal(long seconds, int nanos) {
        return BigDecimal.valueOf(seconds).add(BigDecimal.valueOf(nanos, 9)).stripTrailingZeros();
    }
}
