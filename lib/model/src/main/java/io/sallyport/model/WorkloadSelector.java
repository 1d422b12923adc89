package io.sallyport.model;

import com.google.common.collect.ImmutableSortedMap;

/// Chooses workloads by their labels, as ServiceEntry, Sidecar and EnvoyFilter spell it. All labels must fit.
public record WorkloadSelector(ImmutableSortedMap<String, String> labels) {}
