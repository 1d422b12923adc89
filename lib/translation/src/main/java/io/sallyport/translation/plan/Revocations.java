package io.sallyport.translation.plan;

/// Which certificates are no longer good although their authority made them.
public sealed interface Revocations {

    /// Those that the authority's secret names, if it names any.
    record AsDelivered() implements Revocations {}

    /// Those in a file of the proxy's own.
    record File(String path) implements Revocations {}

    /// `path` may be empty.
    static Revocations file(String path) {
        return path.isEmpty() ? new AsDelivered() : new File(path);
    }
}
