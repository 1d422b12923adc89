package io.sallyport.translation.validation;

import com.google.protobuf.ByteString;
import com.google.re2j.Pattern;
import io.envoyproxy.pgv.validate.Validate;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/// Makes a [ValueCheck] of the rules of a string or bytes field. Lengths of strings count code points, or bytes where
/// the rule says bytes; patterns must match the whole value, as Envoy's generated code has it.
final class TextChecks {

    // What the rules call HTTP_HEADER_NAME and HTTP_HEADER_VALUE, and what stands for both where they are not strict.
    private static final Pattern HEADER_NAME = Pattern.compile(":?[0-9a-zA-Z!#$%&'*+\\-.^_|~`]+");
    private static final Pattern HEADER_VALUE = Pattern.compile("[^\\x{0}-\\x{8}\\x{A}-\\x{1F}\\x{7F}]*");
    private static final Pattern LENIENT = Pattern.compile("[^\\x{0}\\x{A}\\x{D}]*");

    private TextChecks() {}

    static ValueCheck of(Validate.StringRules rules) {
        var checks = new ArrayList<ValueCheck>();
        if (rules.hasConst()) {
            checks.add(text(rules.getConst()::equals, "\"" + rules.getConst() + "\""));
        }
        addLengths(rules, checks);
        if (rules.hasPattern()) {
            var pattern = Pattern.compile(rules.getPattern());
            checks.add(text(pattern::matches, "text matching \"" + rules.getPattern() + "\""));
        }
        if (rules.hasPrefix()) {
            checks.add(text(
                    value -> value.startsWith(rules.getPrefix()), "text starting with \"" + rules.getPrefix() + "\""));
        }
        if (rules.hasSuffix()) {
            checks.add(
                    text(value -> value.endsWith(rules.getSuffix()), "text ending with \"" + rules.getSuffix() + "\""));
        }
        if (rules.hasContains()) {
            checks.add(text(
                    value -> value.contains(rules.getContains()), "text containing \"" + rules.getContains() + "\""));
        }
        if (rules.hasNotContains()) {
            checks.add(text(
                    value -> !value.contains(rules.getNotContains()),
                    "text without \"" + rules.getNotContains() + "\""));
        }
        if (rules.getInCount() > 0) {
            checks.add(text(rules.getInList()::contains, "one of " + rules.getInList()));
        }
        if (rules.getNotInCount() > 0) {
            checks.add(text(value -> !rules.getNotInList().contains(value), "none of " + rules.getNotInList()));
        }
        addWellKnown(rules, checks);
        return optional(rules.getIgnoreEmpty(), ValueCheck.all(checks));
    }

    static ValueCheck of(Validate.BytesRules rules) {
        var checks = new ArrayList<ValueCheck>();
        if (rules.hasLen()) {
            checks.add(bytes(value -> value.size() == rules.getLen(), rules.getLen() + " bytes"));
        }
        if (rules.hasMinLen()) {
            checks.add(bytes(value -> value.size() >= rules.getMinLen(), ">= " + rules.getMinLen() + " bytes"));
        }
        if (rules.hasMaxLen()) {
            checks.add(bytes(value -> value.size() <= rules.getMaxLen(), "<= " + rules.getMaxLen() + " bytes"));
        }
        return ValueCheck.all(checks);
    }

    private static void addLengths(Validate.StringRules rules, List<ValueCheck> checks) {
        if (rules.hasLen()) {
            checks.add(text(value -> points(value) == rules.getLen(), rules.getLen() + " characters"));
        }
        if (rules.hasMinLen()) {
            checks.add(text(value -> points(value) >= rules.getMinLen(), ">= " + rules.getMinLen() + " characters"));
        }
        if (rules.hasMaxLen()) {
            checks.add(text(value -> points(value) <= rules.getMaxLen(), "<= " + rules.getMaxLen() + " characters"));
        }
        if (rules.hasLenBytes()) {
            checks.add(text(value -> octets(value) == rules.getLenBytes(), rules.getLenBytes() + " bytes"));
        }
        if (rules.hasMinBytes()) {
            checks.add(text(value -> octets(value) >= rules.getMinBytes(), ">= " + rules.getMinBytes() + " bytes"));
        }
        if (rules.hasMaxBytes()) {
            checks.add(text(value -> octets(value) <= rules.getMaxBytes(), "<= " + rules.getMaxBytes() + " bytes"));
        }
    }

    private static void addWellKnown(Validate.StringRules rules, List<ValueCheck> checks) {
        var strict = !rules.hasStrict() || rules.getStrict();
        switch (rules.getWellKnownCase()) {
            case WELL_KNOWN_REGEX -> {
                switch (rules.getWellKnownRegex()) {
                    case HTTP_HEADER_NAME ->
                        checks.add(text((strict ? HEADER_NAME : LENIENT)::matches, "a header name"));
                    case HTTP_HEADER_VALUE ->
                        checks.add(text((strict ? HEADER_VALUE : LENIENT)::matches, "text without control characters"));
                    case UNKNOWN -> {}
                }
            }
            case IP -> checks.add(text(IpAddresses::isValid, "an IP address"));
            case IPV4 ->
                checks.add(text(value -> IpAddresses.isValid(value) && value.indexOf(':') < 0, "an IPv4 address"));
            case IPV6 ->
                checks.add(text(value -> IpAddresses.isValid(value) && value.indexOf(':') >= 0, "an IPv6 address"));
            case ADDRESS, HOSTNAME ->
                checks.add(text(value -> !value.isEmpty() && value.indexOf(' ') < 0, "a host name"));
            case EMAIL, URI, URI_REF, UUID ->
                throw new IllegalStateException(
                        "validate.rules: " + rules.getWellKnownCase() + " (expected: a rule that Envoy's API uses)");
            case WELLKNOWN_NOT_SET -> {}
        }
    }

    private static ValueCheck optional(boolean ignoreEmpty, ValueCheck check) {
        if (!ignoreEmpty) {
            return check;
        }
        return (value, report) -> {
            if (!((String) value).isEmpty()) {
                check.check(value, report);
            }
        };
    }

    private static ValueCheck text(Predicate<String> claim, String expected) {
        return (value, report) -> {
            if (!claim.test((String) value)) {
                report.accept("is \"" + value + "\" (expected: " + expected + ")");
            }
        };
    }

    private static ValueCheck bytes(Predicate<ByteString> claim, String expected) {
        return (value, report) -> {
            if (!claim.test((ByteString) value)) {
                report.accept("has " + ((ByteString) value).size() + " bytes (expected: " + expected + ")");
            }
        };
    }

    private static int points(String value) {
        return value.codePointCount(0, value.length());
    }

    private static int octets(String value) {
        return value.getBytes(StandardCharsets.UTF_8).length;
    }
}
