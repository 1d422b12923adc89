package io.sallyport.model;

/// Names the object that a policy applies to: a Gateway API Gateway, a Service, a ServiceEntry.
public record PolicyTargetReference(
        String group,
        @Required @NotEmpty String kind,
        @Required @NotEmpty String name,
        String namespace) {}
