package io.sallyport.translation.plan;

import java.util.List;

/// Where names may lead that connections or requests bring along and the proxy looks up.
public sealed interface NameGuard {

    /// Anywhere, or nothing is looked up.
    record None() implements NameGuard {}

    /// To outside addresses, and within these networks: not to the machine itself, its neighbours, or where machines
    /// keep their credentials.
    record Outside(List<String> allowed) implements NameGuard {
        public Outside {
            allowed = List.copyOf(allowed);
        }
    }
}
