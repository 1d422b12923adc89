package io.sallyport.xds.status;

import com.google.common.collect.ImmutableSortedSet;
import io.sallyport.xds.discovery.Node;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;

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

    /// Who should be there. `settled`: nobody is about to be started, replaced or stopped for the revision any more.
    record Expected(boolean settled, SortedSet<String> proxies) {

        public Expected {
            proxies = ImmutableSortedSet.copyOf(proxies);
        }
    }

    /// The proxies that are to run a revision, as `name.namespace`; empty: nobody knows, and those that are connected
    /// count, or come back soon after a start.
    default Optional<Expected> expected(long revision) {
        return Optional.empty();
    }

    /// Whether exactly these listeners (name to version, as in the admin's `version_info`) are active and none of them
    /// is warming. Called on a virtual thread and may block for a second.
    Proof prove(Node proxy, SortedMap<String, String> listeners);
}
