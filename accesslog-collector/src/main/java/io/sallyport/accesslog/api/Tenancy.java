package io.sallyport.accesslog.api;

import io.grpc.Context;
import java.util.Optional;
import java.util.SortedSet;

/// Whose rows the caller of the current call may see. Whoever knows the caller (a guard in front of the
/// service) puts the namespaces into the call's context; where nobody stands in front, as on a developer's
/// machine behind the token, it is all of them.
public final class Tenancy {

    /// Absent in the context, or empty: all namespaces.
    public static final Context.Key<Optional<SortedSet<String>>> NAMESPACES =
            Context.keyWithDefault("sallyport-namespaces", Optional.empty());

    private Tenancy() {}

    static Optional<SortedSet<String>> current() {
        return NAMESPACES.get();
    }

    static boolean mayShow(String namespace) {
        return current().map(allowed -> allowed.contains(namespace)).orElse(true);
    }
}
