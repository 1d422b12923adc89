package io.sallyport.analysis.destinationrule;

import static io.sallyport.model.Severity.ERROR;

import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.text.Durations;
import io.sallyport.model.DestinationRule;
import io.sallyport.model.DestinationRule.ConnectionPoolSettings;
import io.sallyport.model.DestinationRule.H2UpgradePolicy;
import io.sallyport.model.DestinationRule.HttpSettings;
import io.sallyport.model.DestinationRule.TcpKeepalive;
import io.sallyport.model.DestinationRule.TcpSettings;
import io.sallyport.model.Kind;
import java.util.List;
import java.util.stream.Stream;

/// Bounds on connections and requests; also those of Sidecar listeners.
public final class PoolRules {

    private PoolRules() {}

    static List<Rule<?>> all() {
        return List.of(new PoolIsValid());
    }

    /// What is wrong with the settings of one pool.
    public static void check(At<ConnectionPoolSettings> pool, Report report) {
        if (pool.value().tcp() == null && pool.value().http() == null) {
            report.at(pool, "empty connectionPool (expected: tcp or http)");
        }
        pool.field("http", ConnectionPoolSettings::http).forEach(http -> http(http, report));
        pool.field("tcp", ConnectionPoolSettings::tcp).forEach(tcp -> tcp(tcp, report));
    }

    private static void http(At<HttpSettings> http, Report report) {
        Stream.of(
                        http.field("http1MaxPendingRequests", HttpSettings::http1MaxPendingRequests),
                        http.field("http2MaxRequests", HttpSettings::http2MaxRequests),
                        http.field("maxRequestsPerConnection", HttpSettings::maxRequestsPerConnection),
                        http.field("maxRetries", HttpSettings::maxRetries),
                        http.field("maxConcurrentStreams", HttpSettings::maxConcurrentStreams))
                .flatMap(part -> part)
                .forEach(number -> notNegative(number, report));
        http.field("idleTimeout", HttpSettings::idleTimeout)
                .forEach(time -> Durations.problem(time.value()).ifPresent(problem -> report.at(time, problem)));
        if (http.value().h2UpgradePolicy() == H2UpgradePolicy.UPGRADE
                && http.value().useClientProtocol()) {
            report.at(
                    http.below("useClientProtocol"),
                    "useClientProtocol beside h2UpgradePolicy UPGRADE (expected: one of the two)");
        }
    }

    private static void tcp(At<TcpSettings> tcp, Report report) {
        tcp.field("maxConnections", TcpSettings::maxConnections).forEach(number -> notNegative(number, report));
        Stream.of(
                        tcp.field("connectTimeout", TcpSettings::connectTimeout),
                        tcp.field("maxConnectionDuration", TcpSettings::maxConnectionDuration),
                        // What is 0 in milliseconds switches it off, here alone.
                        tcp.field("idleTimeout", TcpSettings::idleTimeout)
                                .filter(time -> time.value().toMillis() != 0),
                        tcp.field("tcpKeepalive", TcpSettings::tcpKeepalive)
                                .flatMap(keepalive -> Stream.concat(
                                        keepalive.field("time", TcpKeepalive::time),
                                        keepalive.field("interval", TcpKeepalive::interval))))
                .flatMap(part -> part)
                .forEach(time -> Durations.problem(time.value()).ifPresent(problem -> report.at(time, problem)));
    }

    private static void notNegative(At<Integer> number, Report report) {
        if (number.value() < 0) {
            report.at(
                    number,
                    "%s %d (expected: 0 or more)".formatted(number.path().name(), number.value()));
        }
    }

    /// SP1411: bounds that bound nothing.
    static final class PoolIsValid extends ObjectRule<DestinationRule> {
        PoolIsValid() {
            super(
                    "SP1411",
                    ERROR,
                    "Connection pool is not valid",
                    Kind.DESTINATION_RULE,
                    DestinationRule.class,
                    new Page(
                            "A pool has tcp or http settings; counts are 0 or more, times 1 ms or more.",
                            "{host: cart, trafficPolicy: {connectionPool: {tcp: {connectTimeout: 0s}}}}",
                            "{host: cart, trafficPolicy: {connectionPool: {tcp: {connectTimeout: 2s}}}}"));
        }

        @Override
        public void check(At<DestinationRule> rule, Report report) {
            Policies.pools(rule).forEach(pool -> PoolRules.check(pool, report));
        }
    }
}
