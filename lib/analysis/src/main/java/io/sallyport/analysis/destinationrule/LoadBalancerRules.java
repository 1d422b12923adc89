package io.sallyport.analysis.destinationrule;

import static io.sallyport.model.Severity.ERROR;
import static io.sallyport.model.Severity.INFO;
import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.text.Durations;
import io.sallyport.model.DestinationRule;
import io.sallyport.model.DestinationRule.ConsistentHashLb;
import io.sallyport.model.DestinationRule.LoadBalancerSettings;
import io.sallyport.model.DestinationRule.Maglev;
import io.sallyport.model.DestinationRule.TrafficPolicy;
import io.sallyport.model.DestinationRule.WarmupConfiguration;
import io.sallyport.model.Kind;
import io.sallyport.model.LocalityLoadBalancerSetting;
import io.sallyport.model.LocalityLoadBalancerSetting.Distribute;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Which endpoint gets the next request.
final class LoadBalancerRules {

    private LoadBalancerRules() {}

    static List<Rule<?>> all() {
        return List.of(
                new HashIsValid(),
                new WarmupIsValid(),
                new LocalityIsValid(),
                new MinimumRingSizeIsNotUsed(),
                new FailoverHasOutlierDetection(),
                new WarmupDurationIsNotUsed());
    }

    /// SP1412: a table that Envoy cannot build, or a hash of nothing.
    static final class HashIsValid extends ObjectRule<DestinationRule> {
        private static final long LARGEST_TABLE = 5_000_011;

        HashIsValid() {
            super(
                    "SP1412",
                    ERROR,
                    "Consistent hash is not valid",
                    Kind.DESTINATION_RULE,
                    DestinationRule.class,
                    new Page(
                            "A cookie needs a name; Maglev's table size is a prime number below 5,000,011.",
                            "{host: cart, trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: x-user, maglev: {tableSize: 1000}}}}}",
                            "{host: cart, trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: x-user, maglev: {tableSize: 1009}}}}}"));
        }

        @Override
        public void check(At<DestinationRule> rule, Report report) {
            Policies.loadBalancers(rule)
                    .flatMap(balancer -> balancer.field("consistentHash", LoadBalancerSettings::consistentHash))
                    .forEach(hash -> {
                        hash.field("httpCookie", ConsistentHashLb::httpCookie)
                                .filter(cookie -> cookie.value().name().isEmpty())
                                .forEach(cookie ->
                                        report.at(cookie.below("name"), "name is empty (expected: a cookie's name)"));
                        boolean algorithm =
                                hash.value().ringHash() != null || hash.value().maglev() != null;
                        if (hash.value().minimumRingSize() != 0 && algorithm) {
                            report.at(
                                    hash.below("minimumRingSize"),
                                    "minimumRingSize beside ringHash or maglev (expected: one of them)");
                        }
                        hash.field("maglev", ConsistentHashLb::maglev)
                                .flatMap(maglev -> maglev.field("tableSize", Maglev::tableSize))
                                .filter(size -> size.value() >= LARGEST_TABLE || !isPrime(size.value()))
                                .forEach(size -> report.at(
                                        size,
                                        "tableSize %d (expected: a prime number below 5000011, such as 65537)"
                                                .formatted(size.value())));
                    });
        }

        // Envoy's own idea of a prime: 1 is one.
        private static boolean isPrime(long number) {
            if (number < 4) {
                return number > 0;
            }
            if (number % 2 == 0) {
                return false;
            }
            for (long factor = 3; factor * factor <= number; factor += 2) {
                if (number % factor == 0) {
                    return false;
                }
            }
            return true;
        }
    }

    /// SP1413: a ramp without length.
    static final class WarmupIsValid extends ObjectRule<DestinationRule> {
        WarmupIsValid() {
            super(
                    "SP1413",
                    ERROR,
                    "Warm-up is not valid",
                    Kind.DESTINATION_RULE,
                    DestinationRule.class,
                    new Page(
                            "Warm-up has a duration, starts at 0 to 100 percent, and its aggression is 1 or more.",
                            "{host: cart, trafficPolicy: {loadBalancer: {warmup: {duration: 60s, aggression: 0.5}}}}",
                            "{host: cart, trafficPolicy: {loadBalancer: {warmup: {duration: 60s, aggression: 1.5}}}}"));
        }

        @Override
        public void check(At<DestinationRule> rule, Report report) {
            Policies.loadBalancers(rule).forEach(balancer -> {
                var warmup =
                        balancer.field("warmup", LoadBalancerSettings::warmup).toList();
                Stream.concat(
                                balancer.field("warmupDurationSecs", LoadBalancerSettings::warmupDurationSecs),
                                warmup.stream().flatMap(at -> at.field("duration", WarmupConfiguration::duration)))
                        .forEach(
                                time -> Durations.problem(time.value()).ifPresent(problem -> report.at(time, problem)));
                warmup.stream()
                        .flatMap(at -> at.field("minimumPercent", WarmupConfiguration::minimumPercent))
                        .filter(percent -> !(percent.value() >= 0 && percent.value() <= 100))
                        .forEach(
                                percent -> report.at(percent, "%s %% (expected: 0 to 100)".formatted(percent.value())));
                warmup.stream()
                        .flatMap(at -> at.field("aggression", WarmupConfiguration::aggression))
                        .filter(aggression -> !(aggression.value() >= 1))
                        .forEach(aggression -> report.at(
                                aggression, "aggression %s (expected: 1 or more)".formatted(aggression.value())));
            });
        }
    }

    static Stream<At<LocalityLoadBalancerSetting>> localities(At<DestinationRule> rule) {
        return Policies.loadBalancers(rule)
                .flatMap(balancer -> balancer.field("localityLbSetting", LoadBalancerSettings::localityLbSetting));
    }

    /// SP1414: places that overlap, and shares that do not add up.
    static final class LocalityIsValid extends ObjectRule<DestinationRule> {
        LocalityIsValid() {
            super(
                    "SP1414",
                    ERROR,
                    "Locality setting is not valid",
                    Kind.DESTINATION_RULE,
                    DestinationRule.class,
                    new Page(
                            "distribute and failover exclude each other; the shares from one place are 1 to 100 and add up to 100; failover names two different regions.",
                            "{host: cart, trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: [{from: a/*, to: {\"a/*\": 80}}]}}}}",
                            "{host: cart, trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: [{from: a/*, to: {\"a/*\": 80, \"b/*\": 20}}]}}}}"));
        }

        @Override
        public void check(At<DestinationRule> rule, Report report) {
            localities(rule).forEach(setting -> setting(setting, report));
        }

        private static void setting(At<LocalityLoadBalancerSetting> setting, Report report) {
            var value = setting.value();
            if (!value.distribute().isEmpty() && !value.failover().isEmpty()) {
                report.at(setting.below("failover"), "failover beside distribute (expected: one of the two)");
                return;
            }
            if (!value.failover().isEmpty()) {
                setting.each("failoverPriority", LocalityLoadBalancerSetting::failoverPriority)
                        .filter(label -> isTopology(label.value()))
                        .forEach(label -> report.at(
                                label,
                                "failoverPriority \"%s\" beside failover (expected: one of the two)"
                                        .formatted(label.value())));
            }
            var sources = new ArrayList<String>();
            setting.each("distribute", LocalityLoadBalancerSetting::distribute).forEach(distribute -> {
                sources.add(distribute.value().from());
                distribution(distribute, report);
            });
            overlap(sources).ifPresent(problem -> report.at(setting.below("distribute"), problem));
            setting.each("failover", LocalityLoadBalancerSetting::failover).forEach(failover -> {
                var from = failover.value().from();
                var to = failover.value().to();
                if (from.equals(to)) {
                    report.at(failover, "failover from \"%s\" to itself (expected: another region)".formatted(from));
                }
                if ((from + to).contains("/") || (from + to).contains("*")) {
                    report.at(
                            failover,
                            "failover from \"%s\" to \"%s\" (expected: regions only, without \"/\" and \"*\")"
                                    .formatted(from, to));
                }
            });
        }

        private static void distribution(At<Distribute> distribute, Report report) {
            var shares = distribute.value().to();
            var wrong = shares.values().stream()
                    .filter(share -> share < 1 || share > 100)
                    .findFirst();
            if (wrong.isPresent()) {
                report.at(distribute.below("to"), "share %d (expected: 1 to 100)".formatted(wrong.get()));
                return;
            }
            long total = shares.values().stream().mapToLong(Long::longValue).sum();
            if (total != 100) {
                report.at(distribute.below("to"), "shares add up to %d (expected: 100)".formatted(total));
                return;
            }
            overlap(List.copyOf(shares.keySet())).ifPresent(problem -> report.at(distribute.below("to"), problem));
        }

        private static boolean isTopology(String label) {
            return label.equals("topology.kubernetes.io/region")
                    || label.equals("topology.kubernetes.io/zone")
                    || label.equals("topology.istio.io/subzone");
        }

        // A shorter locality holds every longer one below it, whether or not a "*" says so.
        private static Optional<String> overlap(List<String> localities) {
            var seen = new ArrayList<List<String>>();
            for (var locality : localities) {
                int star = locality.indexOf('*');
                if (star >= 0 && star != locality.length() - 1) {
                    return Optional.of("locality \"%s\" (expected: \"*\" at the end only)".formatted(locality));
                }
                var parts = List.of(locality.split("/", 3));
                if (parts.contains("")) {
                    return Optional.of("locality \"%s\" has an empty part (expected: \"region/zone/subzone\")"
                            .formatted(locality));
                }
                if (seen.stream().anyMatch(other -> overlaps(other, parts))) {
                    return Optional.of(
                            "locality \"%s\" overlaps another one (expected: separate places)".formatted(locality));
                }
                seen.add(parts);
            }
            return Optional.empty();
        }

        private static boolean overlaps(List<String> first, List<String> later) {
            if (first.getFirst().equals("*")) {
                return true;
            }
            for (int i = 0; i < later.size(); i++) {
                if (i >= first.size() || (i > 0 && first.get(i).equals("*"))) {
                    return true;
                }
                if (!first.get(i).equals(later.get(i))) {
                    return false;
                }
            }
            // The later one is as short as or shorter than the first: Istio refuses it only at the same depth, or at
            // the region's.
            return later.size() == first.size() || later.size() < 3;
        }
    }

    /// SP4403: Istio warns too.
    static final class MinimumRingSizeIsNotUsed extends ObjectRule<DestinationRule> {
        MinimumRingSizeIsNotUsed() {
            super(
                    "SP4403",
                    WARNING,
                    "minimumRingSize is deprecated",
                    Kind.DESTINATION_RULE,
                    DestinationRule.class,
                    new Page(
                            "ringHash: {minimumRingSize: …} takes its place.",
                            "{host: cart, trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true, minimumRingSize: 2048}}}}",
                            "{host: cart, trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true, ringHash: {minimumRingSize: 2048}}}}}"));
        }

        @Override
        public void check(At<DestinationRule> rule, Report report) {
            Policies.own(rule)
                    .flatMap(policy -> policy.field("loadBalancer", TrafficPolicy::loadBalancer))
                    .flatMap(balancer -> balancer.field("consistentHash", LoadBalancerSettings::consistentHash))
                    .filter(hash -> hash.value().minimumRingSize() != 0)
                    .forEach(hash -> report.at(
                            hash.below("minimumRingSize"),
                            "minimumRingSize is deprecated (expected: ringHash: {minimumRingSize: %d})"
                                    .formatted(hash.value().minimumRingSize())));
        }
    }

    /// SP4404: nothing fails over while nothing is ejected. Istio warns too.
    static final class FailoverHasOutlierDetection extends ObjectRule<DestinationRule> {
        FailoverHasOutlierDetection() {
            super(
                    "SP4404",
                    WARNING,
                    "Failover without outlier detection",
                    Kind.DESTINATION_RULE,
                    DestinationRule.class,
                    new Page(
                            "Envoy leaves a place when its endpoints are ejected, which needs outlierDetection beside it.",
                            "{host: cart, trafficPolicy: {loadBalancer: {localityLbSetting: {failover: [{from: a, to: b}]}}}}",
                            "{host: cart, trafficPolicy: {outlierDetection: {consecutive5xxErrors: 3}, loadBalancer: {localityLbSetting: {failover: [{from: a, to: b}]}}}}"));
        }

        @Override
        public void check(At<DestinationRule> rule, Report report) {
            Policies.own(rule)
                    .filter(policy -> policy.value().outlierDetection() == null)
                    .flatMap(policy -> policy.field("loadBalancer", TrafficPolicy::loadBalancer))
                    .flatMap(balancer -> balancer.field("localityLbSetting", LoadBalancerSettings::localityLbSetting))
                    .filter(setting -> setting.value().distribute().isEmpty()
                            || setting.value().failover().isEmpty())
                    .filter(setting -> !setting.value().failover().isEmpty()
                            || !setting.value().failoverPriority().isEmpty())
                    .forEach(setting -> report.at(
                            setting,
                            "failover without outlierDetection (expected: outlierDetection beside loadBalancer)"));
        }
    }

    /// SP4405: an old form that still works.
    static final class WarmupDurationIsNotUsed extends ObjectRule<DestinationRule> {
        WarmupDurationIsNotUsed() {
            super(
                    "SP4405",
                    INFO,
                    "warmupDurationSecs is deprecated",
                    Kind.DESTINATION_RULE,
                    DestinationRule.class,
                    new Page(
                            "warmup: {duration: …} takes its place.",
                            "{host: cart, trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN, warmupDurationSecs: 60s}}}",
                            "{host: cart, trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN, warmup: {duration: 60s}}}}"));
        }

        @Override
        public void check(At<DestinationRule> rule, Report report) {
            Policies.loadBalancers(rule)
                    .flatMap(balancer -> balancer.field("warmupDurationSecs", LoadBalancerSettings::warmupDurationSecs))
                    .forEach(time -> report.at(
                            time,
                            "warmupDurationSecs is deprecated (expected: warmup: {duration: %s})"
                                    .formatted(Durations.text(time.value()))));
        }
    }
}
