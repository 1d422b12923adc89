package io.sallyport.model.schema;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// One field: its name in YAML, what it takes, and what is known about it. `instead` is what a deprecated field's users
/// should write; `notEmpty` refuses empty strings; `known` are the names that a catch-all member takes.
public record FieldSpec(
        String name,
        FieldType type,
        int position,
        boolean nullable,
        boolean required,
        boolean notEmpty,
        boolean deprecated,
        String instead,
        boolean derived,
        @Nullable List<String> known) {

    public FieldSpec {
        known = known == null ? null : List.copyOf(known);
    }

    /// Whether the member collects fields by name instead of being one.
    public boolean isCatchAll() {
        return known != null;
    }

    /// Whether YAML has a field of this name.
    public boolean isWritten() {
        return !derived && known == null;
    }

    public boolean isRepeated() {
        return type instanceof FieldType.ListOf;
    }
}
