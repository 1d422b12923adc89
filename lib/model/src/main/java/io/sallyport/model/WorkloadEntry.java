package io.sallyport.model;

import com.google.common.collect.ImmutableSortedMap;

/// One address that serves: Istio's `networking.istio.io` WorkloadEntry, and an endpoint of a [ServiceEntry].
public record WorkloadEntry(
        String address,
        @Unsigned ImmutableSortedMap<String, Integer> ports,
        ImmutableSortedMap<String, String> labels,
        String network,
        String locality,
        @Unsigned long weight,
        String serviceAccount)
        implements Spec {}
