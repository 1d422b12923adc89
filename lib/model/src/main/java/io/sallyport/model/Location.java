package io.sallyport.model;

import org.jspecify.annotations.Nullable;

/// A place that a message points at: an object, a path in it, and the file that says so.
/// `object` is absent where a file cannot be read as far as that; lines and columns count from 1, and 0 is unknown.
public record Location(@Nullable ObjectRef object, Path path, String file, int line, int column) {}
