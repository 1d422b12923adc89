package io.sallyport.accesslog.receive;

import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hashing;
import com.google.protobuf.Descriptors.FieldDescriptor;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import io.sallyport.proto.accesslog.v1.Entry;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/// What of a row must not be written anywhere as it is: applied before the spool, so neither disk nor Kafka
/// ever has it. What is taken out by default stands in [Tidying] and cannot be switched off here.
///
/// @param key of the hashes: without it nobody can try values out
public record PrivacyRules(ImmutableList<Rule> rules, String key) {

    /// Nothing beside what is always taken out.
    public static final PrivacyRules NONE = new PrivacyRules(ImmutableList.of(), "");

    private static final int MIN_KEY = 16;
    private static final int HASH_LETTERS = 32;
    private static final String REQUEST_HEADER = "request.headers.";
    private static final String RESPONSE_HEADER = "response.headers.";
    private static final String TAG = "tags.";

    /// What is done to a value.
    public enum Action {
        DROP,
        /// The same value has the same hash, so it can still be counted and asked for by who knows it.
        HASH,
        /// An address loses its last part (`10.1.2.0`, `2001:db8:1::`) and its port; any other text all but its first
        /// two letters.
        MASK
    }

    /// One attribute: `source.address`, `request.headers.x-user`, `tags.tenant`.
    public record Rule(String attribute, Action action) {}

    /// Refuses attributes that rows do not have, and hashes without a key.
    public PrivacyRules {
        for (var rule : rules) {
            if (map(rule.attribute()).isEmpty() && field(rule.attribute()) == null) {
                throw new IllegalArgumentException("privacy rule for \"" + rule.attribute()
                        + "\" (expected: an attribute with a text, like source.address, request.headers.x-user or"
                        + " tags.tenant)");
            }
        }
        if (key.length() < MIN_KEY && rules.stream().anyMatch(rule -> rule.action() == Action.HASH)) {
            throw new IllegalArgumentException(
                    "key of privacy hashes has " + key.length() + " characters (expected: at least " + MIN_KEY + ")");
        }
    }

    /// The rules in their order.
    public static PrivacyRules of(List<Rule> rules, String key) {
        return new PrivacyRules(ImmutableList.copyOf(rules), key);
    }

    void apply(AccessLogEntry.Builder row) {
        for (var rule : rules) {
            UnaryOperator<String> action = value -> changed(value, rule.action());
            var map = map(rule.attribute());
            var name = rule.attribute().substring(map.length()).toLowerCase(Locale.ROOT);
            switch (map) {
                case REQUEST_HEADER -> {
                    var kept = changed(row.getRequestHeadersMap(), name, action);
                    row.clearRequestHeaders().putAllRequestHeaders(kept);
                }
                case RESPONSE_HEADER -> {
                    var kept = changed(row.getResponseHeadersMap(), name, action);
                    row.clearResponseHeaders().putAllResponseHeaders(kept);
                }
                case TAG -> {
                    var kept = changed(row.getTagsMap(), name, action);
                    row.clearTags().putAllTags(kept);
                }
                default -> {
                    var field = field(rule.attribute());
                    if (field != null) {
                        row.setField(field, action.apply((String) row.getField(field)));
                    }
                }
            }
        }
        // A line that could not be read holds everything, so it goes where anything is to be kept private.
        if (!rules.isEmpty() && !row.getRawText().isEmpty()) {
            row.setRawText(changed(row.getRawText(), Action.DROP));
        }
    }

    private static Map<String, String> changed(Map<String, String> values, String name, UnaryOperator<String> action) {
        var kept = new TreeMap<String, String>();
        values.forEach((key, value) -> {
            var changed = key.toLowerCase(Locale.ROOT).equals(name) ? action.apply(value) : value;
            if (!changed.isEmpty() || value.isEmpty()) {
                kept.put(key, changed);
            }
        });
        return kept;
    }

    private String changed(String value, Action action) {
        if (value.isEmpty()) {
            return "";
        }
        return switch (action) {
            case DROP -> "";
            case HASH ->
                Hashing.hmacSha256(key.getBytes(StandardCharsets.UTF_8))
                        .hashString(value, StandardCharsets.UTF_8)
                        .toString()
                        .substring(0, HASH_LETTERS);
            case MASK -> masked(value);
        };
    }

    // "10.1.2.3:4000" becomes "10.1.2.0", "[2001:db8:1:2::3]:4000" becomes "2001:db8:1::".
    private static String masked(String value) {
        if (value.matches("\\d{1,3}(\\.\\d{1,3}){3}(:\\d+)?")) {
            return value.substring(0, value.lastIndexOf('.')) + ".0";
        }
        if (value.startsWith("[") || value.chars().filter(c -> c == ':').count() > 1) {
            var address = value.startsWith("[") ? value.substring(1, Math.max(1, value.indexOf(']'))) : value;
            var parts = List.of(address.split(":", -1));
            return String.join(":", parts.subList(0, Math.min(3, parts.size()))) + "::";
        }
        var end = value.offsetByCodePoints(0, Math.min(2, value.codePointCount(0, value.length())));
        return value.substring(0, end) + "***";
    }

    private static String map(String attribute) {
        for (var prefix : new String[] {REQUEST_HEADER, RESPONSE_HEADER, TAG}) {
            if (attribute.startsWith(prefix) && attribute.length() > prefix.length()) {
                return prefix;
            }
        }
        return "";
    }

    private static @org.jspecify.annotations.Nullable FieldDescriptor field(String attribute) {
        return Texts.FIELDS.stream()
                .filter(field ->
                        field.getOptions().getExtension(Entry.attribute).equals(attribute))
                .findFirst()
                .orElse(null);
    }
}
