package io.sallyport.model.read;

import io.sallyport.model.Path;
import io.sallyport.model.schema.Schema;
import org.jspecify.annotations.Nullable;

/// Finds the place of a path in a tree. A path that leads nowhere ends at its nearest ancestor that exists.
final class TreePath {

    private TreePath() {}

    /// The value at the path, or at the nearest ancestor.
    static Node nearest(Node root, Path path) {
        return walk(root, path).node;
    }

    /// Where the path was found: the key of its last step, if that is a field, and the value.
    static Found walk(Node root, Path path) {
        var parent = path.parent();
        if (parent == null) {
            return new Found(root, null, true);
        }
        var above = walk(root, parent);
        if (!above.complete) {
            return above;
        }
        if (path.isIndex()) {
            return above.node instanceof Node.Items items
                            && path.index() < items.items().size()
                    ? new Found(items.items().get(path.index()), null, true)
                    : new Found(above.node, above.key, false);
        }
        if (above.node instanceof Node.Fields fields) {
            var entry = fields.entry(path.name());
            if (entry == null) {
                entry = inOtherSpelling(fields, path.name());
            }
            if (entry != null) {
                return new Found(entry.value(), entry.key(), true);
            }
        }
        return new Found(above.node, above.key, false);
    }

    private static Node.@Nullable Entry inOtherSpelling(Node.Fields fields, String name) {
        for (var entry : fields.entries()) {
            var key = entry.key().text();
            if (key.indexOf('_') >= 0 && Schema.camelCase(key).equals(name)) {
                return entry;
            }
        }
        return null;
    }

    record Found(Node node, Node.@Nullable Scalar key, boolean complete) {}
}
