package io.sallyport.accesslog.receive;

import com.google.protobuf.util.Timestamps;
import io.grpc.stub.StreamObserver;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceResponse;
import io.opentelemetry.proto.collector.logs.v1.LogsServiceGrpc;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import io.sallyport.runtime.identity.Caller;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// OpenTelemetry logs over gRPC, as Envoy's own logger for it sends them: the body is a line in one of Istio's
/// formats, and labels of the provider are attributes, which become tags. A body that is no such line is kept
/// and counted, as a line of a file is. Source: OpenTelemetry, `collector/logs/v1/logs_service.proto`; Envoy,
/// `open_telemetry/v3/logs_service.proto`.
public final class OtlpReceiver extends LogsServiceGrpc.LogsServiceImplBase {

    private static final int MAX_RECORDS = 100_000;

    private final Intake intake;

    public OtlpReceiver(Intake intake) {
        this.intake = intake;
    }

    @Override
    public void export(ExportLogsServiceRequest request, StreamObserver<ExportLogsServiceResponse> response) {
        var rows = new TreeMap<String, List<AccessLogEntry.Builder>>();
        var proxies = new TreeMap<String, Proxy>();
        var rejected = 0L;
        var taken = 0;
        for (var resource : request.getResourceLogsList()) {
            var proxy = proxy(resource.getResource().getAttributesList())
                    .provedBy(Caller.current().identity());
            proxies.put(proxy.toString(), proxy);
            for (var scope : resource.getScopeLogsList()) {
                for (var record : scope.getLogRecordsList()) {
                    if (taken++ < MAX_RECORDS) {
                        rows.computeIfAbsent(proxy.toString(), _ -> new ArrayList<>())
                                .add(row(record));
                    } else {
                        rejected++;
                    }
                }
            }
        }
        rows.forEach((name, some) -> intake.take(java.util.Objects.requireNonNull(proxies.get(name)), some));
        var answer = ExportLogsServiceResponse.newBuilder();
        if (rejected > 0) {
            answer.getPartialSuccessBuilder()
                    .setRejectedLogRecords(rejected)
                    .setErrorMessage("more than " + MAX_RECORDS + " records in one request");
        }
        response.onNext(answer.build());
        response.onCompleted();
    }

    // What Envoy's logger says of its node, else what the semantic conventions call a service.
    private static Proxy proxy(List<KeyValue> attributes) {
        var known = texts(attributes);
        var node = known.getOrDefault("node_name", "");
        if (!node.isEmpty()) {
            return Proxy.claimedBy(io.envoyproxy.envoy.config.core.v3.Node.newBuilder()
                    .setId(node)
                    .build());
        }
        var name = known.getOrDefault("k8s.pod.name", known.getOrDefault("service.name", ""));
        var namespace = known.getOrDefault("k8s.namespace.name", known.getOrDefault("service.namespace", ""));
        return new Proxy(namespace, name.isEmpty() ? "unknown" : name);
    }

    private static AccessLogEntry.Builder row(LogRecord record) {
        var row = LogLines.row(text(record.getBody()).strip()).setSource("otlp");
        if (!row.hasStartTime()) {
            var nanos = record.getTimeUnixNano() != 0 ? record.getTimeUnixNano() : record.getObservedTimeUnixNano();
            if (nanos > 0) {
                row.setStartTime(Timestamps.fromNanos(nanos));
            }
        }
        if (row.getTraceId().isEmpty() && !record.getTraceId().isEmpty()) {
            row.setTraceId(HexFormat.of().formatHex(record.getTraceId().toByteArray()));
        }
        return row.putAllTags(texts(record.getAttributesList()));
    }

    private static Map<String, String> texts(List<KeyValue> attributes) {
        var texts = new TreeMap<String, String>();
        for (var attribute : attributes) {
            texts.put(attribute.getKey(), text(attribute.getValue()));
        }
        return texts;
    }

    private static String text(AnyValue value) {
        return switch (value.getValueCase()) {
            case STRING_VALUE -> value.getStringValue();
            case BOOL_VALUE -> String.valueOf(value.getBoolValue());
            case INT_VALUE -> String.valueOf(value.getIntValue());
            case DOUBLE_VALUE -> String.valueOf(value.getDoubleValue());
            case ARRAY_VALUE, KVLIST_VALUE -> value.toString();
            case BYTES_VALUE -> HexFormat.of().formatHex(value.getBytesValue().toByteArray());
            case VALUE_NOT_SET -> "";
        };
    }
}
