package io.sallyport.model;

import org.jspecify.annotations.Nullable;

/// How one text is compared with a request's. `{}` gives none of the three and matches any value that is present.
@OneOf({"exact", "prefix", "regex"})
public record StringMatch(
        @Nullable String exact,
        @Nullable String prefix,
        @Nullable String regex) {

    /// The same as one of four forms, for a `switch` that misses none.
    public Form form() {
        if (exact != null) {
            return new Exact(exact);
        }
        if (prefix != null) {
            return new Prefix(prefix);
        }
        return regex != null ? new Regex(regex) : new Present();
    }

    /// What is asked of the text.
    public sealed interface Form {}

    /// Equal, byte for byte.
    public record Exact(String value) implements Form {}

    /// Starts with: `/foo` also matches `/foobar`.
    public record Prefix(String value) implements Form {}

    /// The whole text matches, in RE2's syntax.
    public record Regex(String value) implements Form {}

    /// Anything, as long as it is there.
    public record Present() implements Form {}
}
