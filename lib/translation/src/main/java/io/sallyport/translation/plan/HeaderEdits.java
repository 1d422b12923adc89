package io.sallyport.translation.plan;

import java.util.List;

/// Changes of request and response headers, in the order in which they are applied.
public record HeaderEdits(Edits request, Edits response) {

    public static final HeaderEdits NONE =
            new HeaderEdits(new Edits(List.of(), List.of()), new Edits(List.of(), List.of()));

    public boolean isEmpty() {
        return request.isEmpty() && response.isEmpty();
    }

    /// Changes of one side: values first, then removals, each ordered by name.
    public record Edits(List<Value> values, List<String> removed) {
        public Edits {
            values = List.copyOf(values);
            removed = List.copyOf(removed);
        }

        public boolean isEmpty() {
            return values.isEmpty() && removed.isEmpty();
        }
    }

    /// One value: `SET` takes the place of what is there, `ADD` comes behind it.
    public record Value(String name, String value, Mode mode) {}

    public enum Mode {
        SET,
        ADD
    }
}
