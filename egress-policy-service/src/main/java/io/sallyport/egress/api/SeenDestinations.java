package io.sallyport.egress.api;

import com.google.common.net.HostAndPort;
import com.google.protobuf.Timestamp;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import io.sallyport.proto.accesslog.v1.AccessLogServiceGrpc;
import io.sallyport.proto.accesslog.v1.Scope;
import io.sallyport.proto.accesslog.v1.SearchRequest;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.egress.Errand;
import io.sallyport.translation.egress.Errand.Protocol;
import io.sallyport.translation.egress.Suggestion.Wish;
import io.sallyport.translation.plan.UpstreamId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// What client proxies were asked for, from their access logs. A row says who asked for which host, on which port, and
/// whether it left; the client proxies that run here are the ones asked about.
public final class SeenDestinations {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration DEFAULT_SPAN = Duration.ofHours(1);
    private static final int PAGE = 1_000;
    private static final int MAX_ROWS = 50_000;
    private static final int MAX_PLACES = 10_000;
    private static final int HTTP_PORT = 80;
    private static final int HTTPS_PORT = 443;
    private static final int PORTS = 65_535;

    private final Optional<Channel> logs;
    private final InstantSource clock;

    public SeenDestinations(Optional<Channel> logs, InstantSource clock) {
        this.logs = logs;
        this.clock = clock;
    }

    /// How often one client asked for one place.
    record Count(long all, long blocked, Instant last) {

        Count plus(boolean isBlocked, Instant time) {
            return new Count(all + 1, isBlocked ? blocked + 1 : blocked, time.isAfter(last) ? time : last);
        }
    }

    /// What was seen, in the order of first appearance, newest rows first. `gap` says what is missing; empty: nothing.
    record Found(Map<Wish, Count> counts, long rows, String gap) {}

    Found between(List<ProxyClass> clients, Timestamp from, Timestamp to) {
        if (logs.isEmpty()) {
            return new Found(Map.of(), 0, "no access logs: this process knows no accesslog-collector");
        }
        if (clients.isEmpty()) {
            return new Found(Map.of(), 0, "no client proxy (expected: one of kind: sidecar in sallyport.yaml)");
        }
        var end = to.getSeconds() == 0 ? clock.instant() : Instant.ofEpochSecond(to.getSeconds(), to.getNanos());
        var start = from.getSeconds() == 0
                ? end.minus(DEFAULT_SPAN)
                : Instant.ofEpochSecond(from.getSeconds(), from.getNanos());
        var counts = new LinkedHashMap<Wish, Count>();
        long rows = 0;
        var gap = "";
        for (var client : clients) {
            try {
                var read = read(client, start, end, counts);
                rows += read.rows();
                gap = read.gap().isEmpty() ? gap : read.gap();
            } catch (StatusRuntimeException e) {
                return new Found(
                        counts,
                        rows,
                        "no access logs: accesslog-collector answers "
                                + e.getStatus().getCode() + " "
                                + Optional.ofNullable(e.getStatus().getDescription())
                                        .orElse(""));
            }
        }
        if (rows == 0) {
            gap = "no row of a client proxy in that time (expected: enableEnvoyAccessLogService: true in mesh settings,"
                    + " and requests)";
        }
        return new Found(counts, rows, gap);
    }

    private record Read(long rows, String gap) {}

    private Read read(ProxyClass client, Instant start, Instant end, Map<Wish, Count> counts) {
        var scope = Scope.newBuilder()
                .setFilter(
                        "proxy.namespace == \"" + client.namespace() + "\" && proxy.name == \"" + client.name() + "\"")
                .setFrom(timestamp(start))
                .setTo(timestamp(end));
        var request = SearchRequest.newBuilder().setScope(scope).setLimit(PAGE);
        long rows = 0;
        do {
            var page = AccessLogServiceGrpc.newBlockingStub(logs.orElseThrow())
                    .withDeadlineAfter(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                    .search(request.build());
            for (var row : page.getRowsList()) {
                rows++;
                count(client, row.getEntry(), counts);
            }
            request.setCursor(page.getNextCursor());
        } while (!request.getCursor().isEmpty() && rows < MAX_ROWS && counts.size() < MAX_PLACES);
        var gap = request.getCursor().isEmpty()
                ? ""
                : "only the newest " + rows + " rows of " + client.namespace() + "/" + client.name()
                        + " were read (expected: a shorter time)";
        return new Read(rows, gap);
    }

    private static void count(ProxyClass client, AccessLogEntry row, Map<Wish, Count> counts) {
        var time = Instant.ofEpochSecond(
                row.getStartTime().getSeconds(), row.getStartTime().getNanos());
        errand(client, row)
                .ifPresent(errand -> counts.merge(
                        new Wish(client, errand),
                        new Count(1, isBlocked(row) ? 1 : 0, time),
                        (known, _) -> known.plus(isBlocked(row), time)));
    }

    private static boolean isBlocked(AccessLogEntry row) {
        return row.getRouteName().equals(ResourceNames.BLOCK_ALL)
                || row.getCluster().equals(UpstreamId.BLACK_HOLE.host())
                || (row.getMethod().equals("CONNECT") && row.getResponseCode() >= 400);
    }

    /// What a row was about; nothing where it does not say.
    static Optional<Errand> errand(ProxyClass client, AccessLogEntry row) {
        return switch (row.getKind()) {
            case "http" -> row.getMethod().equals("CONNECT") ? tunnel(row) : request(client, row);
            case "tcp" -> connection(client, row);
            default -> Optional.empty();
        };
    }

    private static Optional<Errand> tunnel(AccessLogEntry row) {
        return authority(row.getHost())
                .filter(HostAndPort::hasPort)
                .flatMap(named -> errand(
                        named.getHost(),
                        named.getPort(),
                        // What is inside a tunnel is not said; its port is the best guess.
                        named.getPort() == HTTPS_PORT ? Protocol.TLS : Protocol.TCP));
    }

    private static Optional<Errand> request(ProxyClass client, AccessLogEntry row) {
        return authority(row.getHost())
                .flatMap(named -> errand(
                        named.getHost(),
                        named.getPortOrDefault(port(client, row).orElse(HTTP_PORT)),
                        Protocol.HTTP));
    }

    private static Optional<Errand> connection(ProxyClass client, AccessLogEntry row) {
        var port = port(client, row);
        if (port.isEmpty()) {
            return Optional.empty();
        }
        if (!row.getServerName().isEmpty()) {
            return errand(row.getServerName(), port.get(), Protocol.TLS);
        }
        return authority(row.getDestinationAddress())
                .flatMap(named -> errand(named.getHost(), port.get(), Protocol.TCP));
    }

    // The port that the client meant: of the address that it was going to, or the one that a local port stands for.
    private static Optional<Integer> port(ProxyClass client, AccessLogEntry row) {
        var bound = authority(row.getDestinationAddress())
                .filter(HostAndPort::hasPort)
                .map(HostAndPort::getPort);
        if (bound.isEmpty()) {
            return bound;
        }
        for (var entry : client.listen().entrySet()) {
            if (entry.getValue().equals(bound.get())) {
                var isPort = entry.getKey().chars().allMatch(c -> c >= '0' && c <= '9');
                return isPort ? Optional.of(Integer.valueOf(entry.getKey())) : Optional.empty();
            }
        }
        return bound;
    }

    private static Optional<HostAndPort> authority(String text) {
        try {
            return text.isEmpty() ? Optional.empty() : Optional.of(HostAndPort.fromString(text));
        } catch (IllegalArgumentException malformed) {
            // A client may send anything as its host; it is no place then.
            return Optional.empty();
        }
    }

    private static Optional<Errand> errand(String host, int port, Protocol protocol) {
        return host.isEmpty() || port < 1 || port > PORTS
                ? Optional.empty()
                : Optional.of(new Errand(host.toLowerCase(Locale.ROOT), port, protocol));
    }

    static List<Wish> wishes(Found found) {
        return new ArrayList<>(found.counts().keySet());
    }

    static Timestamp timestamp(Instant time) {
        return Timestamp.newBuilder()
                .setSeconds(time.getEpochSecond())
                .setNanos(time.getNano())
                .build();
    }
}
