package io.sallyport.testkit.generate;

import java.util.List;
import java.util.Map;

/// Makes traffic policies of DestinationRules by chance.
final class TrafficPolicyGenerator {

    private TrafficPolicyGenerator() {}

    static Map<String, Object> policy(Chance chance, boolean withPorts) {
        var policy = chance.object()
                .maybe(2, "loadBalancer", () -> loadBalancer(chance))
                .maybe(2, "connectionPool", () -> connectionPool(chance))
                .maybe(2, "outlierDetection", () -> outlierDetection(chance))
                .maybe(withPorts ? 4 : Integer.MAX_VALUE, "portLevelSettings", () -> List.of(port(chance)))
                .maybe(8, "retryBudget", () -> retryBudget(chance));
        // The one excludes the other.
        if (chance.oneIn(2)) {
            policy.maybe(8, "proxyProtocol", () -> Map.of("version", chance.oneOf("V1", "V2")));
        } else {
            policy.maybe(8, "tunnel", () -> tunnel(chance));
        }
        return policy.done();
    }

    private static Map<String, Object> retryBudget(Chance chance) {
        return chance.object()
                .maybe(2, "percent", () -> chance.oneOf(0.5, 20, 100))
                .maybe(2, "minRetryConcurrency", () -> chance.between(0, 9))
                .maybe(2, "budgetInterval", () -> chance.oneOf("1s", "10s"))
                .done();
    }

    private static Map<String, Object> tunnel(Chance chance) {
        return Map.of(
                "protocol",
                chance.oneOf("CONNECT", "POST"),
                "targetHost",
                chance.oneOf("target.test", "10.0.0.9"),
                "targetPort",
                chance.between(1, 65535));
    }

    private static Map<String, Object> locality(Chance chance) {
        return switch (chance.between(0, 3)) {
            case 0 -> Map.of("enabled", chance.oneIn(2));
            case 1 -> Map.of("failover", List.of(Map.of("from", "eu", "to", "us")));
            case 2 -> Map.of("failoverPriority", List.of("topology.kubernetes.io/region", "version=v1"));
            default ->
                Map.of(
                        "distribute",
                        List.of(
                                Map.of("from", "eu/*", "to", Map.of("eu/west/*", 70, "us/*", 30)),
                                Map.of("from", "asia/*", "to", Map.of("asia/*", 100))));
        };
    }

    private static Map<String, Object> port(Chance chance) {
        return chance.object()
                .with("port", Map.of("number", 80))
                .maybe(2, "loadBalancer", () -> loadBalancer(chance))
                .maybe(2, "connectionPool", () -> connectionPool(chance))
                .done();
    }

    private static Map<String, Object> loadBalancer(Chance chance) {
        if (chance.oneIn(2)) {
            return chance.object()
                    .with("simple", chance.oneOf("ROUND_ROBIN", "LEAST_REQUEST", "RANDOM", "PASSTHROUGH", "LEAST_CONN"))
                    .maybe(3, "localityLbSetting", () -> locality(chance))
                    .maybe(
                            4,
                            "warmup",
                            () -> Map.of(
                                    "duration", "10s", "minimumPercent", chance.between(0, 100), "aggression", 1.5))
                    .done();
        }
        if (chance.oneIn(5)) {
            return Map.of(
                    "backendUtilization",
                    chance.object()
                            .maybe(2, "weightStabilizationPeriod", () -> "10s")
                            .maybe(2, "weightExpirationPeriod", () -> "180s")
                            .maybe(2, "weightUpdatePeriod", () -> chance.oneOf("1s", "100ms"))
                            .maybe(2, "errorUtilizationPenaltyPercent", () -> chance.between(0, 200))
                            .maybe(2, "metricNamesForComputingUtilization", () -> List.of("named_metrics.x"))
                            .done());
        }
        var hash = chance.object();
        switch (chance.between(0, 3)) {
            case 0 -> hash.with("httpHeaderName", "x-user");
            case 1 ->
                hash.with(
                        "httpCookie",
                        chance.object()
                                .with("name", "sid")
                                .maybe(2, "ttl", () -> chance.oneOf("0s", "10s"))
                                .maybe(2, "path", () -> "/")
                                .maybe(2, "attributes", () -> List.of(Map.of("name", "SameSite", "value", "Lax")))
                                .done());
            case 2 -> hash.with("useSourceIp", true);
            default -> hash.with("httpQueryParameterName", "q");
        }
        switch (chance.between(0, 2)) {
            case 0 -> hash.with("ringHash", Map.of("minimumRingSize", 64));
            case 1 -> hash.with("maglev", Map.of("tableSize", 65537));
            default -> {
                // The default ring.
            }
        }
        return Map.of("consistentHash", hash.done());
    }

    private static Map<String, Object> connectionPool(Chance chance) {
        return chance.object()
                .maybe(
                        2,
                        "tcp",
                        () -> chance.object()
                                .with("maxConnections", chance.between(1, 1000))
                                .maybe(2, "connectTimeout", () -> "30ms")
                                .maybe(3, "tcpKeepalive", () -> Map.of("time", "7200s", "interval", "75s", "probes", 3))
                                .maybe(3, "idleTimeout", () -> "1h")
                                .maybe(3, "maxConnectionDuration", () -> "1h")
                                .done())
                .maybe(
                        2,
                        "http",
                        () -> chance.object()
                                .with("http2MaxRequests", chance.between(1, 1000))
                                .maybe(2, "http1MaxPendingRequests", () -> chance.between(1, 1000))
                                .maybe(2, "maxRequestsPerConnection", () -> chance.between(1, 10))
                                .maybe(2, "maxRetries", () -> chance.between(1, 10))
                                .maybe(3, "idleTimeout", () -> "30s")
                                .maybe(3, "h2UpgradePolicy", () -> chance.oneOf("DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"))
                                .maybe(3, "useClientProtocol", () -> chance.oneIn(2))
                                .maybe(3, "maxConcurrentStreams", () -> chance.between(1, 100))
                                .maybe(3, "http2KeepAlive", () -> Map.of("interval", "10s", "timeout", "1s"))
                                .done())
                .done();
    }

    private static Map<String, Object> outlierDetection(Chance chance) {
        return chance.object()
                .maybe(2, "consecutive5xxErrors", () -> chance.between(0, 9))
                .maybe(2, "consecutiveGatewayErrors", () -> chance.between(0, 9))
                .maybe(2, "interval", () -> "10s")
                .maybe(2, "baseEjectionTime", () -> "30s")
                .maybe(2, "maxEjectionPercent", () -> chance.between(0, 100))
                .maybe(2, "minHealthPercent", () -> chance.between(0, 100))
                .maybe(3, "splitExternalLocalOriginErrors", () -> chance.oneIn(2))
                .maybe(4, "consecutiveLocalOriginFailures", () -> chance.between(0, 9))
                .maybe(
                        4,
                        "outlierDetectionHttpErrorCodes",
                        () -> chance.oneIn(2) ? List.of(429) : List.of(429, 500, 503))
                .maybe(4, "failurePercentageThreshold", () -> chance.between(0, 100))
                .done();
    }
}
