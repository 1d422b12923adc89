package io.sallyport.model;

import com.google.common.collect.ImmutableList;

/// A Kubernetes `v1` Namespace. What counts are its labels: listeners choose namespaces by them.
public record Namespace(ImmutableList<String> finalizers) implements Spec {

    /// The label with its name that Kubernetes gives to each.
    public static final String NAME_LABEL = "kubernetes.io/metadata.name";
}
