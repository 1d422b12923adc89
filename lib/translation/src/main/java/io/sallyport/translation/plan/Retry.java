package io.sallyport.translation.plan;

import java.util.List;

/// Whether a request that failed is sent again.
public sealed interface Retry {

    /// Once is enough.
    record None() implements Retry {}

    /// Up to `attempts` more times, when one of `conditions` (Envoy's words are the standard: `connect-failure`) or one
    /// of `statuses` is met. `avoidPrevious` prefers endpoints that were not tried;
    /// `crossPriorities` tries other localities.
    record On(
            int attempts,
            List<String> conditions,
            List<Integer> statuses,
            Timeout perTry,
            boolean avoidPrevious,
            boolean crossPriorities,
            Backoff backoff)
            implements Retry {
        public On {
            conditions = List.copyOf(conditions);
            statuses = List.copyOf(statuses);
        }
    }

    /// How long is waited between tries.
    sealed interface Backoff {
        record Standard() implements Backoff {}

        record From(java.time.Duration base) implements Backoff {}
    }
}
