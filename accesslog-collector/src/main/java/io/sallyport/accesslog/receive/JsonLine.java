package io.sallyport.accesslog.receive;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.google.protobuf.util.Timestamps;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.text.ParseException;
import java.util.Optional;

/// Reads one line of Istio's JSON format: the 24 values of the text format by name, and whatever keys an
/// operator has added, which become tags. A key that occurs twice makes the line unreadable: one of them is
/// not the proxy's. Source: Istio, `pilot/pkg/model/telemetry_logging.go` (`EnvoyJSONLogFormatIstio`).
final class JsonLine {

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private JsonLine() {}

    static Optional<AccessLogEntry.Builder> read(String line) {
        var row = AccessLogEntry.newBuilder().setSource("json").setWeight(1).setKind("http");
        try (var json = FACTORY.createParser(line)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                return Optional.empty();
            }
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                var name = json.currentName();
                if (json.nextToken().isStructStart()) {
                    json.skipChildren();
                    continue;
                }
                set(row, name, text(json));
            }
            if (json.nextToken() != null || !row.hasStartTime()) {
                return Optional.empty();
            }
        } catch (JsonProcessingException | NumberFormatException | ArithmeticException | ParseException e) {
            return Optional.empty();
        } catch (IOException e) {
            // A string cannot fail to be read.
            throw new UncheckedIOException(e);
        }
        if (row.getMethod().isEmpty() && row.getResponseCode() == 0) {
            row.setKind("tcp");
        }
        return Optional.of(row);
    }

    private static String text(JsonParser json) throws IOException {
        if (json.currentToken() == JsonToken.VALUE_NULL) {
            return "";
        }
        var text = json.getText();
        return text.equals("-") ? "" : text;
    }

    private static void set(AccessLogEntry.Builder row, String name, String value) throws ParseException {
        switch (name) {
            case "start_time" -> row.setStartTime(Timestamps.parse(value));
            case "method" -> row.setMethod(value);
            case "path" -> row.setPath(value);
            case "protocol" -> row.setProtocol(value);
            case "response_code" -> row.setResponseCode(TextLine.number(value));
            case "response_flags" -> row.setResponseFlagsList(value);
            case "response_code_details" -> row.setResponseDetails(value);
            case "connection_termination_details" -> row.setTerminationDetails(value);
            case "upstream_transport_failure_reason" -> row.setUpstreamFailure(value);
            case "bytes_received" -> row.setRequestBytes(TextLine.number(value));
            case "bytes_sent" -> row.setResponseBytes(TextLine.number(value));
            case "duration" -> row.setDurationMicros(TextLine.millis(value));
            case "upstream_service_time" -> row.setUpstreamMicros(TextLine.millis(value));
            case "x_forwarded_for" -> row.setForwardedFor(value);
            case "user_agent" -> row.setUserAgent(value);
            case "request_id" -> row.setRequestId(value);
            case "authority" -> row.setHost(value);
            case "upstream_host" -> row.setUpstreamAddress(value);
            case "upstream_cluster" -> row.setCluster(value);
            case "upstream_local_address" -> row.setUpstreamLocalAddress(value);
            case "downstream_local_address" -> row.setDestinationAddress(value);
            case "downstream_remote_address" -> row.setSourceAddress(value);
            case "requested_server_name" -> row.setServerName(value);
            case "route_name" -> row.setRouteName(value);
            case "trace_id" -> row.setTraceId(value);
            default -> {
                if (!value.isEmpty()) {
                    row.putTags(name, value);
                }
            }
        }
    }
}
