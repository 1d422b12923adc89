package io.sallyport.translation.plan;

import java.util.List;
import java.util.stream.Stream;

/// What a listener logs: `requests` of HTTP, `connections` whose bytes are copied, and connections that no chain takes
/// (`unmatched`), which would be seen nowhere else: a client that asks for an unknown server name, say.
public record AccessLogs(List<AccessLog> requests, List<AccessLog> connections, List<AccessLog> unmatched) {

    /// Nothing is logged.
    public static final AccessLogs NONE = new AccessLogs(List.of(), List.of(), List.of());

    public AccessLogs {
        requests = List.copyOf(requests);
        connections = List.copyOf(connections);
        unmatched = List.copyOf(unmatched);
    }

    /// The places that records are streamed to, each perhaps several times.
    public Stream<UpstreamId> upstreams() {
        return Stream.of(requests, connections, unmatched)
                .flatMap(List::stream)
                .flatMap(log -> stream(log.sink()))
                .flatMap(stream -> switch (stream.receiver()) {
                    case AccessLog.Receiver.Service(var upstream) -> Stream.of(upstream);
                    case AccessLog.Receiver.Own() -> Stream.empty();
                });
    }

    private static Stream<AccessLog.Stream> stream(AccessLog.Sink sink) {
        return switch (sink) {
            case AccessLog.Sink.File _ -> Stream.empty();
            case AccessLog.Sink.Requests requests -> Stream.of(requests.stream());
            case AccessLog.Sink.Connections connections -> Stream.of(connections.stream());
            case AccessLog.Sink.OpenTelemetry telemetry -> Stream.of(telemetry.stream());
        };
    }
}
