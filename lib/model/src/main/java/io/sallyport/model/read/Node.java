package io.sallyport.model.read;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// The tree of one document, before anything is known about fields. Lines and columns count from 1; `start` and `end`
/// are positions in the text of the document, in code points. Aliases are resolved: a node may have several parents.
sealed interface Node {

    int line();

    int column();

    /// How many nodes this one stands for, aliases expanded.
    long weight();

    /// A scalar, and whether it was written without quotes, so that YAML may make a number or a boolean of it.
    record Scalar(String text, boolean plain, int line, int column, int end) implements Node {
        @Override
        public long weight() {
            return 1;
        }
    }

    /// A list.
    record Items(List<Node> items, int line, int column, int start, int end, long weight, boolean aliased)
            implements Node {}

    /// A mapping, in the order of the text.
    record Fields(List<Entry> entries, int line, int column, int start, int end, long weight, boolean aliased)
            implements Node {

        @Nullable Node get(String name) {
            for (var entry : entries) {
                if (entry.key().text().equals(name)) {
                    return entry.value();
                }
            }
            return null;
        }

        @Nullable Entry entry(String name) {
            for (var entry : entries) {
                if (entry.key().text().equals(name)) {
                    return entry;
                }
            }
            return null;
        }
    }

    /// One key and its value.
    record Entry(Scalar key, Node value) {}
}
