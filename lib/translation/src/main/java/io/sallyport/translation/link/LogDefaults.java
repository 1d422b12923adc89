package io.sallyport.translation.link;

import com.google.common.collect.ImmutableSortedMap;
import io.sallyport.model.Value;
import io.sallyport.translation.plan.AccessLog.Format;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// Istio's own formats of access log rows, to the letter: whoever reads logs of Istio's gateways reads ours.
/// (Istio: `pilot/pkg/model/telemetry_logging.go`; L1.)
final class LogDefaults {

    static final String LINE = "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\""
            + " %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS%"
            + " \"%UPSTREAM_TRANSPORT_FAILURE_REASON%\" %BYTES_RECEIVED% %BYTES_SENT% %DURATION%"
            + " %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\""
            + " \"%REQ(X-REQUEST-ID)%\" \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\" %UPSTREAM_CLUSTER_RAW%"
            + " %UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS%"
            + " %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n";

    static final Format TEXT = new Format.Text(LINE);

    static final Format JSON = new Format.Json(new Value.Struct(Map.ofEntries(
                    Map.entry("start_time", "%START_TIME%"),
                    Map.entry("method", "%REQ(:METHOD)%"),
                    Map.entry("path", "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"),
                    Map.entry("protocol", "%PROTOCOL%"),
                    Map.entry("response_code", "%RESPONSE_CODE%"),
                    Map.entry("response_flags", "%RESPONSE_FLAGS%"),
                    Map.entry("response_code_details", "%RESPONSE_CODE_DETAILS%"),
                    Map.entry("connection_termination_details", "%CONNECTION_TERMINATION_DETAILS%"),
                    Map.entry("upstream_transport_failure_reason", "%UPSTREAM_TRANSPORT_FAILURE_REASON%"),
                    Map.entry("bytes_received", "%BYTES_RECEIVED%"),
                    Map.entry("bytes_sent", "%BYTES_SENT%"),
                    Map.entry("duration", "%DURATION%"),
                    Map.entry("upstream_service_time", "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%"),
                    Map.entry("x_forwarded_for", "%REQ(X-FORWARDED-FOR)%"),
                    Map.entry("user_agent", "%REQ(USER-AGENT)%"),
                    Map.entry("request_id", "%REQ(X-REQUEST-ID)%"),
                    Map.entry("authority", "%REQ(:AUTHORITY)%"),
                    Map.entry("upstream_host", "%UPSTREAM_HOST%"),
                    Map.entry("upstream_cluster", "%UPSTREAM_CLUSTER_RAW%"),
                    Map.entry("upstream_local_address", "%UPSTREAM_LOCAL_ADDRESS%"),
                    Map.entry("downstream_local_address", "%DOWNSTREAM_LOCAL_ADDRESS%"),
                    Map.entry("downstream_remote_address", "%DOWNSTREAM_REMOTE_ADDRESS%"),
                    Map.entry("requested_server_name", "%REQUESTED_SERVER_NAME%"),
                    Map.entry("route_name", "%ROUTE_NAME%"))
            .entrySet()
            .stream()
            .collect(Collectors.collectingAndThen(
                    Collectors.toMap(Map.Entry::getKey, entry -> (Value) new Value.Text(entry.getValue())),
                    ImmutableSortedMap::copyOf))));

    /// What travels with a record unless a provider says otherwise.
    static final List<String> STATE = List.of("upstream_peer", "downstream_peer");

    static final String PRINTED = "/dev/stdout";

    static final String REQUESTS = "http_envoy_accesslog";

    static final String CONNECTIONS = "tcp_envoy_accesslog";

    static final String UNMATCHED = "listener_envoy_accesslog";

    static final String OPEN_TELEMETRY = "otel_envoy_accesslog";

    private LogDefaults() {}
}
