package io.sallyport.translation.plan;

import java.util.List;

/// One rule of a site: which requests, and what is done with them. `name` is the user's, and may be empty.
///
/// A rule of an object with several alternatives (`match` entries) is several of these with an equal action.
public record RouteRule(
        String name,
        RequestMatch match,
        Action action,
        HeaderEdits headers,
        Cors cors,
        Fault fault,
        String statName,
        Provenance provenance) {

    /// Whether nothing after this rule in the same list is ever reached by path, header or query.
    public boolean isCatchAll() {
        return match.isEverything();
    }

    /// The rule's browser policy.
    public sealed interface Cors {

        /// The backend decides.
        record None() implements Cors {}

        /// The proxy answers preflights from these origins and decorates responses. `maxAge` is `Timeout.None` when the
        /// browser's default holds.
        record Allow(
                List<ValueTest> origins,
                List<String> methods,
                List<String> headers,
                List<String> exposed,
                Timeout maxAge,
                Credentials credentials,
                Preflights unmatched)
                implements Cors {
            public Allow {
                origins = List.copyOf(origins);
                methods = List.copyOf(methods);
                headers = List.copyOf(headers);
                exposed = List.copyOf(exposed);
            }
        }

        /// Whether browsers may send cookies; `UNSAID` sends no header.
        enum Credentials {
            UNSAID,
            ALLOWED,
            FORBIDDEN
        }

        /// What becomes of a preflight from an origin that is not listed.
        enum Preflights {
            FORWARD,
            IGNORE
        }
    }

    /// Trouble made on purpose.
    public record Fault(Delay delay, Abort abort) {

        public static final Fault NONE = new Fault(new Delay.None(), new Abort.None());

        public sealed interface Delay {
            record None() implements Delay {}

            record Fixed(java.time.Duration duration, Percent share) implements Delay {}
        }

        public sealed interface Abort {
            record None() implements Abort {}

            record Http(int status, Percent share) implements Abort {}

            /// `status` is gRPC's number.
            record Grpc(int status, Percent share) implements Abort {}
        }
    }
}
