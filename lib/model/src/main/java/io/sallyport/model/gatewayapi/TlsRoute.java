package io.sallyport.model.gatewayapi;

import com.google.common.collect.ImmutableList;
import io.sallyport.model.Required;
import io.sallyport.model.Spec;

/// The Gateway API's `TLSRoute`: connections by the name in their hello.
public record TlsRoute(
        ImmutableList<ParentReference> parentRefs,
        ImmutableList<String> hostnames,
        @Required ImmutableList<Rule> rules,
        String useDefaultGateways)
        implements Spec {

    /// Where the connections go.
    public record Rule(String name, ImmutableList<BackendReference> backendRefs) {}
}
