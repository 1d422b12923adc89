package io.sallyport.config.source;

/// Hears what a [DirectorySource] does. Called on its thread, after the revision is stored and published.
public interface DirectoryListener {

    /// Hears nothing.
    DirectoryListener SILENT = new DirectoryListener() {};

    default void changed(DirectoryEvent event) {}

    /// The log cannot be written; the source tries again by itself.
    default void waiting(String reason) {}
}
