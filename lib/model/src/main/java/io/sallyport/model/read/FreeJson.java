package io.sallyport.model.read;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import io.sallyport.model.Value;
import java.util.Optional;
import java.util.TreeMap;

/// JSON that stands as text inside a field, such as `accessLogFormat` of the mesh settings. What it means is nobody's
/// concern here.
public final class FreeJson {

    private static final int LONGEST = 64 * 1024;

    private FreeJson() {}

    /// The object that a text holds; nothing where the text is no JSON object, or is longer than 64 KiB.
    public static Optional<Value.Struct> struct(String text) {
        if (text.length() > LONGEST) {
            return Optional.empty();
        }
        try {
            var tree = new JsonParser(text, 1).parse();
            return tree.problems().isEmpty() && tree.root() instanceof Node.Fields fields
                    ? Optional.of(struct(fields))
                    : Optional.empty();
        } catch (UnreadableException e) {
            return Optional.empty();
        }
    }

    private static Value.Struct struct(Node.Fields fields) {
        var values = new TreeMap<String, Value>();
        fields.entries().forEach(entry -> values.put(entry.key().text(), value(entry.value())));
        return new Value.Struct(ImmutableSortedMap.copyOf(values));
    }

    private static Value value(Node node) {
        return switch (node) {
            case Node.Fields fields -> struct(fields);
            case Node.Items items ->
                new Value.Sequence(
                        items.items().stream().map(FreeJson::value).collect(ImmutableList.toImmutableList()));
            case Node.Scalar scalar ->
                switch (Scalars.sort(scalar)) {
                    case STRING -> new Value.Text(scalar.text());
                    case NULL -> new Value.Nothing();
                    case BOOL -> new Value.Bool(Scalars.isTrue(scalar));
                    case INTEGER, FLOAT ->
                        Scalars.number(scalar.text())
                                .<Value>map(Value.Num::new)
                                .orElseGet(() -> new Value.Text(scalar.text()));
                };
        };
    }
}
