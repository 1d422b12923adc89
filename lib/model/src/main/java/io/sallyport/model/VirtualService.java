package io.sallyport.model;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Which requests for which hosts go where: Istio's `networking.istio.io` VirtualService, field by field.
///
/// Plain protobuf scalars that are absent are `""`, 0 or false, and enums their first constant, as Istio reads them;
/// where Istio tells absent from zero, the member is `@Nullable`. This holds for every record of the model.
public record VirtualService(
        ImmutableList<String> hosts,
        ImmutableList<String> gateways,
        ImmutableList<HttpRoute> http,
        ImmutableList<TlsRoute> tls,
        ImmutableList<TcpRoute> tcp,
        ImmutableList<String> exportTo)
        implements Spec {

    /// One rule for HTTP: the first whose `match` fits (or has none) decides.
    public record HttpRoute(
            String name,
            ImmutableList<HttpMatchRequest> match,
            ImmutableList<HttpRouteDestination> route,
            @Nullable HttpRedirect redirect,
            @Nullable HttpDirectResponse directResponse,
            @Nullable Delegate delegate,
            @Nullable HttpRewrite rewrite,
            @Nullable Duration timeout,
            @Nullable HttpRetry retries,
            @Nullable HttpFaultInjection fault,
            @Nullable Destination mirror,
            ImmutableList<HttpMirrorPolicy> mirrors,

            @DeprecatedField("mirrorPercentage") @Unsigned @Nullable Long mirrorPercent,

            @Nullable Percent mirrorPercentage,
            @Nullable CorsPolicy corsPolicy,
            @Nullable Headers headers,
            Value.@Nullable Struct sessionPersistence) {

        /// A rule that says where requests go, or what they are answered, and nothing else.
        public static HttpRoute plain(
                String name,
                ImmutableList<HttpMatchRequest> match,
                ImmutableList<HttpRouteDestination> route,
                @Nullable HttpDirectResponse directResponse) {
            return new HttpRoute(
                    name,
                    match,
                    route,
                    null,
                    directResponse,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    ImmutableList.of(),
                    null,
                    null,
                    null,
                    null,
                    null);
        }
    }

    /// Conditions that must all hold; the entries of a `match` list are alternatives.
    public record HttpMatchRequest(
            String name,
            @Nullable StringMatch uri,
            @Nullable StringMatch scheme,
            @Nullable StringMatch method,
            @Nullable StringMatch authority,
            ImmutableSortedMap<String, StringMatch> headers,
            @Unsigned int port,
            ImmutableSortedMap<String, String> sourceLabels,
            ImmutableList<String> gateways,
            ImmutableSortedMap<String, StringMatch> queryParams,
            boolean ignoreUriCase,
            ImmutableSortedMap<String, StringMatch> withoutHeaders,
            String sourceNamespace,
            String statPrefix) {}

    /// Another VirtualService that continues the rule.
    public record Delegate(String name, String namespace) {}

    /// A share of the requests of a rule. Absent weight is 0, which means all when it is the only destination.
    public record HttpRouteDestination(
            @Required @Nullable Destination destination,
            int weight,
            @Nullable Headers headers) {}

    /// A share of the connections of a TLS or TCP rule.
    public record RouteDestination(@Required @Nullable Destination destination, int weight) {}

    /// A service of the registry, by host; a short name belongs to the namespace of the object.
    public record Destination(
            @Required String host, String subset, @Nullable PortSelector port) {}

    /// A port by its number; it may be left out where the service has one port only.
    public record PortSelector(@Unsigned int number) {}

    /// Headers to change on the way in and on the way back.
    public record Headers(
            @Nullable HeaderOperations request, @Nullable HeaderOperations response) {}

    /// `set` overwrites, `add` appends, `remove` removes.
    public record HeaderOperations(
            ImmutableSortedMap<String, String> set,
            ImmutableSortedMap<String, String> add,
            ImmutableList<String> remove) {}

    /// Answers with a redirect instead of forwarding. A `redirectCode` of 0 means 301. `prefixRewrite`
    /// replaces what the rule's prefix matched, `uri` the whole path.
    @OneOf({"port", "derivePort"})
    public record HttpRedirect(
            String uri,
            String authority,
            @Unsigned @Nullable Integer port,
            @Nullable RedirectPortSelection derivePort,
            String scheme,
            @Unsigned int redirectCode,
            String prefixRewrite) {}

    /// Where a redirect takes its port from.
    public enum RedirectPortSelection {
        FROM_PROTOCOL_DEFAULT,
        FROM_REQUEST_PORT
    }

    /// Answers by itself.
    public record HttpDirectResponse(
            @Required @Unsigned int status, @Nullable HttpBody body) {}

    /// The body of a direct response; `bytes` is base64.
    @OneOf({"string", "bytes"})
    public record HttpBody(
            @Nullable String string, @Nullable Bytes bytes) {}

    /// Changes path and authority before forwarding.
    public record HttpRewrite(
            String uri, String authority, @Nullable RegexRewrite uriRegexRewrite) {}

    /// Rewrites the part of a path that `match` matches; `\1` in `rewrite` is its first group.
    public record RegexRewrite(String match, String rewrite) {}

    /// How often, and on what, a request is tried again. `attempts: 0` switches retries off; no `retries` at all means
    /// Istio's default of two.
    public record HttpRetry(
            int attempts,
            @Nullable Duration perTryTimeout,
            String retryOn,
            @Nullable Boolean retryRemoteLocalities,
            @Nullable Boolean retryIgnorePreviousHosts,
            @Nullable Duration backoff) {}

    /// Cross-origin resource sharing.
    public record CorsPolicy(
            @DeprecatedField("allowOrigins") ImmutableList<String> allowOrigin,
            ImmutableList<StringMatch> allowOrigins,
            ImmutableList<String> allowMethods,
            ImmutableList<String> allowHeaders,
            ImmutableList<String> exposeHeaders,
            @Nullable Duration maxAge,
            @Nullable Boolean allowCredentials,
            UnmatchedPreflights unmatchedPreflights) {}

    /// What happens to a preflight request whose origin does not match.
    public enum UnmatchedPreflights {
        UNSPECIFIED,
        FORWARD,
        IGNORE
    }

    /// Delays or answers some requests with an error, to test clients.
    public record HttpFaultInjection(
            @Nullable Delay delay, @Nullable Abort abort) {}

    /// Delays a share of the requests.
    @OneOf({"fixedDelay", "exponentialDelay"})
    public record Delay(
            @DeprecatedField("percentage") int percent,
            @Nullable Duration fixedDelay,
            @Nullable Duration exponentialDelay,
            @Nullable Percent percentage) {}

    /// Answers a share of the requests with an error.
    @OneOf({"httpStatus", "grpcStatus", "http2Error"})
    public record Abort(
            @Nullable Integer httpStatus,
            @Nullable String grpcStatus,
            @Nullable String http2Error,
            @Nullable Percent percentage) {}

    /// A copy of the requests for somebody whose answers nobody reads.
    public record HttpMirrorPolicy(
            @Required @Nullable Destination destination,
            @Nullable Percent percentage) {}

    /// A share in percent: `value: 0.1` is one in a thousand.
    public record Percent(double value) {}

    /// One rule for TLS that passes through undecrypted.
    public record TlsRoute(@Required ImmutableList<TlsMatchAttributes> match, ImmutableList<RouteDestination> route) {}

    /// Conditions on the first bytes of a TLS connection, all of which must hold.
    public record TlsMatchAttributes(
            @Required ImmutableList<String> sniHosts,
            ImmutableList<String> destinationSubnets,
            @Unsigned int port,
            ImmutableSortedMap<String, String> sourceLabels,
            ImmutableList<String> gateways,
            String sourceNamespace) {}

    /// One rule for bytes that are neither HTTP nor TLS.
    public record TcpRoute(ImmutableList<L4MatchAttributes> match, ImmutableList<RouteDestination> route) {}

    /// Conditions on a connection, all of which must hold.
    public record L4MatchAttributes(
            ImmutableList<String> destinationSubnets,
            @Unsigned int port,
            String sourceSubnet,
            ImmutableSortedMap<String, String> sourceLabels,
            ImmutableList<String> gateways,
            String sourceNamespace) {}
}
