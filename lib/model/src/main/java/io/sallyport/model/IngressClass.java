package io.sallyport.model;

import org.jspecify.annotations.Nullable;

/// Says whose Ingresses of a class are: Sallyport's where `controller` is `sallyport.io/ingress-controller`, or
/// Istio's `istio.io/ingress-controller`. Belongs to no namespace; its reference says `default`.
public record IngressClass(String controller, @Nullable Parameters parameters) implements Spec {

    /// Makes a class that of Ingresses which name none.
    public static final String DEFAULT_ANNOTATION = "ingressclass.kubernetes.io/is-default-class";

    /// Settings of a controller of somebody else's.
    public record Parameters(
            String apiGroup,
            @Required String kind,
            @Required String name,
            String namespace,
            String scope) {}
}
