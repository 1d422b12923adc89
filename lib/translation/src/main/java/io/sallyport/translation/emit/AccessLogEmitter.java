package io.sallyport.translation.emit;

import com.google.protobuf.ListValue;
import com.google.protobuf.Message;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.UInt32Value;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.accesslog.v3.AccessLogFilter;
import io.envoyproxy.envoy.config.accesslog.v3.AndFilter;
import io.envoyproxy.envoy.config.accesslog.v3.ExtensionFilter;
import io.envoyproxy.envoy.config.accesslog.v3.ResponseFlagFilter;
import io.envoyproxy.envoy.config.core.v3.ApiVersion;
import io.envoyproxy.envoy.config.core.v3.GrpcService;
import io.envoyproxy.envoy.config.core.v3.JsonFormatOptions;
import io.envoyproxy.envoy.config.core.v3.SubstitutionFormatString;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.extensions.access_loggers.file.v3.FileAccessLog;
import io.envoyproxy.envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter;
import io.envoyproxy.envoy.extensions.access_loggers.grpc.v3.CommonGrpcAccessLogConfig;
import io.envoyproxy.envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig;
import io.envoyproxy.envoy.extensions.access_loggers.grpc.v3.TcpGrpcAccessLogConfig;
import io.envoyproxy.envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig;
import io.envoyproxy.envoy.extensions.formatter.req_without_query.v3.ReqWithoutQuery;
import io.envoyproxy.envoy.type.metadata.v3.MetadataKey;
import io.envoyproxy.envoy.type.metadata.v3.MetadataKind;
import io.envoyproxy.envoy.type.tracing.v3.CustomTag;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.sallyport.model.Origin;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.plan.AccessLog;
import io.sallyport.translation.plan.AccessLog.Buffer;
import io.sallyport.translation.plan.AccessLog.Format;
import io.sallyport.translation.plan.AccessLog.Receiver;
import io.sallyport.translation.plan.AccessLog.Rows;
import io.sallyport.translation.plan.AccessLog.Sink;
import io.sallyport.translation.plan.AccessLog.Stream;
import io.sallyport.translation.plan.UpstreamId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// Spells access logs.
final class AccessLogEmitter {

    private static final String WITHOUT_QUERY = "%REQ_WITHOUT_QUERY";

    // No chain took the connection: no other log can know of it.
    private static final AccessLogFilter UNMATCHED = AccessLogFilter.newBuilder()
            .setResponseFlagFilter(ResponseFlagFilter.newBuilder().addFlags("NR"))
            .build();

    private static final String OBJECT = ResourceNames.METADATA + ".object";
    private static final List<CustomTag> OF_ROUTE = List.of(ofRoute("object"), ofRoute("rule"), ofRoute("digest"));

    private AccessLogEmitter() {}

    /// For requests.
    static List<io.envoyproxy.envoy.config.accesslog.v3.AccessLog> requests(List<AccessLog> logs) {
        return logs.stream().map(log -> emit(log, List.of(), OF_ROUTE)).toList();
    }

    /// For connections that a chain takes. Only the object is named: its rule's place and its digest change with edits
    /// that do not touch the chain, and Envoy ends the connections of a chain that changes.
    static List<io.envoyproxy.envoy.config.accesslog.v3.AccessLog> connections(List<AccessLog> logs, Origin origin) {
        var tags = List.of(CustomTag.newBuilder()
                .setTag(OBJECT)
                .setLiteral(
                        CustomTag.Literal.newBuilder().setValue(origin.object().toString()))
                .build());
        return logs.stream().map(log -> emit(log, List.of(), tags)).toList();
    }

    /// For connections that no chain takes.
    static List<io.envoyproxy.envoy.config.accesslog.v3.AccessLog> unmatched(List<AccessLog> logs) {
        return logs.stream()
                .map(log -> emit(log, List.of(UNMATCHED), List.of()))
                .toList();
    }

    /// For connections whose handshake failed.
    static List<io.envoyproxy.envoy.config.accesslog.v3.AccessLog> handshakes(List<AccessLog> logs) {
        return logs.stream()
                .map(log -> emit(HandshakeLog.of(log), List.of(HandshakeLog.FAILED), List.of()))
                .toList();
    }

    private static io.envoyproxy.envoy.config.accesslog.v3.AccessLog emit(
            AccessLog log, List<AccessLogFilter> conditions, List<CustomTag> tags) {
        var filters = new ArrayList<>(conditions);
        switch (log.rows()) {
            case Rows.All() -> {}
            case Rows.Matching(var expression) -> filters.add(filter(expression));
        }
        var out = io.envoyproxy.envoy.config.accesslog.v3.AccessLog.newBuilder();
        switch (log.sink()) {
            case Sink.File file -> out.setName(ResourceNames.FILE_LOG).setTypedConfig(Values.pack(file(file)));
            case Sink.Requests requests ->
                out.setName(ResourceNames.REQUEST_LOG).setTypedConfig(Values.pack(requests(requests, tags)));
            case Sink.Connections(var stream) ->
                out.setName(ResourceNames.CONNECTION_LOG)
                        .setTypedConfig(Values.pack(TcpGrpcAccessLogConfig.newBuilder()
                                .setCommonConfig(stream(stream, tags))
                                .build()));
            case Sink.OpenTelemetry telemetry ->
                out.setName(ResourceNames.OPEN_TELEMETRY_LOG).setTypedConfig(Values.pack(telemetry(telemetry, tags)));
        }
        if (filters.size() == 1) {
            out.setFilter(filters.getFirst());
        } else if (filters.size() > 1) {
            out.setFilter(AccessLogFilter.newBuilder()
                    .setAndFilter(AndFilter.newBuilder().addAllFilters(filters)));
        }
        return out.build();
    }

    private static AccessLogFilter filter(String expression) {
        var cel = ExpressionFilter.newBuilder().setExpression(expression).build();
        return AccessLogFilter.newBuilder()
                .setExtensionFilter(ExtensionFilter.newBuilder()
                        .setName("envoy.access_loggers.extension_filters.cel")
                        .setTypedConfig(Values.pack(cel)))
                .build();
    }

    private static Message file(Sink.File file) {
        var format = SubstitutionFormatString.newBuilder().setOmitEmptyValues(file.omitsEmpty());
        switch (file.format()) {
            case Format.Text(var line) -> {
                format.getTextFormatSourceBuilder().setInlineString(line);
                addFormatters(line, format);
            }
            case Format.Json(var fields) -> {
                var json = struct(fields);
                format.setJsonFormat(json).setJsonFormatOptions(JsonFormatOptions.getDefaultInstance());
                addFormatters(json.toString(), format);
            }
        }
        return FileAccessLog.newBuilder()
                .setPath(file.path())
                .setLogFormat(format)
                .build();
    }

    // The one command that Envoy knows by an extension only.
    private static void addFormatters(String text, SubstitutionFormatString.Builder format) {
        if (text.contains(WITHOUT_QUERY)) {
            format.addFormatters(withoutQuery());
        }
    }

    private static TypedExtensionConfig withoutQuery() {
        return TypedExtensionConfig.newBuilder()
                .setName("envoy.formatter.req_without_query")
                .setTypedConfig(Values.pack(ReqWithoutQuery.getDefaultInstance()))
                .build();
    }

    private static Message requests(Sink.Requests requests, List<CustomTag> tags) {
        return HttpGrpcAccessLogConfig.newBuilder()
                .setCommonConfig(stream(requests.stream(), tags))
                .addAllAdditionalRequestHeadersToLog(requests.requestHeaders())
                .addAllAdditionalResponseHeadersToLog(requests.responseHeaders())
                .addAllAdditionalResponseTrailersToLog(requests.responseTrailers())
                .build();
    }

    private static Message telemetry(Sink.OpenTelemetry telemetry, List<CustomTag> tags) {
        var out = OpenTelemetryAccessLogConfig.newBuilder()
                .setCommonConfig(stream(telemetry.stream(), tags))
                .setDisableBuiltinLabels(true)
                .setBody(AnyValue.newBuilder().setStringValue(telemetry.body()));
        var text = new StringBuilder(telemetry.body());
        telemetry.attributes().forEach((name, value) -> {
            text.append(value);
            out.getAttributesBuilder()
                    .addValues(KeyValue.newBuilder()
                            .setKey(name)
                            .setValue(AnyValue.newBuilder().setStringValue(value)));
        });
        if (text.indexOf(WITHOUT_QUERY) >= 0) {
            out.addFormatters(withoutQuery());
        }
        return out.build();
    }

    private static CommonGrpcAccessLogConfig stream(Stream stream, List<CustomTag> tags) {
        var service = GrpcService.newBuilder();
        switch (stream.receiver()) {
            case Receiver.Service(UpstreamId upstream) ->
                service.getEnvoyGrpcBuilder()
                        .setClusterName(ResourceNames.cluster(upstream))
                        .setAuthority(upstream.host());
            case Receiver.Own() -> service.getEnvoyGrpcBuilder().setClusterName(ResourceNames.LOG_CLUSTER);
        }
        var out = CommonGrpcAccessLogConfig.newBuilder()
                .setLogName(stream.name())
                .setGrpcService(service)
                .setTransportApiVersion(ApiVersion.V3)
                .addAllFilterStateObjectsToLog(stream.state());
        switch (stream.buffer()) {
            case Buffer.Usual() -> {}
            case Buffer.Sized(var bytes, var millis) -> {
                if (bytes > 0) {
                    out.setBufferSizeBytes(UInt32Value.of(bytes));
                }
                if (millis > 0) {
                    out.setBufferFlushInterval(Values.duration(Duration.ofMillis(millis)));
                }
            }
        }
        if (stream.receiver() instanceof Receiver.Own) {
            // What decided: our collector makes columns of it (B5).
            out.addAllCustomTags(tags);
        }
        return out.build();
    }

    private static CustomTag ofRoute(String key) {
        return CustomTag.newBuilder()
                .setTag(ResourceNames.METADATA + "." + key)
                .setMetadata(CustomTag.Metadata.newBuilder()
                        .setKind(MetadataKind.newBuilder().setRoute(MetadataKind.Route.getDefaultInstance()))
                        .setMetadataKey(MetadataKey.newBuilder()
                                .setKey(ResourceNames.METADATA)
                                .addPath(MetadataKey.PathSegment.newBuilder().setKey(key))))
                .build();
    }

    private static Struct struct(io.sallyport.model.Value.Struct fields) {
        var out = Struct.newBuilder();
        fields.fields().forEach((name, value) -> out.putFields(name, value(value)));
        return out.build();
    }

    private static Value value(io.sallyport.model.Value value) {
        var out = Value.newBuilder();
        switch (value) {
            case io.sallyport.model.Value.Nothing() -> out.setNullValue(NullValue.NULL_VALUE);
            case io.sallyport.model.Value.Bool(var flag) -> out.setBoolValue(flag);
            case io.sallyport.model.Value.Num(var number) -> out.setNumberValue(number.doubleValue());
            case io.sallyport.model.Value.Text(var text) -> out.setStringValue(text);
            case io.sallyport.model.Value.Sequence(var items) -> {
                var list = ListValue.newBuilder();
                items.forEach(item -> list.addValues(value(item)));
                out.setListValue(list);
            }
            case io.sallyport.model.Value.Struct struct -> out.setStructValue(struct(struct));
        }
        return out.build();
    }
}
