package io.sallyport.model;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// What is logged, traced and counted: Istio's `telemetry.istio.io` Telemetry, field by field.
public record Telemetry(
        @Nullable PolicySelector selector,
        @DeprecatedField("targetRefs") @Nullable PolicyTargetReference targetRef,
        ImmutableList<PolicyTargetReference> targetRefs,
        ImmutableList<Tracing> tracing,
        ImmutableList<Metrics> metrics,
        ImmutableList<AccessLogging> accessLogging)
        implements Spec {

    /// Names an extension provider of the mesh settings.
    public record ProviderRef(@Required @NotEmpty String name) {}

    /// Which side of a request.
    public enum WorkloadMode {
        CLIENT_AND_SERVER,
        CLIENT,
        SERVER
    }

    /// Traces.
    public record Tracing(
            @Nullable TracingSelector match,
            ImmutableList<ProviderRef> providers,
            @Nullable Double randomSamplingPercentage,
            @Nullable Boolean disableSpanReporting,
            ImmutableSortedMap<String, CustomTag> customTags,
            @Nullable Boolean useRequestIdForTraceSampling,
            @Nullable Boolean enableIstioTags,
            @Nullable Boolean disableContextPropagation) {}

    /// Which traffic is traced.
    public record TracingSelector(WorkloadMode mode) {}

    /// A tag of a span, from one of four sources.
    @OneOf({"literal", "environment", "header", "formatter"})
    public record CustomTag(
            @Nullable Literal literal,
            @Nullable Environment environment,
            @Nullable RequestHeader header,
            @Nullable Formatter formatter) {}

    /// Always the same value.
    public record Literal(@Required @NotEmpty String value) {}

    /// The value of an environment variable of the proxy.
    public record Environment(@Required @NotEmpty String name, String defaultValue) {}

    /// The value of a request header.
    public record RequestHeader(@Required @NotEmpty String name, String defaultValue) {}

    /// A value in the language of access log formats.
    public record Formatter(@Required @NotEmpty String value) {}

    /// Metrics.
    public record Metrics(
            ImmutableList<ProviderRef> providers,
            ImmutableList<MetricsOverrides> overrides,
            @Nullable Duration reportingInterval) {}

    /// Changes of single metrics.
    public record MetricsOverrides(
            @Nullable MetricSelector match,
            @Nullable Boolean disabled,
            ImmutableSortedMap<String, TagOverride> tagOverrides) {}

    /// Which metrics.
    @OneOf({"metric", "customMetric"})
    public record MetricSelector(
            @Nullable IstioMetric metric,
            @NotEmpty @Nullable String customMetric,
            WorkloadMode mode) {}

    /// Istio's own metrics.
    public enum IstioMetric {
        ALL_METRICS,
        REQUEST_COUNT,
        REQUEST_DURATION,
        REQUEST_SIZE,
        RESPONSE_SIZE,
        TCP_OPENED_CONNECTIONS,
        TCP_CLOSED_CONNECTIONS,
        TCP_SENT_BYTES,
        TCP_RECEIVED_BYTES,
        GRPC_REQUEST_MESSAGES,
        GRPC_RESPONSE_MESSAGES
    }

    /// A change of one tag.
    public record TagOverride(TagOperation operation, String value) {}

    /// What happens to a tag.
    public enum TagOperation {
        UPSERT,
        REMOVE
    }

    /// Access logs.
    public record AccessLogging(
            @Nullable LogSelector match,
            ImmutableList<ProviderRef> providers,
            @Nullable Boolean disabled,
            @Nullable Filter filter) {}

    /// Which traffic is logged.
    public record LogSelector(WorkloadMode mode) {}

    /// A CEL expression that chooses rows.
    public record Filter(String expression) {}
}
