package io.sallyport.xds.status;

import io.sallyport.xds.discovery.Node;
import java.util.SortedMap;

/// Proves that a proxy serves, beyond its acknowledgements: a listener that was taken may still wait for a secret.
/// Only those who can reach the proxy's admin door can tell, so for other proxies the answer is `UNKNOWN`.
@FunctionalInterface
public interface LiveProbe {

    /// For proxies that nobody can look into.
    LiveProbe NONE = (_, _) -> Proof.UNKNOWN;

    enum Proof {
        LIVE,
        NOT_YET,
        UNKNOWN
    }

    /// Whether exactly these listeners (name to version, as in the admin's `version_info`) are active and none of them
    /// is warming. Called on a virtual thread and may block for a second.
    Proof prove(Node proxy, SortedMap<String, String> listeners);
}
