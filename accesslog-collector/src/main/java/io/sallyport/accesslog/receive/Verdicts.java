package io.sallyport.accesslog.receive;

import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;

/// Counts the rows that say what became of a request on its way out: kept from leaving, or let through though no rule
/// names its destination. Requests to known destinations are traffic like any other and are not counted here.
///
/// The names are those by which Istio calls these routes and clusters: `block_all`, `BlackHoleCluster`,
/// `PassthroughCluster`.
public final class Verdicts {

    /// What became of a request, and by what.
    public enum Kind {
        BLOCKED_HOST("denied", "unknown_host"),
        BLACK_HOLE("denied", "unknown_address"),
        NOT_AUTHORIZED("denied", "authorization_policy"),
        TUNNEL("denied", "tunnel"),
        PASSED_THROUGH("allowed", "passthrough");

        private final String verdict;
        private final String reason;

        Kind(String verdict, String reason) {
            this.verdict = verdict;
            this.reason = reason;
        }

        public String verdict() {
            return verdict;
        }

        public String reason() {
            return reason;
        }
    }

    private static final int REFUSED = 400;

    private final Map<Kind, LongAdder> counts = new EnumMap<>(Kind.class);

    Verdicts() {
        for (var kind : Kind.values()) {
            counts.put(kind, new LongAdder());
        }
    }

    void see(AccessLogEntry.Builder row) {
        kind(row).map(counts::get).ifPresent(LongAdder::increment);
    }

    static Optional<Kind> kind(AccessLogEntry.Builder row) {
        if (row.getRouteName().equals("block_all")) {
            return Optional.of(Kind.BLOCKED_HOST);
        }
        if (row.getCluster().equals("BlackHoleCluster")) {
            return Optional.of(Kind.BLACK_HOLE);
        }
        if (row.getResponseDetails().startsWith("rbac_access_denied")
                || row.getTerminationDetails().startsWith("rbac_access_denied")) {
            return Optional.of(Kind.NOT_AUTHORIZED);
        }
        if (row.getMethod().equals("CONNECT") && row.getResponseCode() >= REFUSED) {
            return Optional.of(Kind.TUNNEL);
        }
        return row.getCluster().equals("PassthroughCluster") ? Optional.of(Kind.PASSED_THROUGH) : Optional.empty();
    }

    /// Since the start.
    public long count(Kind kind) {
        var count = counts.get(kind);
        return count == null ? 0 : count.sum();
    }
}
