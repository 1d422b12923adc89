package io.sallyport.model;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import org.jspecify.annotations.Nullable;

/// Patches of Envoy's own configuration: Istio's `networking.istio.io/v1alpha3` EnvoyFilter, field by field.
public record EnvoyFilter(
        @Nullable WorkloadSelector workloadSelector,
        ImmutableList<PolicyTargetReference> targetRefs,
        ImmutableList<EnvoyConfigObjectPatch> configPatches,
        int priority)
        implements Spec {

    /// One patch and where it goes.
    public record EnvoyConfigObjectPatch(
            ApplyTo applyTo,
            @Nullable EnvoyConfigObjectMatch match,
            @Nullable Patch patch) {}

    /// The kind of thing that is patched.
    public enum ApplyTo {
        INVALID,
        LISTENER,
        FILTER_CHAIN,
        NETWORK_FILTER,
        HTTP_FILTER,
        ROUTE_CONFIGURATION,
        VIRTUAL_HOST,
        HTTP_ROUTE,
        CLUSTER,
        EXTENSION_CONFIG,
        BOOTSTRAP,
        LISTENER_FILTER
    }

    /// Which of the things of that kind.
    @OneOf({"listener", "routeConfiguration", "cluster", "waypoint"})
    public record EnvoyConfigObjectMatch(
            PatchContext context,
            @Nullable ProxyMatch proxy,
            @Nullable ListenerMatch listener,
            @Nullable RouteConfigurationMatch routeConfiguration,
            @Nullable ClusterMatch cluster,
            @Nullable WaypointMatch waypoint) {}

    /// Which proxies, and which side of them.
    public enum PatchContext {
        ANY,
        SIDECAR_INBOUND,
        SIDECAR_OUTBOUND,
        GATEWAY,
        WAYPOINT
    }

    /// Proxies by version and metadata.
    public record ProxyMatch(String proxyVersion, ImmutableSortedMap<String, String> metadata) {}

    /// Clusters.
    public record ClusterMatch(@Unsigned long portNumber, String service, String subset, String name) {}

    /// Tables of routes.
    public record RouteConfigurationMatch(
            @Unsigned long portNumber,
            String portName,
            String gateway,
            @Nullable VirtualHostMatch vhost,
            String name) {}

    /// Virtual hosts.
    public record VirtualHostMatch(String name, @Nullable RouteMatch route, String domainName) {}

    /// Routes.
    public record RouteMatch(String name, RouteAction action) {}

    /// What a route does.
    public enum RouteAction {
        ANY,
        ROUTE,
        REDIRECT,
        DIRECT_RESPONSE
    }

    /// Listeners.
    public record ListenerMatch(
            @Unsigned long portNumber,
            String portName,
            @Nullable FilterChainMatch filterChain,
            String listenerFilter,
            String name) {}

    /// Filter chains.
    public record FilterChainMatch(
            String name,
            String sni,
            String transportProtocol,
            String applicationProtocols,
            @Nullable FilterMatch filter,
            @Unsigned long destinationPort) {}

    /// Network filters.
    public record FilterMatch(String name, @Nullable SubFilterMatch subFilter) {}

    /// HTTP filters.
    public record SubFilterMatch(String name) {}

    /// Parts of a waypoint.
    public record WaypointMatch(
            @Unsigned long portNumber,
            @Nullable FilterMatch filter,
            @Nullable WaypointRouteMatch route) {}

    /// Routes of a waypoint.
    public record WaypointRouteMatch(String name) {}

    /// What is done, and with what.
    public record Patch(Operation operation, Value.@Nullable Struct value, FilterClass filterClass) {}

    /// How `value` is applied.
    public enum Operation {
        INVALID,
        MERGE,
        ADD,
        REMOVE,
        INSERT_BEFORE,
        INSERT_AFTER,
        INSERT_FIRST,
        REPLACE,
        MERGE_AND_REPLACE_LIST
    }

    /// Where a filter stands among Istio's.
    public enum FilterClass {
        UNSPECIFIED,
        AUTHN,
        AUTHZ,
        STATS
    }
}
