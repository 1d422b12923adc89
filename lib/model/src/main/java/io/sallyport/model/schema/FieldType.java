package io.sallyport.model.schema;

/// What a field takes. The words of [#text] are those of messages: "expected: a list of strings".
public sealed interface FieldType {

    /// As it is called in messages.
    String text();

    /// A string.
    record Text() implements FieldType {
        @Override
        public String text() {
            return "a string";
        }
    }

    /// `true` or `false`.
    record Bool() implements FieldType {
        @Override
        public String text() {
            return "true or false";
        }
    }

    /// An integer between two bounds, both included; `wide` ones are held in a `long`.
    record Whole(long min, long max, boolean wide) implements FieldType {
        @Override
        public String text() {
            return "an integer";
        }
    }

    /// A number.
    record Real() implements FieldType {
        @Override
        public String text() {
            return "a number";
        }
    }

    /// A duration such as `1m30s`.
    record Span() implements FieldType {
        @Override
        public String text() {
            return "a duration such as 1.5s, 100ms or 1h30m";
        }
    }

    /// Bytes in base64.
    record Base64() implements FieldType {
        @Override
        public String text() {
            return "base64";
        }
    }

    /// One of a few words.
    record Choice(Class<? extends Enum<?>> type) implements FieldType {
        @Override
        public String text() {
            var words = new java.util.StringJoiner(", ");
            for (var constant : type.getEnumConstants()) {
                words.add(constant.name());
            }
            return words.toString();
        }
    }

    /// A number or a name.
    record NumberOrName() implements FieldType {
        @Override
        public String text() {
            return "an integer or a string";
        }
    }

    /// Any JSON.
    record Free() implements FieldType {
        @Override
        public String text() {
            return "any value";
        }
    }

    /// Any JSON object.
    record FreeStruct() implements FieldType {
        @Override
        public String text() {
            return "a mapping";
        }
    }

    /// The keys of a mapping, whose values are not kept.
    record Keys() implements FieldType {
        @Override
        public String text() {
            return "a mapping";
        }
    }

    /// A message with fields of its own.
    record Message(RecordSchema schema) implements FieldType {
        @Override
        public String text() {
            return "a mapping";
        }

        @Override
        public String toString() {
            return schema.type().getSimpleName();
        }
    }

    /// A list.
    record ListOf(FieldType element) implements FieldType {
        @Override
        public String text() {
            return "a list";
        }
    }

    /// A mapping with free keys.
    record MapOf(FieldType value) implements FieldType {
        @Override
        public String text() {
            return "a mapping";
        }
    }
}
