package io.sallyport.model;

/// What a finding means for its object. `ERROR` of a `SP1xxx` rule refuses it at the door.
public enum Severity {
    ERROR,
    WARNING,
    INFO;

    /// As it is printed: `error`.
    public String text() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
