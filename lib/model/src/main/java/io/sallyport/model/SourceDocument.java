package io.sallyport.model;

/// The text that an object was read from, kept so that every reader sees the same positions.
///
/// `name` is the file for people (`shop.yaml`), `firstLine` the line of it on which `text` starts (from 1), `index` the
/// number of the document in its file (from 0), `digest` the SHA-256 of `text` in lower-case hexadecimal.
public record SourceDocument(String name, int firstLine, int index, String text, String digest) {}
