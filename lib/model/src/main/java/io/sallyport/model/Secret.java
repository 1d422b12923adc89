package io.sallyport.model;

import com.google.common.collect.ImmutableSortedSet;

/// A Kubernetes `v1` Secret without its content: what it is called, of which type it is, and which keys it has. Keys
/// and certificates are secret-service's business alone, and the text of a Secret is not kept either.
public record Secret(
        String type, boolean immutable, @Derived ImmutableSortedSet<String> keys) implements Spec {}
