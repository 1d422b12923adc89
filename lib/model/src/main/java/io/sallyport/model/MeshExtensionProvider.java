package io.sallyport.model;

import com.google.common.collect.ImmutableList;
import org.jspecify.annotations.Nullable;

/// Somebody who takes logs, traces, metrics or decisions, under a name that Telemetry and AuthorizationPolicy use.
/// Access log providers are read in full; the others are kept as they are written.
@OneOf({
    "envoyExtAuthzHttp",
    "envoyExtAuthzGrpc",
    "zipkin",
    "lightstep",
    "datadog",
    "stackdriver",
    "opencensus",
    "skywalking",
    "opentelemetry",
    "prometheus",
    "envoyFileAccessLog",
    "envoyHttpAls",
    "envoyTcpAls",
    "envoyOtelAls",
    "sds"
})
public record MeshExtensionProvider(
        @Required String name,
        Value.@Nullable Struct envoyExtAuthzHttp,
        Value.@Nullable Struct envoyExtAuthzGrpc,
        Value.@Nullable Struct zipkin,
        @DeprecatedField Value.@Nullable Struct lightstep,
        Value.@Nullable Struct datadog,
        Value.@Nullable Struct stackdriver,
        @DeprecatedField Value.@Nullable Struct opencensus,
        Value.@Nullable Struct skywalking,
        Value.@Nullable Struct opentelemetry,
        Value.@Nullable Struct prometheus,
        @Nullable FileAccessLog envoyFileAccessLog,
        @Nullable HttpGrpcAccessLog envoyHttpAls,
        @Nullable TcpGrpcAccessLog envoyTcpAls,
        @Nullable OtelAccessLog envoyOtelAls,
        Value.@Nullable Struct sds) {

    /// Writes lines to a file, or to `/dev/stdout`.
    public record FileAccessLog(String path, @Nullable LogFormat logFormat, boolean omitEmptyValues) {}

    /// Text, or one JSON object a line.
    @OneOf({"text", "labels"})
    public record LogFormat(@Nullable String text, Value.@Nullable Struct labels) {}

    /// Sends HTTP logs to a gRPC service.
    public record HttpGrpcAccessLog(
            @Required String service,
            @Required @Unsigned int port,
            String logName,
            ImmutableList<String> filterStateObjectsToLog,
            ImmutableList<String> additionalRequestHeadersToLog,
            ImmutableList<String> additionalResponseHeadersToLog,
            ImmutableList<String> additionalResponseTrailersToLog) {}

    /// Sends TCP logs to a gRPC service.
    public record TcpGrpcAccessLog(
            @Required String service,
            @Required @Unsigned int port,
            String logName,
            ImmutableList<String> filterStateObjectsToLog) {}

    /// Sends logs to an OpenTelemetry collector.
    public record OtelAccessLog(
            @Required String service,
            @Required @Unsigned int port,
            String logName,
            @Nullable OtelLogFormat logFormat,
            ImmutableList<String> filterStateObjectsToLog) {}

    /// The body and the attributes of a log record.
    public record OtelLogFormat(String text, Value.@Nullable Struct labels) {}
}
