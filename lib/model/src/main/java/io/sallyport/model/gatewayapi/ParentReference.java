package io.sallyport.model.gatewayapi;

import io.sallyport.model.NotEmpty;
import io.sallyport.model.Required;
import io.sallyport.model.Unsigned;
import org.jspecify.annotations.Nullable;

/// What a route wants to attach to: a Gateway, and of it one listener (`sectionName`) or one port if these are
/// given.
public record ParentReference(
        @Nullable String group,
        @Nullable String kind,
        String namespace,
        @Required @NotEmpty String name,
        String sectionName,
        @Unsigned int port) {

    private static final String GROUP = "gateway.networking.k8s.io";

    /// Whether it is a Gateway of this API: what is not said is.
    public boolean isGateway() {
        return (group == null || group.equals(GROUP)) && (kind == null || kind.equals("Gateway"));
    }
}
