package io.sallyport.accesslog.receive;

import com.google.protobuf.Duration;
import com.google.protobuf.util.Durations;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.data.accesslog.v3.AccessLogCommon;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPAccessLogEntry;
import io.envoyproxy.envoy.data.accesslog.v3.TCPAccessLogEntry;
import io.envoyproxy.envoy.data.accesslog.v3.TLSProperties;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;

/// Reads Envoy's own entries. Every field of them that says something about a request has a place in a row.
/// Source: `envoy/data/accesslog/v3/accesslog.proto`.
final class EnvoyEntries {

    private static final String ROUTE_TAG = "sallyport.";

    private EnvoyEntries() {}

    static AccessLogEntry.Builder of(HTTPAccessLogEntry entry) {
        var row = common(entry.getCommonProperties()).setKind("http");
        var request = entry.getRequest();
        row.setMethod(
                        request.getRequestMethodValue() == 0
                                ? ""
                                : request.getRequestMethod().name())
                .setScheme(request.getScheme())
                .setHost(request.getAuthority())
                .setPath(request.getOriginalPath().isEmpty() ? request.getPath() : request.getOriginalPath())
                .setUserAgent(request.getUserAgent())
                .setReferer(request.getReferer())
                .setForwardedFor(request.getForwardedFor())
                .setRequestId(request.getRequestId())
                .setRequestHeaderBytes(request.getRequestHeadersBytes())
                .setRequestBytes(request.getRequestBodyBytes())
                .putAllRequestHeaders(request.getRequestHeadersMap())
                .setProtocol(protocol(entry.getProtocolVersion()));
        var response = entry.getResponse();
        return row.setResponseCode(response.getResponseCode().getValue())
                .setResponseDetails(response.getResponseCodeDetails())
                .setResponseBytes(response.getResponseBodyBytes())
                .setResponseHeaderBytes(response.getResponseHeadersBytes())
                .putAllResponseHeaders(response.getResponseHeadersMap());
    }

    static AccessLogEntry.Builder of(TCPAccessLogEntry entry) {
        return common(entry.getCommonProperties())
                .setKind("tcp")
                .setRequestBytes(entry.getConnectionProperties().getReceivedBytes())
                .setResponseBytes(entry.getConnectionProperties().getSentBytes());
    }

    private static AccessLogEntry.Builder common(AccessLogCommon common) {
        var row = AccessLogEntry.newBuilder()
                .setStartTime(common.getStartTime())
                .setSource("als")
                .setWeight(weight(common.getSampleRate()))
                .setRouteName(common.getRouteName())
                .setCluster(common.getUpstreamCluster())
                .setResponseFlagsList(ResponseFlagNames.of(common.getResponseFlags()))
                .setDurationMicros(duration(common))
                .setRequestReceivedMicros(micros(common.getTimeToLastRxByte()))
                .setFirstByteMicros(micros(common.getTimeToFirstDownstreamTxByte()))
                .setUpstreamMicros(upstream(common))
                .setAttempts(common.getUpstreamRequestAttemptCount())
                .setUpstreamAddress(address(common.getUpstreamRemoteAddress()))
                .setUpstreamLocalAddress(address(common.getUpstreamLocalAddress()))
                .setUpstreamFailure(common.getUpstreamTransportFailureReason())
                .setSourceAddress(address(common.getDownstreamRemoteAddress()))
                .setDirectAddress(address(common.getDownstreamDirectRemoteAddress()))
                .setDestinationAddress(address(common.getDownstreamLocalAddress()))
                .setTerminationDetails(common.getConnectionTerminationDetails())
                .setDownstreamFailure(common.getDownstreamTransportFailureReason());
        if (common.hasTlsProperties()) {
            tls(row, common.getTlsProperties());
        }
        common.getCustomTagsMap().forEach((name, value) -> tag(row, name, value));
        return row;
    }

    // What the control plane wrote into the route comes back as tags of these names.
    private static void tag(AccessLogEntry.Builder row, String name, String value) {
        switch (name) {
            case ROUTE_TAG + "object" -> row.setRouteObject(value);
            case ROUTE_TAG + "rule" ->
                row.setRule(value.startsWith("spec.") ? value.substring("spec.".length()) : value);
            case ROUTE_TAG + "digest" -> row.setObjectDigest(value);
            case ROUTE_TAG + "gateway" -> row.setGateway(value);
            case ROUTE_TAG + "serial" -> row.setCertificateSerial(value);
            case "trace_id" -> row.setTraceId(value);
            default -> row.putTags(name, value);
        }
    }

    // Envoy leaves `duration` out of entries that end with the last byte downstream in older versions.
    private static long duration(AccessLogCommon common) {
        return micros(common.hasDuration() ? common.getDuration() : common.getTimeToLastDownstreamTxByte());
    }

    private static long upstream(AccessLogCommon common) {
        if (!common.hasTimeToFirstUpstreamRxByte() || !common.hasTimeToLastUpstreamTxByte()) {
            return 0;
        }
        return Math.max(
                0, micros(common.getTimeToFirstUpstreamRxByte()) - micros(common.getTimeToLastUpstreamTxByte()));
    }

    private static double weight(double sampleRate) {
        return sampleRate > 0 && sampleRate <= 1 ? 1 / sampleRate : 1;
    }

    private static long micros(Duration duration) {
        return Durations.isValid(duration) ? Math.max(0, Durations.toMicros(duration)) : 0;
    }

    private static void tls(AccessLogEntry.Builder row, TLSProperties tls) {
        row.setServerName(tls.getTlsSniHostname())
                .setTlsVersion(version(tls.getTlsVersion()))
                .setTlsCipher(
                        tls.hasTlsCipherSuite() ? cipher(tls.getTlsCipherSuite().getValue()) : "")
                .setPeerSubject(tls.getPeerCertificateProperties().getSubject())
                .setLocalSubject(tls.getLocalCertificateProperties().getSubject());
    }

    // The numbers that Envoy offers by default; another one is shown as it is.
    private static String cipher(int suite) {
        return switch (suite) {
            case 0x1301 -> "TLS_AES_128_GCM_SHA256";
            case 0x1302 -> "TLS_AES_256_GCM_SHA384";
            case 0x1303 -> "TLS_CHACHA20_POLY1305_SHA256";
            case 0xC02B -> "ECDHE-ECDSA-AES128-GCM-SHA256";
            case 0xC02C -> "ECDHE-ECDSA-AES256-GCM-SHA384";
            case 0xC02F -> "ECDHE-RSA-AES128-GCM-SHA256";
            case 0xC030 -> "ECDHE-RSA-AES256-GCM-SHA384";
            case 0xCCA8 -> "ECDHE-RSA-CHACHA20-POLY1305";
            case 0xCCA9 -> "ECDHE-ECDSA-CHACHA20-POLY1305";
            default -> "0x%04x".formatted(suite);
        };
    }

    private static String version(TLSProperties.TLSVersion version) {
        return switch (version) {
            case TLSv1 -> "TLSv1";
            case TLSv1_1 -> "TLSv1.1";
            case TLSv1_2 -> "TLSv1.2";
            case TLSv1_3 -> "TLSv1.3";
            case VERSION_UNSPECIFIED, UNRECOGNIZED -> "";
        };
    }

    private static String protocol(HTTPAccessLogEntry.HTTPVersion version) {
        return switch (version) {
            case HTTP10 -> "HTTP/1.0";
            case HTTP11 -> "HTTP/1.1";
            case HTTP2 -> "HTTP/2";
            case HTTP3 -> "HTTP/3";
            case PROTOCOL_UNSPECIFIED, UNRECOGNIZED -> "";
        };
    }

    private static String address(Address address) {
        return switch (address.getAddressCase()) {
            case SOCKET_ADDRESS -> {
                var socket = address.getSocketAddress();
                var host =
                        socket.getAddress().indexOf(':') >= 0 ? "[" + socket.getAddress() + "]" : socket.getAddress();
                yield host + ":" + socket.getPortValue();
            }
            case PIPE -> address.getPipe().getPath();
            case ENVOY_INTERNAL_ADDRESS -> address.getEnvoyInternalAddress().getServerListenerName();
            case ADDRESS_NOT_SET -> "";
        };
    }
}
