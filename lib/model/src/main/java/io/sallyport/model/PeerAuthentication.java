package io.sallyport.model;

import com.google.common.collect.ImmutableSortedMap;
import org.jspecify.annotations.Nullable;

/// Whether workloads take plain text: Istio's `security.istio.io` PeerAuthentication, field by field.
public record PeerAuthentication(
        @Nullable PolicySelector selector,
        @Nullable MutualTls mtls,
        @NotEmpty ImmutableSortedMap<String, MutualTls> portLevelMtls)
        implements Spec {

    /// Mutual TLS at one place.
    public record MutualTls(Mode mode) {}

    /// Absent means that the wider setting holds.
    public enum Mode {
        UNSET,
        DISABLE,
        PERMISSIVE,
        STRICT
    }
}
