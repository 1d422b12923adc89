package io.sallyport.model.gatewayapi;

import com.google.common.collect.ImmutableList;
import io.sallyport.model.NotEmpty;
import io.sallyport.model.Required;
import io.sallyport.model.Spec;
import io.sallyport.model.Unsigned;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// The Gateway API's `HTTPRoute`. Of all rules for one host on one listener, whichever route they are from, the
/// most specific one decides.
public record HttpRoute(
        ImmutableList<ParentReference> parentRefs,
        ImmutableList<String> hostnames,
        @Nullable ImmutableList<Rule> rules,
        String useDefaultGateways)
        implements Spec {

    /// What is done with the requests of one of the `matches`; all of them if there are none.
    public record Rule(
            String name,
            ImmutableList<Match> matches,
            ImmutableList<RouteFilter> filters,
            ImmutableList<Backend> backendRefs,
            @Nullable Timeouts timeouts,
            @Nullable Retry retry,
            @Nullable SessionPersistence sessionPersistence) {}

    /// Conditions that must all hold.
    public record Match(
            @Nullable PathMatch path,
            ImmutableList<ValueMatch> headers,
            ImmutableList<ValueMatch> queryParams,
            String method) {}

    /// A condition on the path; `/` as a prefix if nothing is said.
    public record PathMatch(PathType type, @Nullable String value) {}

    /// `PathPrefix` goes by segments: `/foo` is for `/foo/bar`, not for `/foobar`. Absent means `PathPrefix`.
    public enum PathType {
        PathPrefix,
        Exact,
        RegularExpression
    }

    /// A condition on a header, or on a parameter of the query.
    public record ValueMatch(
            ValueType type,
            @Required @NotEmpty String name,
            @Required String value) {}

    /// Absent means `Exact`.
    public enum ValueType {
        Exact,
        RegularExpression
    }

    /// A [BackendReference] with filters of its own.
    public record Backend(
            String group,
            @Nullable String kind,
            @Required @NotEmpty String name,
            String namespace,
            @Unsigned int port,
            @Nullable Integer weight,
            ImmutableList<RouteFilter> filters) {

        /// Without the filters.
        public BackendReference reference() {
            return new BackendReference(group, kind, name, namespace, port, weight);
        }
    }

    /// How long the client waits, and how long one try may take. Zero is for ever.
    public record Timeouts(
            @Nullable Duration request, @Nullable Duration backendRequest) {}

    /// When, how often and after which pause a request is tried again.
    public record Retry(
            @Unsigned ImmutableList<Integer> codes,
            @Nullable Integer attempts,
            @Nullable Duration backoff) {}
}
