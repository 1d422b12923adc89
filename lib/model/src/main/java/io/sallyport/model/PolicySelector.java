package io.sallyport.model;

import com.google.common.collect.ImmutableSortedMap;

/// Chooses workloads by their labels, as DestinationRule and the `security` and `telemetry` groups spell it
/// (`matchLabels`). All labels must fit.
public record PolicySelector(ImmutableSortedMap<String, String> matchLabels) {}
