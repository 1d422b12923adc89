package io.sallyport.model;

import com.google.common.collect.ImmutableList;
import org.jspecify.annotations.Nullable;

/// A service that Kubernetes does not know: Istio's `networking.istio.io` ServiceEntry, field by field.
public record ServiceEntry(
        @Required ImmutableList<String> hosts,
        ImmutableList<String> addresses,
        ImmutableList<ServicePort> ports,
        Location location,
        Resolution resolution,
        ImmutableList<WorkloadEntry> endpoints,
        @Nullable WorkloadSelector workloadSelector,
        ImmutableList<String> exportTo,
        ImmutableList<String> subjectAltNames)
        implements Spec {

    /// A port of the service. An absent `targetPort` (0) is the same as `number`.
    public record ServicePort(
            @Required @Unsigned int number,
            String protocol,
            @Required String name,
            @Unsigned int targetPort) {}

    /// Whether the service is part of the mesh. Absent means `MESH_EXTERNAL`.
    public enum Location {
        MESH_EXTERNAL,
        MESH_INTERNAL
    }

    /// How the service's addresses are found. Absent means `NONE`: the client's own.
    public enum Resolution {
        NONE,
        STATIC,
        DNS,
        DNS_ROUND_ROBIN,
        DYNAMIC_DNS
    }
}
