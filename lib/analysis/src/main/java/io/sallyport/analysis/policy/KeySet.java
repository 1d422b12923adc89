package io.sallyport.analysis.policy;

import com.google.common.collect.ImmutableListMultimap;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.util.Optional;

/// A JSON Web Key Set (RFC 7517) inside a token rule, or one key alone: what Istio parses at admission. A set without
/// keys is fine, a key without its numbers is not.
final class KeySet {

    private static final int LONGEST = 1 << 20;
    private static final ImmutableListMultimap<String, String> PARTS = ImmutableListMultimap.<String, String>builder()
            .putAll("RSA", "n", "e")
            .putAll("EC", "crv", "x", "y")
            .putAll("OKP", "crv", "x")
            .putAll("oct", "k")
            .build();

    private KeySet() {}

    static Optional<String> problem(String text) {
        if (text.length() > LONGEST) {
            return Optional.of("jwks of %,d characters (expected: at most 1 MiB)".formatted(text.length()));
        }
        try (var reader = new JsonReader(new StringReader(text))) {
            reader.setStrictness(Strictness.STRICT);
            var root = JsonParser.parseReader(reader);
            if (!root.isJsonObject() || reader.peek() != JsonToken.END_DOCUMENT) {
                return notJson();
            }
            return set(root.getAsJsonObject());
        } catch (JsonParseException | IOException e) {
            return notJson();
        }
    }

    private static Optional<String> notJson() {
        return Optional.of("jwks is no JSON object (expected: a JSON Web Key Set)");
    }

    private static Optional<String> set(JsonObject root) {
        var keys = root.get("keys");
        if (keys == null) {
            return key(root, "jwks");
        }
        if (!keys.isJsonArray()) {
            return Optional.of("jwks: keys is no list (expected: a JSON Web Key Set)");
        }
        var list = keys.getAsJsonArray();
        for (int i = 0; i < list.size(); i++) {
            var problem = key(list.get(i), "jwks: keys[%d]".formatted(i));
            if (problem.isPresent()) {
                return problem;
            }
        }
        return Optional.empty();
    }

    private static Optional<String> key(JsonElement element, String place) {
        if (!element.isJsonObject()) {
            return Optional.of(place + " is no object (expected: a key)");
        }
        var key = element.getAsJsonObject();
        var type = text(key, "kty");
        if (!PARTS.containsKey(type)) {
            return Optional.of("%s has kty \"%s\" (expected: RSA, EC, OKP or oct)".formatted(place, type));
        }
        return PARTS.get(type).stream()
                .filter(part -> text(key, part).isEmpty())
                .findFirst()
                .map(part -> "%s is an %s key without \"%s\" (expected: it)".formatted(place, type, part));
    }

    private static String text(JsonObject key, String name) {
        var member = key.get(name);
        return member != null
                        && member.isJsonPrimitive()
                        && member.getAsJsonPrimitive().isString()
                ? member.getAsString()
                : "";
    }
}
