package io.sallyport.model.read;

import io.sallyport.model.Kind;
import io.sallyport.model.SourceDocument;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Opens a `v1` List: each item becomes a document of its own whose text is cut out of the list's, padded so that its
/// columns are those of the file.
final class ListItems {

    private ListItems() {}

    /// One item: its tree, and the text from which it can be read again.
    record Item(Node root, String text, int line) {}

    /// The items of a List; nothing if the document is no List.
    static @Nullable List<Item> of(SourceDocument source, Node root) {
        if (!(root instanceof Node.Fields document)
                || !(document.get("kind") instanceof Node.Scalar kind)
                || !(document.get("items") instanceof Node.Items items)
                || !kind.text().endsWith("List")) {
            return null;
        }
        var found = new ArrayList<Item>();
        var cursor = new Cursor(source.text());
        for (var item : items.items()) {
            found.add(new Item(item, text(cursor, item), item.line()));
        }
        return found;
    }

    /// Whether a document is a Secret, whose text is not kept.
    static boolean isSecret(Node root) {
        return root instanceof Node.Fields document
                && document.get("kind") instanceof Node.Scalar kind
                && kind.text().equals(Kind.SECRET.text());
    }

    private static String text(Cursor cursor, Node item) {
        return switch (item) {
            case Node.Scalar scalar -> scalar.text();
            case Node.Items items -> cursor.cut(items.start(), items.end(), items.column());
            case Node.Fields fields -> cursor.cut(fields.start(), fields.end(), fields.column());
        };
    }

    /// Turns counts of code points into characters, going forward only.
    private static final class Cursor {

        private final String text;
        private int at;
        private int points;

        Cursor(String text) {
            this.text = text;
        }

        String cut(int start, int end, int column) {
            var from = to(start);
            var until = to(end);
            return " ".repeat(column - 1) + text.substring(from, until).stripTrailing() + "\n";
        }

        private int to(int point) {
            if (point < points) {
                at = 0;
                points = 0;
            }
            while (points < point && at < text.length()) {
                at += Character.charCount(text.codePointAt(at));
                points++;
            }
            return at;
        }
    }
}
