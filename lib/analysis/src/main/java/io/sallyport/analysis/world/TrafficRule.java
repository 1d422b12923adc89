package io.sallyport.analysis.world;

import com.google.common.collect.ImmutableList;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.DestinationRule;
import io.sallyport.model.DestinationRule.Subset;
import io.sallyport.model.DestinationRule.TrafficPolicy;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;

/// What DestinationRules say about one host: those with the same host, namespace and `exportTo` count as one. Subsets
/// add up, the older of two with one name counts; so does the oldest policy.
/// (Istio: `pilot/pkg/model/destination_rule.go`.)
public record TrafficRule(
        ImmutableList<ConfigObject<DestinationRule>> objects,
        Optional<TrafficPolicy> policy,
        ImmutableList<Subset> subsets) {

    /// No rule: defaults hold.
    public static final TrafficRule NONE = new TrafficRule(ImmutableList.of(), Optional.empty(), ImmutableList.of());

    static TrafficRule merge(List<ConfigObject<DestinationRule>> byAge) {
        var subsets = new LinkedHashMap<String, Subset>();
        byAge.forEach(object -> object.spec().subsets().forEach(subset -> subsets.putIfAbsent(subset.name(), subset)));
        return new TrafficRule(
                ImmutableList.copyOf(byAge),
                byAge.stream()
                        .flatMap(object -> Optional.ofNullable(object.spec().trafficPolicy()).stream())
                        .findFirst(),
                ImmutableList.copyOf(subsets.values()));
    }

    public Optional<Subset> subset(String name) {
        return subsets.stream().filter(subset -> subset.name().equals(name)).findFirst();
    }
}
