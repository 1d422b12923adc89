package io.sallyport.model.read;

import io.sallyport.model.ConfigMap;
import io.sallyport.model.Location;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Path;
import io.sallyport.model.SourceDocument;
import org.jspecify.annotations.Nullable;

/// Finds lines and columns for paths by reading the text again, only when a message needs them. The last document is
/// remembered, so many findings about one document cost one reading. An instance belongs to one thread.
///
/// A path that does not exist (a missing field, say) is placed at its nearest ancestor that does.
public final class Positions {

    private static final Path MESH = Path.of("data", ConfigMap.MESH_KEY);

    private @Nullable SourceDocument last;
    private @Nullable Node lastRoot;

    /// Where the value at a path begins: for what is wrong with a value.
    public Location locate(SourceDocument source, Path path, @Nullable ObjectRef object) {
        var root = root(source);
        if (root == null) {
            return unknown(source, path, object);
        }
        var node = find(source, root, path).node();
        return new Location(object, path, source.name(), node.line(), node.column());
    }

    /// Where the value at a path begins, without naming an object.
    public Location locate(SourceDocument source, Path path) {
        return locate(source, path, null);
    }

    /// Where the key of a path begins: for what is wrong with the presence of a field. Elements of lists have no key;
    /// they are placed at their value.
    public Location locateKey(SourceDocument source, Path path, @Nullable ObjectRef object) {
        var root = root(source);
        if (root == null) {
            return unknown(source, path, object);
        }
        var found = find(source, root, path);
        var place = found.key() != null && found.complete() ? found.key() : found.node();
        return new Location(object, path, source.name(), place.line(), place.column());
    }

    // Below the mesh settings of a ConfigMap the path goes on inside a text of its own.
    private static TreePath.Found find(SourceDocument source, Node root, Path path) {
        var found = TreePath.walk(root, path);
        var inside = found.complete() ? null : after(MESH, path);
        if (inside == null || !(found.node() instanceof Node.Scalar text)) {
            return found;
        }
        try {
            var embedded = new EmbeddedText(source, text);
            var settings = new YamlComposer(embedded.text(), embedded.firstLine())
                    .compose()
                    .root();
            return settings == null ? found : TreePath.walk(settings, inside);
        } catch (UnreadableException e) {
            return found;
        }
    }

    // What is left of a path behind its beginning; null if it begins otherwise.
    private static @Nullable Path after(Path beginning, Path path) {
        if (path.equals(beginning)) {
            return Path.ROOT;
        }
        var parent = path.parent();
        var above = parent == null ? null : after(beginning, parent);
        if (above == null) {
            return null;
        }
        return path.isIndex() ? above.index(path.index()) : above.field(path.name());
    }

    private static Location unknown(SourceDocument source, Path path, @Nullable ObjectRef object) {
        return new Location(object, path, source.name(), source.firstLine(), 1);
    }

    private @Nullable Node root(SourceDocument source) {
        var cached = last;
        if (cached != null && cached.digest().equals(source.digest()) && cached.firstLine() == source.firstLine()) {
            return lastRoot;
        }
        last = source;
        lastRoot = parse(source);
        return lastRoot;
    }

    private static @Nullable Node parse(SourceDocument source) {
        try {
            return TextTree.parse(source.name(), source.text(), source.firstLine())
                    .root();
        } catch (UnreadableException e) {
            return null;
        }
    }
}
