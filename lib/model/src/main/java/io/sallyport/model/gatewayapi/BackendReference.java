package io.sallyport.model.gatewayapi;

import io.sallyport.model.NotEmpty;
import io.sallyport.model.Required;
import io.sallyport.model.Unsigned;
import org.jspecify.annotations.Nullable;

/// A service to send to: an absent group and kind are a Kubernetes Service of the route's namespace.
public record BackendReference(
        String group,
        @Nullable String kind,
        @Required @NotEmpty String name,
        String namespace,
        @Unsigned int port,
        @Nullable Integer weight) {

    /// The share of the traffic; 1 if nothing is said.
    public int share() {
        return weight == null ? 1 : weight;
    }

    /// `Service` if nothing is said.
    public String kindOrService() {
        return kind == null ? "Service" : kind;
    }
}
