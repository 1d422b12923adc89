package io.sallyport.analysis.destinationrule;

import io.sallyport.analysis.At;
import io.sallyport.model.DestinationRule;
import io.sallyport.model.DestinationRule.ClientTlsSettings;
import io.sallyport.model.DestinationRule.ConnectionPoolSettings;
import io.sallyport.model.DestinationRule.LoadBalancerSettings;
import io.sallyport.model.DestinationRule.OutlierDetection;
import io.sallyport.model.DestinationRule.PortTrafficPolicy;
import io.sallyport.model.DestinationRule.Subset;
import io.sallyport.model.DestinationRule.TrafficPolicy;
import java.util.stream.Stream;

/// The traffic policies of a DestinationRule, wherever they stand: its own, those of its subsets, and of their ports.
final class Policies {

    private Policies() {}

    /// The policy of the whole service alone: Istio's admission drops the warnings, not the errors, of all others.
    static Stream<At<TrafficPolicy>> own(At<DestinationRule> rule) {
        return rule.field("trafficPolicy", DestinationRule::trafficPolicy);
    }

    static Stream<At<TrafficPolicy>> policies(At<DestinationRule> rule) {
        return Stream.concat(
                rule.field("trafficPolicy", DestinationRule::trafficPolicy),
                rule.each("subsets", DestinationRule::subsets)
                        .flatMap(subset -> subset.field("trafficPolicy", Subset::trafficPolicy)));
    }

    static Stream<At<PortTrafficPolicy>> ports(At<DestinationRule> rule) {
        return policies(rule).flatMap(policy -> policy.each("portLevelSettings", TrafficPolicy::portLevelSettings));
    }

    static Stream<At<LoadBalancerSettings>> loadBalancers(At<DestinationRule> rule) {
        return Stream.concat(
                policies(rule).flatMap(policy -> policy.field("loadBalancer", TrafficPolicy::loadBalancer)),
                ports(rule).flatMap(port -> port.field("loadBalancer", PortTrafficPolicy::loadBalancer)));
    }

    static Stream<At<ConnectionPoolSettings>> pools(At<DestinationRule> rule) {
        return Stream.concat(
                policies(rule).flatMap(policy -> policy.field("connectionPool", TrafficPolicy::connectionPool)),
                ports(rule).flatMap(port -> port.field("connectionPool", PortTrafficPolicy::connectionPool)));
    }

    static Stream<At<OutlierDetection>> outliers(At<DestinationRule> rule) {
        return Stream.concat(
                policies(rule).flatMap(policy -> policy.field("outlierDetection", TrafficPolicy::outlierDetection)),
                ports(rule).flatMap(port -> port.field("outlierDetection", PortTrafficPolicy::outlierDetection)));
    }

    static Stream<At<ClientTlsSettings>> tls(At<DestinationRule> rule) {
        return Stream.concat(
                policies(rule).flatMap(policy -> policy.field("tls", TrafficPolicy::tls)),
                ports(rule).flatMap(port -> port.field("tls", PortTrafficPolicy::tls)));
    }
}
