package io.sallyport.model.read;

/// What one input may cost. Each bound refuses with a finding that names it.
public final class Bounds {

    /// Nesting of mappings and lists.
    public static final int DEPTH = 64;

    /// Uses of anchors in one document.
    public static final int ALIASES = 50;

    /// How many times larger a document may become by its aliases.
    public static final int EXPANSION = 10;

    /// Below this many nodes, aliases are not counted as expansion.
    static final int EXPANSION_FLOOR = 1_000;

    /// Scalars, lists and mappings in one document.
    public static final int NODES = 100_000;

    /// Bytes of one document: 4 MiB.
    public static final int DOCUMENT_BYTES = 4 << 20;

    /// Bytes of one file or call: 64 MiB.
    public static final int FILE_BYTES = 64 << 20;

    /// Documents in one file.
    public static final int DOCUMENTS = 100_000;

    /// Findings about one document; the rest is left out.
    static final int FINDINGS = 200;

    private Bounds() {}
}
