package io.sallyport.translation.link;

import io.sallyport.analysis.world.TrafficRule;
import io.sallyport.model.DestinationRule.PortTrafficPolicy;
import io.sallyport.model.DestinationRule.Subset;
import io.sallyport.model.DestinationRule.TrafficPolicy;
import io.sallyport.translation.plan.UpstreamId;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Which policy holds for one upstream. The settings of a port replace those of the whole, also where they say nothing;
/// a subset overrides field by field, and the settings of its port replace what the rule says. (Istio:
/// `MergeSubsetTrafficPolicy` in `pilot/pkg/networking/util`.)
final class TrafficPolicies {

    private TrafficPolicies() {}

    static Optional<TrafficPolicy> effective(TrafficRule rule, UpstreamId upstream) {
        int port = upstream.port();
        var whole = rule.policy().map(policy -> atPort(policy, port));
        var own = rule.subset(upstream.subset()).flatMap(subset -> Optional.ofNullable(subset.trafficPolicy()));
        if (whole.isEmpty() || own.isEmpty()) {
            return own.map(policy -> atPort(policy, port)).or(() -> whole);
        }
        return Optional.of(
                settings(own.get(), port).isPresent()
                        ? replace(whole.get(), atPort(own.get(), port))
                        : override(whole.get(), own.get()));
    }

    private static Optional<PortTrafficPolicy> settings(TrafficPolicy policy, int port) {
        return policy.portLevelSettings().stream()
                .filter(settings -> settings.port() != null && settings.port().number() == port)
                .findFirst();
    }

    private static TrafficPolicy atPort(TrafficPolicy policy, int port) {
        return settings(policy, port)
                .map(settings -> new TrafficPolicy(
                        settings.loadBalancer(),
                        settings.connectionPool(),
                        settings.outlierDetection(),
                        settings.tls(),
                        policy.portLevelSettings(),
                        policy.tunnel(),
                        policy.proxyProtocol(),
                        policy.retryBudget(),
                        settings.compression()))
                .orElse(policy);
    }

    // What a port can say is as the subset's port says, also where that is nothing; ports say nothing of the rest.
    private static TrafficPolicy replace(TrafficPolicy whole, TrafficPolicy ofPort) {
        return new TrafficPolicy(
                ofPort.loadBalancer(),
                ofPort.connectionPool(),
                ofPort.outlierDetection(),
                ofPort.tls(),
                ofPort.portLevelSettings(),
                first(ofPort.tunnel(), whole.tunnel()),
                first(ofPort.proxyProtocol(), whole.proxyProtocol()),
                first(ofPort.retryBudget(), whole.retryBudget()),
                ofPort.compression());
    }

    private static TrafficPolicy override(TrafficPolicy whole, TrafficPolicy own) {
        return new TrafficPolicy(
                first(own.loadBalancer(), whole.loadBalancer()),
                first(own.connectionPool(), whole.connectionPool()),
                first(own.outlierDetection(), whole.outlierDetection()),
                first(own.tls(), whole.tls()),
                own.portLevelSettings().isEmpty() ? whole.portLevelSettings() : own.portLevelSettings(),
                first(own.tunnel(), whole.tunnel()),
                first(own.proxyProtocol(), whole.proxyProtocol()),
                first(own.retryBudget(), whole.retryBudget()),
                first(own.compression(), whole.compression()));
    }

    private static <T> @Nullable T first(@Nullable T own, @Nullable T whole) {
        return own == null ? whole : own;
    }

    /// Whether an endpoint with these labels belongs to a subset.
    static boolean contains(Subset subset, java.util.Map<String, String> labels) {
        return labels.entrySet().containsAll(subset.labels().entrySet());
    }
}
