package io.sallyport.model.schema;

import io.sallyport.model.ConfigObject;
import io.sallyport.model.MeshConfig;
import io.sallyport.model.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Visits every field that an object gives a value to: for rules about fields as such, "deprecated" and "no effect
/// here", without one line for each field.
public final class SpecWalk {

    private SpecWalk() {}

    /// Sees one field. `path` is that of the object (`spec.http[0].timeout`), `owner` the record it belongs to. A field
    /// that is read by its name alone comes with the member that collects such fields.
    @FunctionalInterface
    public interface Visitor {
        void visit(Path path, RecordSchema owner, FieldSpec field, Object value);
    }

    /// Visits the given fields of an object, parents before children. A field counts as given when it is neither
    /// absent nor its zero.
    public static void walk(ConfigObject<?> object, Visitor visitor) {
        var kind = object.ref().kind();
        var root = Schema.isFlat(kind) ? Path.ROOT : Path.of("spec");
        walk(Schema.of(kind), (Record) object.spec(), root, visitor);
    }

    /// Visits the given fields of mesh settings that stand at `path`.
    public static void walk(MeshConfig mesh, Path path, Visitor visitor) {
        walk(Schema.mesh(), mesh, path, visitor);
    }

    private static void walk(RecordSchema schema, Record owner, Path path, Visitor visitor) {
        for (var field : schema.fields()) {
            var value = schema.get(owner, field);
            if (field.isCatchAll() && value instanceof Map<?, ?> others) {
                others.forEach((name, other) -> visitor.visit(path.field(name.toString()), schema, field, other));
            }
            if (!field.isWritten() || value == null || isZero(field, value)) {
                continue;
            }
            var here = path.field(field.name());
            visitor.visit(here, schema, field, value);
            descend(field.type(), value, here, visitor);
        }
    }

    private static void descend(FieldType type, Object value, Path path, Visitor visitor) {
        switch (type) {
            case FieldType.Message message -> walk(message.schema(), (Record) value, path, visitor);
            case FieldType.ListOf list -> {
                var items = (List<?>) value;
                for (var i = 0; i < items.size(); i++) {
                    descend(list.element(), items.get(i), path.index(i), visitor);
                }
            }
            case FieldType.MapOf map ->
                ((Map<?, ?>) value)
                        .forEach((key, item) -> descend(map.value(), item, path.field(key.toString()), visitor));
            default -> {}
        }
    }

    /// Whether a member has the value that it also has when it is absent from YAML.
    public static boolean isZero(FieldSpec field, @Nullable Object value) {
        if (field.nullable() || value == null) {
            return value == null;
        }
        return switch (value) {
            case String text -> text.isEmpty();
            case Boolean flag -> !flag;
            case Integer number -> number == 0;
            case Long number -> number == 0;
            case Double number -> number == 0;
            case Enum<?> constant -> constant == constant.getDeclaringClass().getEnumConstants()[0];
            case List<?> list -> list.isEmpty();
            case Map<?, ?> map -> map.isEmpty();
            default -> false;
        };
    }
}
