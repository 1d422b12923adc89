package io.sallyport.model.gatewayapi;

import com.google.common.collect.ImmutableList;
import io.sallyport.model.NotEmpty;
import io.sallyport.model.Required;
import io.sallyport.model.Spec;

/// Lets objects of other namespaces name things of this one: routes its Services, Gateways its Secrets.
public record ReferenceGrant(
        @Required ImmutableList<From> from, @Required ImmutableList<To> to) implements Spec {

    /// Who may: every object of a kind in a namespace.
    public record From(
            @Required String group,
            @Required String kind,
            @Required @NotEmpty String namespace) {}

    /// What: everything of a kind, or one of a name.
    public record To(@Required String group, @Required String kind, String name) {}
}
