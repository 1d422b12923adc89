package io.sallyport.runtime.identity;

import java.util.Optional;
import java.util.SortedSet;

/// Says what callers may do. Asked about people and workloads only: what services may do is in the table of
/// methods, and the owner of the machine may do everything.
public interface Authorizer {

    /// Nobody may do anything: what holds when nothing is configured.
    Authorizer NOBODY = new Authorizer() {
        @Override
        public boolean may(Identity who, Access what) {
            return false;
        }

        @Override
        public Optional<SortedSet<String>> namespaces(Identity who, Access what) {
            return Optional.of(java.util.Collections.emptySortedSet());
        }
    };

    /// Whether this caller may do this.
    boolean may(Identity who, Access what) throws UnavailableException;

    /// In which namespaces this caller may do this; empty: in all of them.
    Optional<SortedSet<String>> namespaces(Identity who, Access what) throws UnavailableException;

    /// Whoever knows cannot be asked now. The call is refused, not let through.
    final class UnavailableException extends Exception {

        private static final long serialVersionUID = 1L;

        public UnavailableException(String message) {
            super(message);
        }
    }
}
