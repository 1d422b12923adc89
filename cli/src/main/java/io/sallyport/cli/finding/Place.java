package io.sallyport.cli.finding;

import io.sallyport.model.Location;
import org.jspecify.annotations.Nullable;

/// Where a finding points, in words. What is not known is absent; lines and columns count from 1.
public record Place(
        @Nullable String kind,
        @Nullable String namespace,
        @Nullable String name,
        @Nullable String path,
        @Nullable String file,
        @Nullable Integer line,
        @Nullable Integer column) {

    public static Place of(Location location) {
        var object = location.object();
        return of(
                object == null ? "" : object.kind().word(),
                object == null ? "" : object.namespace(),
                object == null ? "" : object.name(),
                location.path().toString(),
                location.file(),
                location.line(),
                location.column());
    }

    /// From values in which empty and 0 stand for unknown.
    public static Place of(String kind, String namespace, String name, String path, String file, int line, int column) {
        return new Place(
                known(kind),
                known(namespace),
                known(name),
                known(path),
                known(file),
                line > 0 ? line : null,
                column > 0 ? column : null);
    }

    private static @Nullable String known(String text) {
        return text.isEmpty() ? null : text;
    }

    /// `Gateway shop/edge`; empty where a file could not be read as far as that.
    public String object() {
        if (kind == null) {
            return "";
        }
        return namespace == null ? kind + " " + name : kind + " " + namespace + "/" + name;
    }

    /// `gateway.yaml:9:5`, as far as it is known.
    public String position() {
        if (file == null) {
            return line == null ? "" : "line " + line;
        }
        if (line == null) {
            return file;
        }
        return column == null ? file + ":" + line : file + ":" + line + ":" + column;
    }
}
