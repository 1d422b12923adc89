package io.sallyport.model;

import com.google.common.collect.ImmutableList;
import org.jspecify.annotations.Nullable;

/// Code that runs in proxies: Istio's `extensions.istio.io` WasmPlugin, field by field.
public record WasmPlugin(
        @Nullable PolicySelector selector,
        @DeprecatedField("targetRefs") @Nullable PolicyTargetReference targetRef,
        ImmutableList<PolicyTargetReference> targetRefs,
        @Required @NotEmpty String url,
        String sha256,
        PullPolicy imagePullPolicy,
        @NotEmpty String imagePullSecret,
        String verificationKey,
        Value.@Nullable Struct pluginConfig,
        @NotEmpty String pluginName,
        PluginPhase phase,
        FailStrategy failStrategy,
        @Nullable Integer priority,
        @Nullable VmConfig vmConfig,
        ImmutableList<TrafficSelector> match,
        PluginType type)
        implements Spec {

    /// When an image is fetched again.
    public enum PullPolicy {
        UNSPECIFIED_POLICY,
        IfNotPresent,
        Always
    }

    /// Where the plugin stands among Istio's filters.
    public enum PluginPhase {
        UNSPECIFIED_PHASE,
        AUTHN,
        AUTHZ,
        STATS
    }

    /// What happens when the plugin fails.
    public enum FailStrategy {
        FAIL_CLOSE,
        FAIL_OPEN,
        FAIL_RELOAD
    }

    /// What the plugin works on.
    public enum PluginType {
        UNSPECIFIED_PLUGIN_TYPE,
        HTTP,
        NETWORK
    }

    /// The environment of the plugin.
    public record VmConfig(ImmutableList<EnvVar> env) {}

    /// One environment variable.
    public record EnvVar(@Required @NotEmpty String name, EnvValueSource valueFrom, String value) {}

    /// Where a variable's value comes from.
    public enum EnvValueSource {
        INLINE,
        HOST
    }

    /// Which traffic the plugin sees.
    public record TrafficSelector(WorkloadMode mode, ImmutableList<PortSelector> ports) {}

    /// Which side of a request.
    public enum WorkloadMode {
        UNDEFINED,
        CLIENT,
        SERVER,
        CLIENT_AND_SERVER
    }

    /// A port.
    public record PortSelector(@Required @Unsigned int number) {}
}
