package io.sallyport.model.gatewayapi;

import com.google.common.collect.ImmutableList;
import io.sallyport.model.Spec;
import org.jspecify.annotations.Nullable;

/// The Gateway API's `GRPCRoute`: an [HttpRoute] that says services and methods instead of paths.
public record GrpcRoute(
        ImmutableList<ParentReference> parentRefs,
        ImmutableList<String> hostnames,
        ImmutableList<Rule> rules,
        String useDefaultGateways)
        implements Spec {

    /// What is done with the calls of one of the `matches`; all of them if there are none.
    public record Rule(
            String name,
            ImmutableList<Match> matches,
            ImmutableList<RouteFilter> filters,
            ImmutableList<HttpRoute.Backend> backendRefs,
            @Nullable SessionPersistence sessionPersistence) {}

    /// Conditions that must all hold.
    public record Match(@Nullable MethodMatch method, ImmutableList<HttpRoute.ValueMatch> headers) {}

    /// A service, a method, or both. Absent texts are any.
    public record MethodMatch(HttpRoute.ValueType type, String service, String method) {}
}
