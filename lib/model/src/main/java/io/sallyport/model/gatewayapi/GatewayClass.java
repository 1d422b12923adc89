package io.sallyport.model.gatewayapi;

import io.sallyport.model.Required;
import io.sallyport.model.Spec;
import org.jspecify.annotations.Nullable;

/// Says whose Gateways of a class are: Sallyport's where `controllerName` is `sallyport.io/gateway-controller`, or
/// Istio's `istio.io/gateway-controller`. Belongs to no namespace; its reference says `default`.
public record GatewayClass(
        @Required String controllerName, @Nullable Parameters parametersRef, String description) implements Spec {

    /// Settings of a controller of somebody else's.
    public record Parameters(
            @Required String group,
            @Required String kind,
            @Required String name,
            String namespace) {}
}
