package io.sallyport.model;

import com.google.common.collect.ImmutableSortedSet;
import org.jspecify.annotations.Nullable;

/// A Kubernetes `v1` Secret without its content: what it is called, of which type it is, which keys it has,
/// and what its certificate says in public. Keys are secret-service's business alone, and the text of a
/// Secret is not kept either.
public record Secret(
        String type,
        boolean immutable,
        @Derived ImmutableSortedSet<String> keys,
        @Derived @Nullable PublicCertificate certificate)
        implements Spec {}
