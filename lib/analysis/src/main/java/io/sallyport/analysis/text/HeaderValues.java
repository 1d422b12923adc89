package io.sallyport.analysis.text;

import com.google.common.collect.ImmutableSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// Header values and log formats, in which Envoy replaces commands: `%REQ(x-user)%`. `%%` is a percent sign.
///
/// A value that Envoy cannot parse makes it refuse the whole listener, and two of its commands read the gateway's own
/// environment and files; so both are refused here, though Istio lets them pass (`reference/hardening.md`, H20 to H24).
public final class HeaderValues {

    private static final int LONGEST_ARGUMENT = 1024;
    private static final ImmutableSet<String> SECRET = ImmutableSet.of("ENVIRONMENT", "FILE_CONTENT");
    private static final ImmutableSet<String> CREDENTIALS =
            ImmutableSet.of("authorization", "cookie", "proxy-authorization");
    // Every command that Envoy 1.40 documents for header values and access logs.
    private static final ImmutableSet<String> COMMANDS = ImmutableSet.of(
            "REQ",
            "RESP",
            "TRAILER",
            "REQUEST_HEADER",
            "RESPONSE_HEADER",
            "RESPONSE_TRAILER",
            "REQ_WITHOUT_QUERY",
            "PATH",
            "QUERY_PARAM",
            "QUERY_PARAMS",
            "HOSTNAME",
            "PROTOCOL",
            "START_TIME",
            "START_TIME_LOCAL",
            "EMIT_TIME",
            "EMIT_TIME_LOCAL",
            "DURATION",
            "COMMON_DURATION",
            "CUSTOM_DURATION",
            "REQUEST_DURATION",
            "REQUEST_TX_DURATION",
            "RESPONSE_DURATION",
            "RESPONSE_TX_DURATION",
            "ROUNDTRIP_DURATION",
            "LAST_DOWNSTREAM_RX_BYTE_RECEIVED",
            "BYTES_RECEIVED",
            "BYTES_SENT",
            "BYTES_RETRANSMITTED",
            "PACKETS_RETRANSMITTED",
            "REQUEST_HEADERS_BYTES",
            "RESPONSE_HEADERS_BYTES",
            "RESPONSE_TRAILERS_BYTES",
            "RESPONSE_CODE",
            "RESPONSE_CODE_DETAILS",
            "RESPONSE_FLAGS",
            "RESPONSE_FLAGS_LONG",
            "CONNECTION_TERMINATION_DETAILS",
            "CONNECTION_ID",
            "REQUESTED_SERVER_NAME",
            "GRPC_STATUS",
            "GRPC_STATUS_NUMBER",
            "ROUTE_NAME",
            "VIRTUAL_CLUSTER_NAME",
            "FILTER_CHAIN_NAME",
            "ACCESS_LOG_TYPE",
            "UNIQUE_ID",
            "STREAM_ID",
            "TRACE_ID",
            "SPAN_ID",
            "CEL",
            "TYPED_CEL",
            "COALESCE",
            "LOCAL_REPLY_BODY",
            "DYNAMIC_METADATA",
            "CLUSTER_METADATA",
            "FILTER_STATE",
            "METADATA",
            "PER_REQUEST_STATE",
            "VIRTUAL_HOST_NAME",
            "TLS_JA3_FINGERPRINT",
            "TLS_JA4_FINGERPRINT",
            "ALPN",
            "UPSTREAM_METADATA",
            "UPSTREAM_FILTER_STATE",
            "UPSTREAM_HOST",
            "UPSTREAM_HOST_NAME",
            "UPSTREAM_HOST_NAME_WITHOUT_PORT",
            "UPSTREAM_HOSTS_ATTEMPTED",
            "UPSTREAM_HOSTS_ATTEMPTED_WITHOUT_PORT",
            "UPSTREAM_HOST_NAMES_ATTEMPTED",
            "UPSTREAM_HOST_NAMES_ATTEMPTED_WITHOUT_PORT",
            "UPSTREAM_CONNECTION_IDS_ATTEMPTED",
            "UPSTREAM_CLUSTER",
            "UPSTREAM_CLUSTER_RAW",
            "UPSTREAM_LOCAL_ADDRESS",
            "UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT",
            "UPSTREAM_LOCAL_PORT",
            "UPSTREAM_LOCAL_ADDRESS_ENDPOINT_ID",
            "UPSTREAM_REMOTE_ADDRESS",
            "UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT",
            "UPSTREAM_REMOTE_PORT",
            "UPSTREAM_REMOTE_ADDRESS_ENDPOINT_ID",
            "UPSTREAM_REQUEST_ATTEMPT_COUNT",
            "UPSTREAM_PROTOCOL",
            "UPSTREAM_TRANSPORT_FAILURE_REASON",
            "UPSTREAM_DETECTED_CLOSE_TYPE",
            "UPSTREAM_LOCAL_CLOSE_REASON",
            "UPSTREAM_CONNECTION_ID",
            "UPSTREAM_CONNECTION_POOL_READY_DURATION",
            "UPSTREAM_WIRE_BYTES_SENT",
            "UPSTREAM_WIRE_BYTES_RECEIVED",
            "UPSTREAM_HEADER_BYTES_SENT",
            "UPSTREAM_HEADER_BYTES_RECEIVED",
            "UPSTREAM_DECOMPRESSED_HEADER_BYTES_SENT",
            "UPSTREAM_DECOMPRESSED_HEADER_BYTES_RECEIVED",
            "UPSTREAM_TLS_VERSION",
            "UPSTREAM_TLS_CIPHER",
            "UPSTREAM_TLS_SESSION_ID",
            "UPSTREAM_PEER_ISSUER",
            "UPSTREAM_PEER_CERT",
            "UPSTREAM_PEER_SUBJECT",
            "UPSTREAM_LOCAL_SUBJECT",
            "UPSTREAM_PEER_URI_SAN",
            "UPSTREAM_LOCAL_URI_SAN",
            "UPSTREAM_PEER_DNS_SAN",
            "UPSTREAM_LOCAL_DNS_SAN",
            "UPSTREAM_PEER_IP_SAN",
            "UPSTREAM_LOCAL_IP_SAN",
            "UPSTREAM_PEER_CERT_V_START",
            "UPSTREAM_PEER_CERT_V_END",
            "UPSTREAM_SERVER_NAME",
            "UPSTREAM_BYTES_SENT",
            "UPSTREAM_BYTES_RECEIVED",
            "UPSTREAM_PEER_OID_SAN",
            "DOWNSTREAM_REMOTE_ADDRESS",
            "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT",
            "DOWNSTREAM_REMOTE_PORT",
            "DOWNSTREAM_REMOTE_ADDRESS_ENDPOINT_ID",
            "DOWNSTREAM_DIRECT_REMOTE_ADDRESS",
            "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT",
            "DOWNSTREAM_DIRECT_REMOTE_PORT",
            "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_ENDPOINT_ID",
            "DOWNSTREAM_LOCAL_ADDRESS",
            "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT",
            "DOWNSTREAM_LOCAL_PORT",
            "DOWNSTREAM_LOCAL_ADDRESS_ENDPOINT_ID",
            "DOWNSTREAM_DIRECT_LOCAL_ADDRESS",
            "DOWNSTREAM_DIRECT_LOCAL_ADDRESS_WITHOUT_PORT",
            "DOWNSTREAM_DIRECT_LOCAL_PORT",
            "DOWNSTREAM_TLS_VERSION",
            "DOWNSTREAM_TLS_CIPHER",
            "DOWNSTREAM_TLS_SESSION_ID",
            "DOWNSTREAM_PEER_SERIAL",
            "DOWNSTREAM_PEER_ISSUER",
            "DOWNSTREAM_PEER_SUBJECT",
            "DOWNSTREAM_LOCAL_SUBJECT",
            "DOWNSTREAM_PEER_URI_SAN",
            "DOWNSTREAM_LOCAL_URI_SAN",
            "DOWNSTREAM_PEER_DNS_SAN",
            "DOWNSTREAM_LOCAL_DNS_SAN",
            "DOWNSTREAM_PEER_IP_SAN",
            "DOWNSTREAM_LOCAL_IP_SAN",
            "DOWNSTREAM_PEER_EMAIL_SAN",
            "DOWNSTREAM_LOCAL_EMAIL_SAN",
            "DOWNSTREAM_PEER_OTHERNAME_SAN",
            "DOWNSTREAM_LOCAL_OTHERNAME_SAN",
            "DOWNSTREAM_PEER_OID_SAN",
            "DOWNSTREAM_LOCAL_OID_SAN",
            "DOWNSTREAM_PEER_FINGERPRINT_256",
            "DOWNSTREAM_PEER_FINGERPRINT_1",
            "DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_256",
            "DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_1",
            "DOWNSTREAM_PEER_CHAIN_SERIALS",
            "DOWNSTREAM_PEER_CERT",
            "DOWNSTREAM_PEER_CERT_V_START",
            "DOWNSTREAM_PEER_CERT_V_END",
            "DOWNSTREAM_HANDSHAKE_DURATION",
            "DOWNSTREAM_WIRE_BYTES_SENT",
            "DOWNSTREAM_WIRE_BYTES_RECEIVED",
            "DOWNSTREAM_HEADER_BYTES_SENT",
            "DOWNSTREAM_HEADER_BYTES_RECEIVED",
            "DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_SENT",
            "DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_RECEIVED",
            "DOWNSTREAM_TRANSPORT_FAILURE_REASON",
            "DOWNSTREAM_DETECTED_CLOSE_TYPE",
            "DOWNSTREAM_LOCAL_CLOSE_REASON");

    private HeaderValues() {}

    /// What is wrong with a value that Envoy parses.
    public static Optional<String> problem(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if ((c < 0x20 && c != '\t') || c == 0x7f) {
                return Optional.of("value has the control character U+%04X at %d (expected: printable text)"
                        .formatted((int) c, i));
            }
        }
        return formatProblem(value, COMMANDS);
    }

    /// What is wrong with a value in which commands are read, leaving control characters aside (log formats end in a
    /// line break).
    public static Optional<String> formatProblem(String value) {
        return formatProblem(value, COMMANDS);
    }

    /// A command in plain text that would hand out the gateway's environment or files if the text were ever read as a
    /// format: `ENVIRONMENT`.
    public static Optional<String> secretCommand(String text) {
        return SECRET.stream().filter(name -> text.contains("%" + name + "(")).findFirst();
    }

    /// The credential that a value copies into another header: `authorization`.
    public static Optional<String> copiedCredential(String value) {
        var lower = value.toLowerCase(Locale.ROOT);
        return CREDENTIALS.stream()
                .filter(name -> lower.contains("%req(" + name + ")") || lower.contains("%request_header(" + name + ")"))
                .findFirst();
    }

    private static Optional<String> formatProblem(String value, Set<String> commands) {
        int at = value.indexOf('%');
        while (at >= 0) {
            if (value.startsWith("%%", at)) {
                at = value.indexOf('%', at + 2);
                continue;
            }
            int nameEnd = at + 1;
            while (nameEnd < value.length() && isNameCharacter(value.charAt(nameEnd))) {
                nameEnd++;
            }
            var name = value.substring(at + 1, nameEnd);
            int end = commandEnd(value, nameEnd);
            if (name.isEmpty() || end < 0) {
                return Optional.of(
                        "value \"%s\" has a \"%%\" at %d that starts no command (expected: \"%%%%\" for a percent sign, or a command such as \"%%REQ(x-user)%%\")"
                                .formatted(shortened(value), at));
            }
            if (SECRET.contains(name)) {
                return Optional.of("command \"%%%s(...)%%\" reads secrets of the gateway (expected: no such command)"
                        .formatted(name));
            }
            if (!commands.contains(name)) {
                return Optional.of(
                        "command \"%%%s%%\" is unknown (expected: a command of Envoy, or \"%%%%\" for a percent sign)"
                                .formatted(name));
            }
            if (end - nameEnd > LONGEST_ARGUMENT) {
                return Optional.of("command \"%%%s(...)%%\" has an argument of %d characters (expected: at most %d)"
                        .formatted(name, end - nameEnd, LONGEST_ARGUMENT));
            }
            at = value.indexOf('%', end);
        }
        return Optional.empty();
    }

    // The place after the command's last percent sign; -1 when it does not end. Arguments may hold percent signs
    // (`%START_TIME(%Y)%`) and parentheses, so the end is a ")" that is followed by an optional length and "%".
    private static int commandEnd(String value, int from) {
        int plain = lengthAndPercent(value, from);
        if (plain >= 0) {
            return plain;
        }
        if (from >= value.length() || value.charAt(from) != '(') {
            return -1;
        }
        for (int close = value.indexOf(')', from); close >= 0; close = value.indexOf(')', close + 1)) {
            int end = lengthAndPercent(value, close + 1);
            if (end >= 0) {
                return end;
            }
        }
        return -1;
    }

    private static int lengthAndPercent(String value, int from) {
        int at = from;
        if (at < value.length() && value.charAt(at) == ':') {
            at++;
            int digits = at;
            while (at < value.length() && Character.isDigit(value.charAt(at))) {
                at++;
            }
            if (at == digits) {
                return -1;
            }
        }
        return at < value.length() && value.charAt(at) == '%' ? at + 1 : -1;
    }

    private static boolean isNameCharacter(char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    }

    private static String shortened(String value) {
        return value.length() <= 80 ? value : value.substring(0, 80) + "…";
    }
}
