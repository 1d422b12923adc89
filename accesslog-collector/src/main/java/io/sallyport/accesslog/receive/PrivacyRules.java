package io.sallyport.accesslog.receive;

import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hashing;
import com.google.common.net.HostAndPort;
import com.google.common.net.InetAddresses;
import com.google.protobuf.Descriptors.FieldDescriptor;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import io.sallyport.proto.accesslog.v1.Entry;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
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
    private static final String CLIENT = "source.address";
    private static final ImmutableList<String> CLIENT_TOO =
            ImmutableList.of("source.direct_address", "request.forwarded_for");

    /// What is done to a value.
    public enum Action {
        DROP,
        /// The same value has the same hash, so it can still be counted and asked for by who knows it. An address
        /// is hashed without its port.
        HASH,
        /// An address loses its last part (`10.1.2.0`, `2001:db8:1::`) and its port, and so does each of a list;
        /// any other text all but its first two letters.
        MASK
    }

    /// One attribute: `source.address`, `request.headers.x-user`, `tags.tenant`. A rule for `source.address`
    /// holds for `source.direct_address` and `request.forwarded_for` too, unless they have rules of their own:
    /// the same address stands there once more.
    public record Rule(String attribute, Action action) {}

    /// Refuses attributes that rows do not have, and hashes without a key.
    public PrivacyRules {
        rules = withOtherNames(rules);
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

    private static ImmutableList<Rule> withOtherNames(ImmutableList<Rule> rules) {
        var all = ImmutableList.<Rule>builder().addAll(rules);
        rules.stream()
                .filter(rule -> rule.attribute().equals(CLIENT))
                .forEach(rule -> CLIENT_TOO.stream()
                        .filter(name -> rules.stream()
                                .noneMatch(other -> other.attribute().equals(name)))
                        .forEach(name -> all.add(new Rule(name, rule.action()))));
        return all.build();
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
                        // Each connection has a port of its own, and what is counted are clients.
                        .hashString(
                                address(value).map(InetAddresses::toAddrString).orElse(value), StandardCharsets.UTF_8)
                        .toString()
                        .substring(0, HASH_LETTERS);
            case MASK -> masked(value);
        };
    }

    // "10.1.2.3:4000" becomes "10.1.2.0", "[2001:db8:1:2::3]:4000" becomes "2001:db8:1::", and so does each of a list.
    private static String masked(String value) {
        var networks = new ArrayList<String>();
        for (var part : value.split(",", -1)) {
            var address = address(part.strip());
            if (address.isEmpty()) {
                var end = value.offsetByCodePoints(0, Math.min(2, value.codePointCount(0, value.length())));
                return value.substring(0, end) + "***";
            }
            networks.add(network(address.get()));
        }
        return String.join(",", networks);
    }

    // Of an address with or without a port. Nothing is looked up.
    private static Optional<InetAddress> address(String text) {
        try {
            return Optional.of(
                    InetAddresses.forString(HostAndPort.fromString(text).getHost()));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static String network(InetAddress address) {
        var bytes = address.getAddress();
        Arrays.fill(bytes, bytes.length == 4 ? 3 : 6, bytes.length, (byte) 0);
        try {
            return InetAddresses.toAddrString(InetAddress.getByAddress(bytes));
        } catch (UnknownHostException e) {
            throw new IllegalStateException(bytes.length + " bytes (expected: 4 or 16)", e);
        }
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
