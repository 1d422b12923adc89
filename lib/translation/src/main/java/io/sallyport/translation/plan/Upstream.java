package io.sallyport.translation.plan;

import io.sallyport.model.Origin;
import java.time.Duration;
import java.util.List;

/// A place that some rule sends to.
public sealed interface Upstream {

    UpstreamId id();

    /// No such service, port or subset. A request that is sent here is answered 503; leaving its rule out
    /// instead would let the request reach another rule.
    record Unknown(UpstreamId id, String reason) implements Upstream {}

    /// `service` made it; `rules` shaped it, and may be empty.
    record Known(
            UpstreamId id,
            Discovery discovery,
            Balancing balancing,
            Spread spread,
            Limits limits,
            Ejection ejection,
            Protocol protocol,
            Preamble preamble,
            Tls tls,
            Origin service,
            List<Origin> rules)
            implements Upstream {
        public Known {
            rules = List.copyOf(rules);
        }
    }

    /// How endpoints are known.
    sealed interface Discovery {

        /// They are listed, and the list changes without the upstream. An empty list is answered 503.
        record Listed(List<Group> groups) implements Discovery {
            public Listed {
                groups = List.copyOf(groups);
            }
        }

        /// Names are looked up by the proxy; every address of every name is an endpoint.
        record Dns(List<Group> groups, Duration refreshOnFailure) implements Discovery {
            public Dns {
                groups = List.copyOf(groups);
            }
        }

        /// As `Dns`, and only the first address is used, for new connections.
        record DnsOne(List<Group> groups, Duration refreshOnFailure) implements Discovery {
            public DnsOne {
                groups = List.copyOf(groups);
            }
        }

        /// Where the client was going before it was redirected to the proxy. `port` 0 keeps the client's.
        record Original(int port) implements Discovery {}

        /// There is no endpoint, and never will be.
        record Nowhere() implements Discovery {}

        /// The request's own host, looked up as it comes.
        record ByRequest() implements Discovery {}
    }

    /// Endpoints in one place, ordered as configured. Lower priorities are used first. A weight of 0 is unsaid.
    record Group(Locality locality, int weight, int priority, List<Endpoint> endpoints) {
        public Group {
            endpoints = List.copyOf(endpoints);
        }
    }

    /// `region/zone/subzone`, each of which may be empty.
    record Locality(String region, String zone, String subzone) implements Comparable<Locality> {

        public static final Locality NONE = new Locality("", "", "");

        @Override
        public int compareTo(Locality other) {
            return toString().compareTo(other.toString());
        }

        @Override
        public String toString() {
            return region + "/" + zone + "/" + subzone;
        }
    }

    record Endpoint(Address address, int weight, Health health) {}

    enum Health {
        HEALTHY,
        DRAINING,
        UNHEALTHY
    }

    sealed interface Address {
        /// `host` is an IP address, or a name where the discovery looks names up.
        record Socket(String host, int port) implements Address {}

        record Pipe(String path) implements Address {}
    }

    /// How an endpoint is picked.
    sealed interface Balancing {
        record LeastRequest(WarmUp warmUp) implements Balancing {}

        record RoundRobin(WarmUp warmUp) implements Balancing {}

        record Random() implements Balancing {}

        /// The discovery has the last word.
        record AsDiscovered() implements Balancing {}

        record Ring(long minimumSize) implements Balancing {}

        record Maglev(long tableSize) implements Balancing {}

        /// By the load that endpoints report with their answers. What is `Timeout.None`, negative or empty is the
        /// proxy's own.
        record ByLoad(Timeout settle, Timeout expire, Timeout update, double errorPenalty, List<String> metrics)
                implements Balancing {
            public ByLoad {
                metrics = List.copyOf(metrics);
            }
        }
    }

    /// What decides how much each [Group] of one priority gets.
    enum Spread {
        /// The number of its endpoints, and their weights.
        ENDPOINTS,
        /// Its own weight, as long as its endpoints are healthy.
        GROUPS
    }

    /// What is said to the endpoint about the client before the first byte of the client's.
    enum Preamble {
        NONE,
        PROXY_V1,
        PROXY_V2
    }

    /// New endpoints may get their share bit by bit.
    sealed interface WarmUp {
        record None() implements WarmUp {}

        record Over(Duration duration, double aggression, double minimumPercent) implements WarmUp {}
    }

    /// What may be open at once, and for how long. A count of `UNLIMITED` is no limit.
    record Limits(
            Duration connectTimeout,
            long connections,
            long pendingRequests,
            long requests,
            long retries,
            long requestsPerConnection,
            Timeout idle,
            Timeout connectionAge,
            KeepAlive keepAlive,
            RetryBudget retryBudget,
            long streams,
            Pings pings) {

        public static final long UNLIMITED = 4_294_967_295L;
    }

    /// How many retries may be under way, beside their own limit.
    sealed interface RetryBudget {
        record None() implements RetryBudget {}

        /// A share of the requests under way, and always `least` of them. Replaces the limit.
        /// Requests that came within `window` count as well as those under way.
        record Of(double percent, long least, Timeout window) implements RetryBudget {}
    }

    /// Questions on idle HTTP/2 connections whether the endpoint is still there.
    sealed interface Pings {
        record Off() implements Pings {}

        record Every(Duration interval, Duration timeout) implements Pings {}
    }

    sealed interface KeepAlive {
        record Off() implements KeepAlive {}

        /// 0 is the system's own.
        record On(int probes, Timeout time, Timeout interval) implements KeepAlive {}
    }

    /// Whether endpoints that fail are left out for a while.
    sealed interface Ejection {
        record None() implements Ejection {}

        /// A count of -1 is unsaid, 0 switches the kind of failure off; `maxPercent` 0 is unsaid. Where
        /// `statuses` is not empty, answers with these are the failures, and no others.
        record On(
                long consecutive5xx,
                long consecutiveGatewayErrors,
                long consecutiveLocalErrors,
                boolean splitLocalErrors,
                Timeout interval,
                Timeout baseTime,
                int maxPercent,
                int minHealthPercent,
                long failurePercent,
                List<Integer> statuses)
                implements Ejection {
            public On {
                statuses = List.copyOf(statuses);
            }
        }
    }

    /// What is spoken to the endpoint.
    enum Protocol {
        TCP,
        HTTP1,
        HTTP2,
        /// Whatever the client speaks.
        AS_CLIENT
    }

    /// How the connection to the endpoint is encrypted.
    sealed interface Tls {
        record None() implements Tls {}

        /// Encrypted; `authority` says how the endpoint is checked.
        record Originate(
                Sni sni,
                List<String> alternativeNames,
                Authority authority,
                Revocations revocations,
                Certificate certificate,
                List<String> alpn)
                implements Tls {
            public Originate {
                alternativeNames = List.copyOf(alternativeNames);
                alpn = List.copyOf(alpn);
            }
        }

        sealed interface Sni {
            /// The host of the request.
            record AsRequest() implements Sni {}

            record Fixed(String name) implements Sni {}
        }

        sealed interface Authority {
            record SystemRoots() implements Authority {}

            record File(String path) implements Authority {}

            /// The authorities themselves, as PEM.
            record Inline(String pem) implements Authority {}

            /// Delivered as the named secret.
            record Secret(String name) implements Authority {}

            /// Nothing is checked.
            record Unchecked() implements Authority {}
        }

        sealed interface Certificate {
            record None() implements Certificate {}

            record File(String chain, String key) implements Certificate {}

            record Secret(String name) implements Certificate {}
        }
    }
}
