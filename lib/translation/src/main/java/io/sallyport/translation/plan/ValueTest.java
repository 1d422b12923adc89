package io.sallyport.translation.plan;

/// What a header, query parameter or origin must look like.
public sealed interface ValueTest {

    record Present() implements ValueTest {}

    record Exact(String value, boolean caseSensitive) implements ValueTest {}

    record Prefix(String prefix, boolean caseSensitive) implements ValueTest {}

    /// The whole value must match the RE2 pattern.
    record Pattern(String regex) implements ValueTest {}
}
