package io.sallyport.accesslog.query;

import io.sallyport.accesslog.storage.Column;

/// What a [Condition] compares.
public sealed interface Operand {

    /// An attribute: `request.host`.
    record Attribute(Column column) implements Operand {}

    /// The value of one key: `request.headers["x-team"]`. Where there is none, no comparison with it is true.
    record Entry(Column map, Literal key) implements Operand {}

    /// In lower case, ASCII or not: `request.host.lowerAscii()`.
    record Lower(Operand text) implements Operand {}

    /// In characters: `size(request.path)`.
    record Length(Operand text) implements Operand {}

    /// A `String`, `Long` or `Double`; times and durations are microseconds.
    record Literal(Object value) implements Operand {

        public Literal {
            if (!(value instanceof String || value instanceof Long || value instanceof Double)) {
                throw new IllegalArgumentException(value.getClass() + " (expected: a text, a long or a double)");
            }
        }
    }
}
