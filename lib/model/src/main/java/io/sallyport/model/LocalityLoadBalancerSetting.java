package io.sallyport.model;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import org.jspecify.annotations.Nullable;

/// Prefers endpoints that are near: in DestinationRule and in the mesh settings. `distribute`, `failover` and
/// `failoverPriority` exclude one another in part, which is a rule's business.
public record LocalityLoadBalancerSetting(
        ImmutableList<Distribute> distribute,
        ImmutableList<Failover> failover,
        ImmutableList<String> failoverPriority,
        @Nullable Boolean enabled) {

    /// Weights in percent, by destination, for clients in `from`: `region/zone/*`.
    public record Distribute(String from, @Unsigned ImmutableSortedMap<String, Long> to) {}

    /// The region that helps when `from` has no healthy endpoint.
    public record Failover(String from, String to) {}
}
