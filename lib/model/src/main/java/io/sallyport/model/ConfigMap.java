package io.sallyport.model;

import com.google.common.collect.ImmutableSortedMap;
import org.jspecify.annotations.Nullable;

/// A Kubernetes `v1` ConfigMap. The one called `istio` carries the mesh settings in its key `mesh`; any other is kept
/// as it is. `mesh` is read from `data`, so it is no field of its own in YAML.
public record ConfigMap(
        ImmutableSortedMap<String, String> data,
        ImmutableSortedMap<String, String> binaryData,
        boolean immutable,
        @Derived @Nullable MeshConfig mesh)
        implements Spec {

    /// The name that makes a ConfigMap the mesh settings.
    public static final String MESH_NAME = "istio";

    /// The key of the mesh settings.
    public static final String MESH_KEY = "mesh";
}
