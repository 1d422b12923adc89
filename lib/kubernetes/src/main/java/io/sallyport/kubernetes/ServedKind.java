package io.sallyport.kubernetes;

import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;

/// A kind as an API server serves it: in which version, under which word of the path, and whether its status is
/// written apart from the rest.
public record ServedKind(WantedKind kind, String version, String plural, boolean isNamespaced, boolean hasStatus) {

    /// `networking.istio.io/v1`, or `v1`.
    public String apiVersion() {
        return kind.group().isEmpty() ? version : kind.group() + "/" + version;
    }

    /// As the client names it.
    public ResourceDefinitionContext definition() {
        return new ResourceDefinitionContext.Builder()
                .withGroup(kind.group().isEmpty() ? null : kind.group())
                .withVersion(version)
                .withKind(kind.kind())
                .withPlural(plural)
                .withNamespaced(isNamespaced)
                .build();
    }
}
