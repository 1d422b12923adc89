package io.sallyport.runtime.file;

/// Something that happened to an entry of a watched directory: `shop.yaml WRITTEN`.
/// `path` is relative to the root; it is empty where everything has to be looked at.
public record FileEvent(String path, Type type) {

    public enum Type {
        /// Its content is changing: wait for `WRITTEN`.
        WRITING,
        /// A writer has closed it.
        WRITTEN,
        /// It came: renamed into place whole, or made and still empty.
        ARRIVED,
        /// Made just now: a file that is about to be written, a link, or a directory.
        MADE,
        /// Removed or renamed away.
        GONE,
        /// Something about directories or links: look at the whole tree.
        TREE
    }
}
