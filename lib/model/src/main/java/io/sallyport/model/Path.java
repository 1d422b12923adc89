package io.sallyport.model;

import org.jspecify.annotations.Nullable;

/// Where in an object something is: `spec.servers[1].port.number`. Persistent: extending one shares the front.
public final class Path {

    /// The whole object.
    public static final Path ROOT = new Path(null, "", -1);

    private final @Nullable Path parent;
    private final String field;
    private final int index;

    private Path(@Nullable Path parent, String field, int index) {
        this.parent = parent;
        this.field = field;
        this.index = index;
    }

    /// `Path.of("spec", "hosts")` is `spec.hosts`.
    public static Path of(String... fields) {
        var path = ROOT;
        for (var field : fields) {
            path = path.field(field);
        }
        return path;
    }

    /// The path of a member of an object, or of a key of a map: a key that is no plain word prints as `labels["a.b"]`.
    public Path field(String name) {
        return new Path(this, name, -1);
    }

    /// The path of an element of a list, from 0.
    public Path index(int position) {
        return new Path(this, "", position);
    }

    /// The path without its last step; empty for the whole object.
    public @Nullable Path parent() {
        return parent;
    }

    public boolean isRoot() {
        return parent == null;
    }

    public boolean isIndex() {
        return index >= 0;
    }

    /// The last step's name; empty for an index.
    public String name() {
        return field;
    }

    /// The last step's index; -1 for a name.
    public int index() {
        return index;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Path path && toString().equals(path.toString());
    }

    @Override
    public int hashCode() {
        return toString().hashCode();
    }

    @Override
    public String toString() {
        var text = new StringBuilder();
        append(text);
        return text.toString();
    }

    private void append(StringBuilder text) {
        if (parent == null) {
            return;
        }
        parent.append(text);
        if (isIndex()) {
            text.append('[').append(index).append(']');
        } else if (isPlain(field)) {
            text.append(text.isEmpty() ? "" : ".").append(field);
        } else {
            text.append("[\"").append(field).append("\"]");
        }
    }

    private static boolean isPlain(String name) {
        return !name.isEmpty() && name.chars().allMatch(c -> Character.isLetterOrDigit(c) || c == '_' || c == '-');
    }
}
