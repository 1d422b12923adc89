package io.sallyport.accesslog.http;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.Collection;

/// Writes JSON as it reads: `object("type", "integer", "minimum", 1)`.
final class Json {

    private Json() {}

    /// @param pairs a name and its value, and so on; a value is a text, number, boolean, list of them, or JSON
    static JsonObject object(Object... pairs) {
        var object = new JsonObject();
        for (var i = 0; i < pairs.length; i += 2) {
            object.add((String) pairs[i], value(pairs[i + 1]));
        }
        return object;
    }

    private static JsonElement value(Object value) {
        return switch (value) {
            case JsonElement json -> json;
            case String text -> new JsonPrimitive(text);
            case Number number -> new JsonPrimitive(number);
            case Boolean truth -> new JsonPrimitive(truth);
            case Collection<?> values -> array(values);
            default -> throw new IllegalArgumentException(value + " (expected: what JSON can say)");
        };
    }

    static JsonArray array(Collection<?> values) {
        var array = new JsonArray();
        values.forEach(each -> array.add(value(each)));
        return array;
    }

    /// One object with the members of both; the second counts.
    static JsonObject merged(JsonObject one, JsonObject other) {
        var both = one.deepCopy();
        other.entrySet().forEach(member -> both.add(member.getKey(), member.getValue()));
        return both;
    }
}
