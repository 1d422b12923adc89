package io.sallyport.model.gatewayapi;

import com.google.common.collect.ImmutableList;
import io.sallyport.model.Required;
import io.sallyport.model.Spec;

/// The Gateway API's `TCPRoute`: all connections of a listener.
public record TcpRoute(
        ImmutableList<ParentReference> parentRefs, @Required ImmutableList<Rule> rules, String useDefaultGateways)
        implements Spec {

    /// Where the connections go.
    public record Rule(String name, ImmutableList<BackendReference> backendRefs) {}
}
