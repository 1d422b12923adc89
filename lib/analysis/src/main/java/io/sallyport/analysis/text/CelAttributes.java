package io.sallyport.analysis.text;

import com.google.common.collect.ImmutableSortedMap;
import com.google.common.collect.ImmutableSortedSet;
import io.sallyport.model.read.Words;
import java.util.Optional;

/// The attributes that Envoy 1.40 has of a request, by their full names, and what each is. One that it does not have is
/// an error when a filter is worked out, and then the row is not logged. Source: Envoy's page "Attributes", and a real
/// Envoy that logged by each.
final class CelAttributes {

    private static final ImmutableSortedMap<String, CelKind> KNOWN = ImmutableSortedMap.<String, CelKind>naturalOrder()
            .put("request.path", CelKind.STRING)
            .put("request.url_path", CelKind.STRING)
            .put("request.host", CelKind.STRING)
            .put("request.scheme", CelKind.STRING)
            .put("request.method", CelKind.STRING)
            .put("request.headers", CelKind.TEXTS)
            .put("request.headers_bytes", CelKind.INT)
            .put("request.referer", CelKind.STRING)
            .put("request.useragent", CelKind.STRING)
            .put("request.time", CelKind.TIMESTAMP)
            .put("request.id", CelKind.STRING)
            .put("request.protocol", CelKind.STRING)
            .put("request.query", CelKind.STRING)
            .put("request.duration", CelKind.DURATION)
            .put("request.size", CelKind.INT)
            .put("request.total_size", CelKind.INT)
            .put("response.code", CelKind.INT)
            .put("response.code_details", CelKind.STRING)
            .put("response.flags", CelKind.INT)
            .put("response.grpc_status", CelKind.INT)
            .put("response.headers", CelKind.TEXTS)
            .put("response.headers_bytes", CelKind.INT)
            .put("response.trailers", CelKind.TEXTS)
            .put("response.size", CelKind.INT)
            .put("response.total_size", CelKind.INT)
            .put("response.backend_latency", CelKind.DURATION)
            .put("source.address", CelKind.STRING)
            .put("source.port", CelKind.INT)
            .put("destination.address", CelKind.STRING)
            .put("destination.port", CelKind.INT)
            .put("connection.id", CelKind.UINT)
            .put("connection.mtls", CelKind.BOOL)
            .put("connection.requested_server_name", CelKind.STRING)
            .put("connection.tls_version", CelKind.STRING)
            .put("connection.subject_local_certificate", CelKind.STRING)
            .put("connection.subject_peer_certificate", CelKind.STRING)
            .put("connection.dns_san_local_certificate", CelKind.STRING)
            .put("connection.dns_san_peer_certificate", CelKind.STRING)
            .put("connection.uri_san_local_certificate", CelKind.STRING)
            .put("connection.uri_san_peer_certificate", CelKind.STRING)
            .put("connection.sha256_peer_certificate_digest", CelKind.STRING)
            .put("connection.peer_certificate", CelKind.STRING)
            .put("connection.transport_failure_reason", CelKind.STRING)
            .put("connection.termination_details", CelKind.STRING)
            .put("upstream.address", CelKind.STRING)
            .put("upstream.port", CelKind.INT)
            .put("upstream.num_endpoints", CelKind.UINT)
            .put("upstream.tls_version", CelKind.STRING)
            .put("upstream.subject_local_certificate", CelKind.STRING)
            .put("upstream.subject_peer_certificate", CelKind.STRING)
            .put("upstream.dns_san_local_certificate", CelKind.STRING)
            .put("upstream.dns_san_peer_certificate", CelKind.STRING)
            .put("upstream.uri_san_local_certificate", CelKind.STRING)
            .put("upstream.uri_san_peer_certificate", CelKind.STRING)
            .put("upstream.sha256_peer_certificate_digest", CelKind.STRING)
            .put("upstream.peer_certificate", CelKind.STRING)
            .put("upstream.local_address", CelKind.STRING)
            .put("upstream.transport_failure_reason", CelKind.STRING)
            .put("upstream.request_attempt_count", CelKind.UINT)
            .put("upstream.cx_pool_ready_duration", CelKind.DURATION)
            .put("upstream.locality", CelKind.ANY)
            .put("xds.node", CelKind.ANY)
            .put("xds.cluster_name", CelKind.STRING)
            .put("xds.cluster_metadata", CelKind.ANY)
            .put("xds.listener_direction", CelKind.INT)
            .put("xds.listener_metadata", CelKind.ANY)
            .put("xds.route_name", CelKind.STRING)
            .put("xds.route_metadata", CelKind.ANY)
            .put("xds.virtual_host_name", CelKind.STRING)
            .put("xds.virtual_host_metadata", CelKind.ANY)
            .put("xds.upstream_host_metadata", CelKind.ANY)
            .put("xds.upstream_host_locality_metadata", CelKind.ANY)
            .put("xds.filter_chain_name", CelKind.STRING)
            .buildOrThrow();

    private static final ImmutableSortedSet<String> GROUPS =
            ImmutableSortedSet.of("request", "response", "source", "destination", "connection", "upstream", "xds");

    // What other filters and modules put there has names of its own.
    private static final ImmutableSortedSet<String> OPEN =
            ImmutableSortedSet.of("metadata", "filter_state", "upstream_filter_state", "google");

    private static final ImmutableSortedSet<String> TYPES = ImmutableSortedSet.of(
            "bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint");

    private CelAttributes() {}

    /// Whether a first name says nothing without the one behind it: `request`, and any that Envoy does not have.
    static boolean isPart(String name) {
        return !OPEN.contains(name) && !TYPES.contains(name);
    }

    /// What an attribute is, or a first name that stands alone.
    static Optional<CelKind> kind(String name) {
        if (OPEN.contains(name)) {
            return Optional.of(CelKind.ANY);
        }
        if (TYPES.contains(name)) {
            return Optional.of(CelKind.TYPE);
        }
        return GROUPS.contains(name) ? Optional.of(CelKind.MAP) : Optional.ofNullable(KNOWN.get(name));
    }

    /// What was most likely meant by a name that Envoy does not have, in parentheses.
    static String hint(String name) {
        return Words.nearest(name, KNOWN.keySet())
                .or(() -> KNOWN.keySet().stream()
                        .filter(known -> known.endsWith("." + name))
                        .findFirst())
                .map(" (expected: \"%s\")"::formatted)
                .orElseGet(() -> " (expected: one like request.path, response.code or connection.mtls)");
    }
}
