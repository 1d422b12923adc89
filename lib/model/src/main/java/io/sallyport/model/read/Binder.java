package io.sallyport.model.read;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import com.google.common.collect.ImmutableSortedSet;
import io.sallyport.model.Path;
import io.sallyport.model.Value;
import io.sallyport.model.schema.FieldSpec;
import io.sallyport.model.schema.FieldType;
import io.sallyport.model.schema.RecordSchema;
import io.sallyport.model.schema.Schema;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Makes records of a tree, by the schema alone. Whatever does not fit is reported and left out, and reading goes on,
/// so that all findings come at once; a result with errors is never used.
final class Binder {

    private static final int LONGEST_LIST = 24;

    private final Report report;
    private final boolean snakeCase;
    private final ScalarBinder scalars;
    private final Deque<RecordSchema> parents = new ArrayDeque<>();

    Binder(Report report, boolean snakeCase) {
        this.report = report;
        this.snakeCase = snakeCase;
        this.scalars = new ScalarBinder(report);
    }

    /// The record of a mapping; nothing if it is no mapping.
    @Nullable Record message(RecordSchema schema, Node node, Path path) {
        if (!(node instanceof Node.Fields fields)) {
            wrongType(new FieldType.Message(schema), node, path);
            return null;
        }
        parents.push(schema);
        var members = new @Nullable Object[schema.fields().size()];
        var given = new Node.@Nullable Entry[members.length];
        var others = new TreeMap<String, Value>();
        for (var entry : fields.entries()) {
            var field = find(schema, entry.key().text());
            if (field.isPresent()) {
                take(field.get(), entry, path, members, given);
            } else if (!takeOther(schema, entry, path, others)) {
                unknown(schema, entry, path);
            }
        }
        checkRequired(schema, fields, path, given);
        checkGroups(schema, path, given);
        for (var field : schema.fields()) {
            if (field.isCatchAll()) {
                members[field.position()] = ImmutableSortedMap.copyOf(others);
            } else if (members[field.position()] == null && !field.nullable()) {
                members[field.position()] = absent(field.type());
            }
        }
        parents.pop();
        return schema.make(members);
    }

    private Optional<FieldSpec> find(RecordSchema schema, String name) {
        var field = schema.field(name);
        return field.isPresent() || !snakeCase || name.indexOf('_') < 0 ? field : schema.field(Schema.camelCase(name));
    }

    private void take(
            FieldSpec field, Node.Entry entry, Path path, @Nullable Object[] members, Node.@Nullable Entry[] given) {
        var position = field.position();
        var first = given[position];
        var here = path.field(field.name());
        if (first != null) {
            report.add(
                    ReadRule.DUPLICATE_KEY,
                    here,
                    entry.key().line(),
                    entry.key().column(),
                    "field %s is given twice, first as %s on line %d (expected: once)"
                            .formatted(
                                    Words.quote(entry.key().text()),
                                    Words.quote(first.key().text()),
                                    first.key().line()),
                    List.of(report.at(here, first.key())));
            return;
        }
        if (Scalars.isNull(entry.value())) {
            return;
        }
        given[position] = entry;
        members[position] = value(field.type(), entry.value(), here);
        if (field.notEmpty()) {
            checkNotEmpty(entry.value(), here);
        }
    }

    private void checkNotEmpty(Node node, Path path) {
        if (node instanceof Node.Items items) {
            for (var i = 0; i < items.items().size(); i++) {
                checkNotEmpty(items.items().get(i), path.index(i));
            }
        } else if (node instanceof Node.Fields fields && fields.entries().isEmpty()) {
            report.add(ReadRule.EMPTY, path, fields, "empty (expected: at least one entry)");
        } else if (node instanceof Node.Scalar scalar
                && !scalar.plain()
                && scalar.text().isEmpty()) {
            report.add(ReadRule.EMPTY, path, scalar, "empty (expected: at least one character)");
        }
    }

    private boolean takeOther(RecordSchema schema, Node.Entry entry, Path path, Map<String, Value> others) {
        var name =
                snakeCase ? Schema.camelCase(entry.key().text()) : entry.key().text();
        if (schema.catchAll(name).isEmpty()) {
            return false;
        }
        var here = path.field(name);
        others.put(name, free(entry.value(), here));
        report.add(
                ReadRule.NO_EFFECT_SETTING,
                here,
                entry.key(),
                "field %s is known and has no effect here".formatted(Words.quote(name)));
        return true;
    }

    private void unknown(RecordSchema schema, Node.Entry entry, Path path) {
        var name = entry.key().text();
        report.add(
                ReadRule.UNKNOWN_FIELD,
                path.field(name),
                entry.key(),
                "unknown field %s%s".formatted(Words.quote(name), suggestion(schema, name)));
    }

    private String suggestion(RecordSchema schema, String name) {
        var near = Words.nearest(name, schema.names());
        if (near.isPresent()) {
            return " (did you mean \"%s\"?)".formatted(near.get());
        }
        var deeper = schema.pathTo(snakeCase ? Schema.camelCase(name) : name);
        if (deeper.isPresent()) {
            return " (did you mean \"%s\"?)".formatted(deeper.get());
        }
        for (var parent : parents) {
            if (parent != schema && find(parent, name).isPresent()) {
                return " (it belongs further up, to %s)".formatted(parent.type().getSimpleName());
            }
        }
        return " (expected: %s)"
                .formatted(schema.names().stream().limit(LONGEST_LIST).collect(Collectors.joining(", ")));
    }

    private void checkRequired(RecordSchema schema, Node.Fields fields, Path path, Node.@Nullable Entry[] given) {
        for (var field : schema.fields()) {
            if (field.required() && given[field.position()] == null) {
                report.add(
                        ReadRule.MISSING_FIELD,
                        path.field(field.name()),
                        fields,
                        "field \"%s\" is missing (expected: %s)"
                                .formatted(field.name(), field.type().text()));
            }
        }
    }

    private void checkGroups(RecordSchema schema, Path path, Node.@Nullable Entry[] given) {
        for (var group : schema.groups()) {
            Node.Entry first = null;
            for (var name : group.members()) {
                var entry =
                        schema.field(name).map(field -> given[field.position()]).orElse(null);
                if (entry != null && first != null) {
                    report.add(
                            ReadRule.ONE_OF_CLASH,
                            path.field(name),
                            entry.key().line(),
                            entry.key().column(),
                            "fields \"%s\" and \"%s\" exclude one another (expected: one of %s)"
                                    .formatted(
                                            first.key().text(), entry.key().text(), String.join(", ", group.members())),
                            List.of(report.at(path.field(first.key().text()), first.key())));
                }
                first = first == null ? entry : first;
            }
        }
    }

    /// The value of a field; nothing if it does not fit.
    @Nullable Object value(FieldType type, Node node, Path path) {
        return switch (type) {
            case FieldType.Message message -> message(message.schema(), node, path);
            case FieldType.ListOf list -> list(list, node, path);
            case FieldType.MapOf map -> map(map, node, path);
            case FieldType.Free _ -> free(node, path);
            case FieldType.FreeStruct _ -> struct(type, node, path);
            case FieldType.Keys _ -> throw new IllegalStateException(path + " (expected: a field that is derived)");
            case FieldType.Text _,
                    FieldType.Bool _,
                    FieldType.Whole _,
                    FieldType.Real _,
                    FieldType.Span _,
                    FieldType.Base64 _,
                    FieldType.Choice _,
                    FieldType.NumberOrName _ ->
                node instanceof Node.Scalar scalar ? scalars.value(type, scalar, path) : wrongType(type, node, path);
        };
    }

    private @Nullable Object list(FieldType.ListOf type, Node node, Path path) {
        if (!(node instanceof Node.Items items)) {
            return wrongType(type, node, path);
        }
        var values = ImmutableList.builder();
        for (var i = 0; i < items.items().size(); i++) {
            var item = items.items().get(i);
            var here = path.index(i);
            if (Scalars.isNull(item) && !(type.element() instanceof FieldType.Free)) {
                wrongType(type.element(), item, here);
                continue;
            }
            var value = value(type.element(), item, here);
            if (value != null) {
                values.add(value);
            }
        }
        return values.build();
    }

    private @Nullable Object map(FieldType.MapOf type, Node node, Path path) {
        if (!(node instanceof Node.Fields fields)) {
            return wrongType(type, node, path);
        }
        var values = new TreeMap<String, Object>();
        for (var entry : fields.entries()) {
            var here = path.field(entry.key().text());
            if (Scalars.isNull(entry.value()) && !(type.value() instanceof FieldType.Free)) {
                wrongType(type.value(), entry.value(), here);
                continue;
            }
            var value = value(type.value(), entry.value(), here);
            if (value != null) {
                values.put(entry.key().text(), value);
            }
        }
        return ImmutableSortedMap.copyOf(values);
    }

    private Value free(Node node, Path path) {
        return switch (node) {
            case Node.Scalar scalar -> scalars.free(scalar, path);
            case Node.Items items -> {
                var values = ImmutableList.<Value>builder();
                for (var i = 0; i < items.items().size(); i++) {
                    values.add(free(items.items().get(i), path.index(i)));
                }
                yield new Value.Sequence(values.build());
            }
            case Node.Fields fields -> struct(fields, path);
        };
    }

    private Value.Struct struct(Node.Fields fields, Path path) {
        var values = new TreeMap<String, Value>();
        for (var entry : fields.entries()) {
            var name = entry.key().text();
            values.put(name, free(entry.value(), path.field(name)));
        }
        return new Value.Struct(ImmutableSortedMap.copyOf(values));
    }

    private @Nullable Object struct(FieldType type, Node node, Path path) {
        return node instanceof Node.Fields fields ? struct(fields, path) : wrongType(type, node, path);
    }

    private @Nullable Object wrongType(FieldType type, Node node, Path path) {
        var found = switch (node) {
            case Node.Scalar scalar when Scalars.isNull(scalar) -> "nothing";
            case Node.Scalar scalar -> Words.quote(scalar.text());
            case Node.Items _ -> "a list";
            case Node.Fields _ -> "a mapping";
        };
        report.add(ReadRule.WRONG_TYPE, path, node, "%s (expected: %s)".formatted(found, type.text()));
        return null;
    }

    /// What an absent field means where absence is the same as zero.
    private static Object absent(FieldType type) {
        return switch (type) {
            case FieldType.Text _ -> "";
            case FieldType.Bool _ -> false;
            case FieldType.Whole whole -> whole.wide() ? (Object) 0L : (Object) 0;
            case FieldType.Real _ -> 0.0;
            case FieldType.Choice choice -> choice.type().getEnumConstants()[0];
            case FieldType.ListOf _ -> ImmutableList.of();
            case FieldType.MapOf _ -> ImmutableSortedMap.of();
            case FieldType.Keys _ -> ImmutableSortedSet.of();
            case FieldType.Message _,
                    FieldType.Span _,
                    FieldType.Base64 _,
                    FieldType.NumberOrName _,
                    FieldType.Free _,
                    FieldType.FreeStruct _ ->
                throw new IllegalStateException(type + " has no zero (expected: @Nullable on the record component)");
        };
    }
}
