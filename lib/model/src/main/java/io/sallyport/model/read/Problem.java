package io.sallyport.model.read;

import org.jspecify.annotations.Nullable;

/// Something wrong with the text itself; `otherLine` is a second place, or 0.
record Problem(
        ReadRule rule,
        int line,
        int column,
        String message,
        int otherLine,
        int otherColumn,
        @Nullable String key) {

    Problem(ReadRule rule, int line, int column, String message) {
        this(rule, line, column, message, 0, 0, null);
    }
}
