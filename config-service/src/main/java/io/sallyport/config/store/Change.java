package io.sallyport.config.store;

import io.sallyport.model.ObjectRef;
import java.util.Locale;

/// What a revision did to one object: `CREATED VirtualService shop/cart`.
public record Change(Verb verb, ObjectRef ref) {

    /// `MOVED` keeps the text and changes only where it stands: another file, or another line of it.
    public enum Verb {
        CREATED,
        CHANGED,
        MOVED,
        DELETED,
        UNCHANGED;

        String text() {
            return name().toLowerCase(Locale.ROOT);
        }

        static Verb of(String text) {
            for (var verb : values()) {
                if (verb.text().equals(text)) {
                    return verb;
                }
            }
            throw new IllegalArgumentException("verb \"" + text + "\" (expected: one of the log's verbs)");
        }
    }

    @Override
    public String toString() {
        return ref + " " + verb.text();
    }
}
