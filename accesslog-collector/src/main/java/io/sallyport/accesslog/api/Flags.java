package io.sallyport.accesslog.api;

import com.google.common.collect.ImmutableMap;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import io.sallyport.proto.accesslog.v1.Explanation;
import java.util.ArrayList;
import java.util.List;

/// Says Envoy's flags and details in words, with what usually is behind them and the object to look at.
/// Source of the meanings: Envoy, `docs/root/configuration/observability/access_log/usage.rst` and
/// `source/common/stream_info/utility.h`; the advice is ours.
final class Flags {

    private enum Place {
        GATEWAY,
        ROUTE,
        UPSTREAM,
        CLIENT,
        PROXY
    }

    private record Meaning(String meaning, String cause, Place place) {}

    private static final ImmutableMap<String, Meaning> FLAGS = ImmutableMap.<String, Meaning>builder()
            .put(
                    "DC",
                    meaning(
                            "The client closed the connection before the answer was complete.",
                            "The client gave up: its own time-out, a user who went away, or a load balancer in front.",
                            Place.CLIENT))
            .put(
                    "DF",
                    meaning(
                            "The name of the upstream could not be resolved.",
                            "The host of the ServiceEntry does not exist in DNS, or the resolver does not answer.",
                            Place.UPSTREAM))
            .put(
                    "DI",
                    meaning("The answer was delayed on purpose.", "A fault with a delay is configured.", Place.ROUTE))
            .put(
                    "DPE",
                    meaning(
                            "The request broke the rules of its protocol.",
                            "A client that does not speak HTTP on this port, or a malformed request.",
                            Place.CLIENT))
            .put("DR", meaning("The client reset its stream.", "The client gave this one request up.", Place.CLIENT))
            .put(
                    "DT",
                    meaning(
                            "The request took longer than a connection or stream may last.",
                            "maxConnectionDuration or a maximum stream duration.",
                            Place.ROUTE))
            .put(
                    "FI",
                    meaning("The answer is an error on purpose.", "A fault with an abort is configured.", Place.ROUTE))
            .put(
                    "IH",
                    meaning(
                            "A header had a value that Envoy does not accept.",
                            "A client that sets x-envoy-* headers wrongly.",
                            Place.CLIENT))
            .put(
                    "LH",
                    meaning(
                            "The service's own health check failed.",
                            "The upstream says of itself that it is not well.",
                            Place.UPSTREAM))
            .put(
                    "LR",
                    meaning(
                            "The proxy reset the connection itself.",
                            "A limit of the proxy, or the configuration of this listener or cluster went away.",
                            Place.PROXY))
            .put(
                    "NC",
                    meaning(
                            "The cluster that the route names does not exist.",
                            "The destination host or subset of the rule is declared nowhere.",
                            Place.ROUTE))
            .put(
                    "NFCF",
                    meaning(
                            "The configuration of a filter had not come.",
                            "The control plane is away or refused it.",
                            Place.PROXY))
            .put(
                    "NR",
                    meaning(
                            "No route, or no filter chain, matched.",
                            "No VirtualService has this host and path; on a TLS port: no server has this SNI.",
                            Place.GATEWAY))
            .put(
                    "OM",
                    meaning(
                            "The proxy was overloaded and shed the request.",
                            "Memory or connections of the proxy are at their bound.",
                            Place.PROXY))
            .put(
                    "RFCF",
                    meaning("The answer came from the proxy's cache.", "A cache filter is configured.", Place.ROUTE))
            .put("RL", meaning("The request was limited.", "A rate limit of this route is reached.", Place.ROUTE))
            .put(
                    "RLSE",
                    meaning(
                            "The service that decides on rate limits failed.",
                            "It is away or too slow.",
                            Place.UPSTREAM))
            .put(
                    "SI",
                    meaning(
                            "Nothing was sent for longer than the idle time-out.",
                            "A client or upstream that stalls; idleTimeout of the connection pool.",
                            Place.CLIENT))
            .put(
                    "UAEX",
                    meaning("The authorization service denied the request.", "Its policy, or it is away.", Place.ROUTE))
            .put(
                    "UC",
                    meaning(
                            "The upstream closed the connection.",
                            "It restarted, or it closes idle connections earlier than the proxy does.",
                            Place.UPSTREAM))
            .put(
                    "UF",
                    meaning(
                            "No connection to the upstream could be made.",
                            "It does not listen on this port, a network rule is in the way, or TLS does not match: see "
                                    + "upstream.transport_failure_reason.",
                            Place.UPSTREAM))
            .put(
                    "UH",
                    meaning(
                            "No endpoint of the upstream is healthy.",
                            "It has no endpoints, or outlier detection has ejected all of them.",
                            Place.UPSTREAM))
            .put(
                    "UMSDR",
                    meaning(
                            "The stream lasted longer than the upstream allows.",
                            "maxStreamDuration of the DestinationRule or route.",
                            Place.UPSTREAM))
            .put(
                    "UO",
                    meaning(
                            "A circuit breaker was open.",
                            "connectionPool of the DestinationRule: too many connections, pending or parallel requests.",
                            Place.UPSTREAM))
            .put(
                    "UPE",
                    meaning(
                            "The upstream broke the rules of its protocol.",
                            "The port speaks another protocol than its name or appProtocol says.",
                            Place.UPSTREAM))
            .put(
                    "UR",
                    meaning(
                            "The upstream reset the stream.",
                            "The application ended the request with an error.",
                            Place.UPSTREAM))
            .put(
                    "URX",
                    meaning(
                            "All attempts were used up.",
                            "Each retry failed as well; see the other flags for how.",
                            Place.ROUTE))
            .put(
                    "UT",
                    meaning(
                            "The upstream did not answer in time.",
                            "timeout of the rule; the upstream is slower than that.",
                            Place.ROUTE))
            .buildOrThrow();

    private static final ImmutableMap<String, Meaning> DETAILS = ImmutableMap.<String, Meaning>builder()
            .put(
                    "route_not_found",
                    meaning(
                            "No route of the host matches the request.",
                            "The path, method or headers match no rule.",
                            Place.GATEWAY))
            .put(
                    "filter_chain_not_found",
                    meaning(
                            "No server of this port has the SNI that the client sent.",
                            "The client used another name, an IP address, or no TLS.",
                            Place.GATEWAY))
            .put(
                    "cluster_not_found",
                    meaning(
                            "The destination of the rule does not exist.",
                            "Its host or subset is declared nowhere.",
                            Place.ROUTE))
            .put(
                    "no_healthy_upstream",
                    meaning("No endpoint can be used.", "There is none, or all are ejected.", Place.UPSTREAM))
            .put(
                    "upstream_response_timeout",
                    meaning("The upstream did not answer in time.", "timeout of the rule.", Place.ROUTE))
            .put(
                    "upstream_per_try_timeout",
                    meaning("One attempt took too long.", "retries.perTryTimeout of the rule.", Place.ROUTE))
            .put(
                    "direct_response",
                    meaning("The proxy answered itself.", "The rule has a directResponse or a redirect.", Place.ROUTE))
            .put(
                    "fault_filter_abort",
                    meaning("The answer is an error on purpose.", "The rule has a fault with an abort.", Place.ROUTE))
            .put("downstream_remote_disconnect", meaning("The client went away.", "Its own time-out.", Place.CLIENT))
            .buildOrThrow();

    private Flags() {}

    private static Meaning meaning(String meaning, String cause, Place place) {
        return new Meaning(meaning, cause, place);
    }

    static List<Explanation> explain(AccessLogEntry entry) {
        var found = new ArrayList<Explanation>();
        for (var flag : entry.getResponseFlagsList().split(",")) {
            var meaning = FLAGS.get(flag);
            if (meaning != null) {
                found.add(explanation(flag, meaning, entry));
            } else if (!flag.isEmpty()) {
                found.add(Explanation.newBuilder()
                        .setCode(flag)
                        .setMeaning("A flag of a newer Envoy than this collector knows.")
                        .build());
            }
        }
        var detail = DETAILS.get(entry.getResponseDetails());
        if (detail != null && found.stream().noneMatch(each -> each.getMeaning().equals(detail.meaning()))) {
            found.add(explanation(entry.getResponseDetails(), detail, entry));
        }
        tls(entry.getUpstreamFailure(), "upstream.transport_failure_reason", entry, found);
        tls(entry.getDownstreamFailure(), "connection.transport_failure_reason", entry, found);
        return found;
    }

    private static Explanation explanation(String code, Meaning meaning, AccessLogEntry entry) {
        return Explanation.newBuilder()
                .setCode(code)
                .setMeaning(meaning.meaning())
                .setLikelyCause(meaning.cause())
                .setLookAt(lookAt(meaning.place(), entry))
                .build();
    }

    private static String lookAt(Place place, AccessLogEntry entry) {
        var rule = entry.getRouteObject().isEmpty()
                ? "the VirtualServices of host \"" + entry.getHost() + "\""
                : entry.getRouteObject() + (entry.getRule().isEmpty() ? "" : " " + entry.getRule());
        return switch (place) {
            case GATEWAY ->
                entry.getGateway().isEmpty()
                        ? "the Gateways and VirtualServices of host \"" + nameOf(entry) + "\""
                        : "Gateway " + entry.getGateway();
            case ROUTE -> rule;
            case UPSTREAM -> "the DestinationRule and endpoints of cluster \"" + entry.getCluster() + "\"";
            case CLIENT -> "the client at " + entry.getSourceAddress();
            case PROXY -> "proxy " + entry.getProxyNamespace() + "/" + entry.getProxy();
        };
    }

    private static String nameOf(AccessLogEntry entry) {
        return entry.getHost().isEmpty() ? entry.getServerName() : entry.getHost();
    }

    private static void tls(String reason, String code, AccessLogEntry entry, List<Explanation> found) {
        if (reason.isEmpty()) {
            return;
        }
        var upper = reason.toUpperCase(java.util.Locale.ROOT);
        var cause = "The other side refused the handshake; its own log says why.";
        if (upper.contains("CERTIFICATE_VERIFY_FAILED")) {
            cause = "The certificate of the other side is not signed by the CA that is trusted here, or its names do "
                    + "not match subjectAltNames.";
        } else if (upper.contains("WRONG_VERSION_NUMBER")) {
            cause = "The other side does not speak TLS on this port.";
        } else if (upper.contains("CERTIFICATE_EXPIRED") || upper.contains("CERT_HAS_EXPIRED")) {
            cause = "A certificate has expired.";
        } else if (upper.contains("PEER_DID_NOT_RETURN_A_CERTIFICATE") || upper.contains("CERTIFICATE_REQUIRED")) {
            cause = "A client certificate is demanded and none was shown.";
        } else if (upper.contains("CONNECTION REFUSED") || upper.contains("CONNECTION_REFUSED")) {
            cause = "Nothing listens on that address and port.";
        }
        found.add(Explanation.newBuilder()
                .setCode(code)
                .setMeaning(reason)
                .setLikelyCause(cause)
                .setLookAt(code.startsWith("upstream") ? lookAt(Place.UPSTREAM, entry) : lookAt(Place.CLIENT, entry))
                .build());
    }
}
