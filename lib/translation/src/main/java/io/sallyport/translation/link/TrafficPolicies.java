package io.sallyport.translation.link;

import io.sallyport.analysis.world.TrafficRule;
import io.sallyport.model.DestinationRule.Subset;
import io.sallyport.model.DestinationRule.TrafficPolicy;
import io.sallyport.translation.plan.UpstreamId;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Which policy holds for one upstream. The settings of a port replace those of the whole, also where they say nothing;
/// a subset overrides field by field. (Istio: `MergeTrafficPolicy` in `pilot/pkg/networking/util`.)
final class TrafficPolicies {

    private TrafficPolicies() {}

    static Optional<TrafficPolicy> effective(TrafficRule rule, UpstreamId upstream) {
        var whole = rule.policy().map(policy -> atPort(policy, upstream.port()));
        var own = rule.subset(upstream.subset())
                .flatMap(subset -> Optional.ofNullable(subset.trafficPolicy()))
                .map(policy -> atPort(policy, upstream.port()));
        if (whole.isEmpty() || own.isEmpty()) {
            return own.or(() -> whole);
        }
        return Optional.of(override(whole.get(), own.get()));
    }

    private static TrafficPolicy atPort(TrafficPolicy policy, int port) {
        for (var settings : policy.portLevelSettings()) {
            var selector = settings.port();
            if (selector != null && selector.number() == port) {
                return new TrafficPolicy(
                        settings.loadBalancer(),
                        settings.connectionPool(),
                        settings.outlierDetection(),
                        settings.tls(),
                        policy.portLevelSettings(),
                        policy.tunnel(),
                        policy.proxyProtocol(),
                        policy.retryBudget(),
                        settings.compression());
            }
        }
        return policy;
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
