package io.sallyport.translation.simulate;

import com.google.common.collect.ImmutableList;
import java.util.List;

/// What Envoy would do with a request or a connection.
public sealed interface Answer {

    /// Nobody listens on the port.
    record Refused(int port) implements Answer {}

    /// A listener is there and none of its chains takes the connection.
    record Closed(String listener, String reason) implements Answer {}

    /// The bytes of the connection are copied to one of these.
    record Tunnelled(String listener, List<Share> shares) implements Answer {
        public Tunnelled {
            shares = ImmutableList.copyOf(shares);
        }
    }

    /// Envoy answers itself. `flags` are as in access logs: `NR` no route, `NC` no cluster, `UH` no healthy endpoint,
    /// `FI` a fault on purpose, empty otherwise.
    record Replied(int status, String flags, HeaderLines headers, String body, Trail trail) implements Answer {}

    /// The request goes to one of `shares`, copies of it to `mirrors`. `response` are the header changes that the
    /// answer will get.
    record Forwarded(List<Share> shares, List<Share> mirrors, Trail trail) implements Answer {
        public Forwarded {
            shares = ImmutableList.copyOf(shares);
            mirrors = ImmutableList.copyOf(mirrors);
        }
    }

    /// One destination of several, with its part of the traffic in weights or, for mirrors, in millionths. `state` is
    /// `NC` without a cluster, `UH` without an endpoint, else empty. `request` are the headers that
    /// the upstream sees, `:path` and `:authority` rewritten; `response` is what becomes of those of its answer.
    record Share(
            String cluster,
            long weight,
            String state,
            List<String> endpoints,
            HeaderLines request,
            HeaderEditing response) {
        public Share {
            endpoints = ImmutableList.copyOf(endpoints);
        }

        /// What the client sees of the headers of an upstream's answer.
        public HeaderLines answered(Request sent, HeaderLines upstream) {
            return response.apply(upstream, new Format(sent, request));
        }
    }
}
