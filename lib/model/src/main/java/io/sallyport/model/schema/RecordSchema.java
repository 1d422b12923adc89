package io.sallyport.model.schema;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The fields of one record and what holds between them, and the way to make and to open one.
public final class RecordSchema {

    private static final int DEEPEST_SUGGESTION = 3;

    private final Class<? extends Record> type;
    private final ImmutableList<FieldSpec> fields;
    private final ImmutableMap<String, FieldSpec> byName;
    private final ImmutableList<Group> groups;
    private final ImmutableSet<String> known;
    private final @Nullable FieldSpec catchAll;
    private final Constructor<? extends Record> constructor;
    private final ImmutableList<Method> accessors;

    RecordSchema(
            Class<? extends Record> type,
            List<FieldSpec> fields,
            List<Group> groups,
            Constructor<? extends Record> constructor,
            List<Method> accessors) {
        this.type = type;
        this.fields = ImmutableList.copyOf(fields);
        this.groups = ImmutableList.copyOf(groups);
        this.constructor = constructor;
        this.accessors = ImmutableList.copyOf(accessors);
        var names = ImmutableMap.<String, FieldSpec>builder();
        var others = ImmutableSet.<String>builder();
        FieldSpec rest = null;
        for (var field : fields) {
            if (field.isWritten()) {
                names.put(field.name(), field);
            }
            if (field.known() != null) {
                others.addAll(field.known());
                rest = field;
            }
        }
        byName = names.buildOrThrow();
        known = others.build();
        catchAll = rest;
    }

    /// Members of which at most one may be given.
    public record Group(ImmutableList<String> members) {}

    public Class<? extends Record> type() {
        return type;
    }

    /// All members, in the order of the record.
    public List<FieldSpec> fields() {
        return fields;
    }

    public List<Group> groups() {
        return groups;
    }

    /// The field of a name as it is spelled in camelCase.
    public Optional<FieldSpec> field(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /// The member that keeps known fields without an effect, if `name` is one of them.
    public Optional<FieldSpec> catchAll(String name) {
        return known.contains(name) ? Optional.ofNullable(catchAll) : Optional.empty();
    }

    /// Every name that may be written.
    public ImmutableSet<String> names() {
        return ImmutableSet.<String>builder()
                .addAll(byName.keySet())
                .addAll(known)
                .build();
    }

    /// Where a field of this name is, if it is further down: `servers.tls.mode` for `mode` of a Gateway. The nearest.
    public Optional<String> pathTo(String name) {
        return pathTo(name, 0);
    }

    private Optional<String> pathTo(String name, int depth) {
        if (byName.containsKey(name)) {
            return Optional.of(name);
        }
        if (depth == DEEPEST_SUGGESTION) {
            return Optional.empty();
        }
        String best = null;
        for (var field : fields) {
            var child = field.isWritten() ? messageOf(field.type()) : null;
            var found = child == null ? null : child.pathTo(name, depth + 1).orElse(null);
            if (found != null && (best == null || steps(found) + 1 < steps(best))) {
                best = field.name() + "." + found;
            }
        }
        return Optional.ofNullable(best);
    }

    private static long steps(String path) {
        return path.chars().filter(c -> c == '.').count();
    }

    private static @Nullable RecordSchema messageOf(FieldType type) {
        return switch (type) {
            case FieldType.Message message -> message.schema();
            case FieldType.ListOf list -> messageOf(list.element());
            default -> null;
        };
    }

    /// Makes a record of its members, in their order.
    public Record make(@Nullable Object[] members) {
        try {
            return constructor.newInstance(members);
        } catch (InvocationTargetException e) {
            throw new IllegalStateException(type + ": " + e.getCause(), e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(type + ": " + e, e);
        }
    }

    /// The value of a member.
    public @Nullable Object get(Record owner, FieldSpec field) {
        try {
            return accessors.get(field.position()).invoke(owner);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(type + "." + field.name() + ": " + e, e);
        }
    }
}
