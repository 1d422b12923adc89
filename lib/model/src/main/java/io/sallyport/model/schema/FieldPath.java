package io.sallyport.model.schema;

import io.sallyport.model.Kind;
import java.util.ArrayList;
import java.util.List;

/// One field of a kind by its full path, for generated pages: `spec.http[].match[].headers{}.exact`. Lists are written
/// `[]` and mappings with free keys `{}`.
public record FieldPath(Kind kind, String path, FieldSpec field, Class<? extends Record> owner) {

    /// Every field of a kind, in the order of the records; `MeshConfig` is described once, under its own owner.
    public static List<FieldPath> of(Kind kind) {
        var found = new ArrayList<FieldPath>();
        collect(kind, Schema.isFlat(kind) ? "" : "spec", Schema.of(kind), found);
        return found;
    }

    private static void collect(Kind kind, String prefix, RecordSchema schema, List<FieldPath> found) {
        for (var field : schema.fields()) {
            var above = prefix.isEmpty() ? "" : prefix + ".";
            var known = field.known();
            if (known != null) {
                known.forEach(name -> found.add(new FieldPath(kind, above + name, field, schema.type())));
            }
            if (!field.isWritten()) {
                continue;
            }
            var path = above + field.name();
            found.add(new FieldPath(kind, path, field, schema.type()));
            descend(kind, path, field.type(), found);
        }
    }

    private static void descend(Kind kind, String path, FieldType type, List<FieldPath> found) {
        switch (type) {
            case FieldType.Message message -> collect(kind, path, message.schema(), found);
            case FieldType.ListOf list -> descend(kind, path + "[]", list.element(), found);
            case FieldType.MapOf map -> descend(kind, path + "{}", map.value(), found);
            default -> {}
        }
    }
}
