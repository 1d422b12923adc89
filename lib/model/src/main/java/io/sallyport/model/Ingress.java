package io.sallyport.model;

import com.google.common.collect.ImmutableList;
import org.jspecify.annotations.Nullable;

/// Kubernetes' `networking.k8s.io` Ingress, field by field: HTTP and HTTPS on the ports 80 and 443, and nothing
/// else.
public record Ingress(
        String ingressClassName, @Nullable Backend defaultBackend, ImmutableList<Tls> tls, ImmutableList<Rule> rules)
        implements Spec {

    /// Which annotation said the class before `ingressClassName` did.
    public static final String CLASS_ANNOTATION = "kubernetes.io/ingress.class";

    /// The certificate of some hosts; of all if none are named.
    public record Tls(ImmutableList<String> hosts, String secretName) {}

    /// The paths of one host; of every host if none is named.
    public record Rule(String host, @Nullable Http http) {}

    /// The paths of a host.
    public record Http(@Required ImmutableList<HttpPath> paths) {}

    /// Where the requests for a path go.
    public record HttpPath(
            String path,
            @Required PathType pathType,
            @Required @Nullable Backend backend) {}

    /// How paths are compared. `Prefix` goes by segments; `ImplementationSpecific` is a whole path, or one that
    /// ends with `*`, as with Istio.
    public enum PathType {
        ImplementationSpecific,
        Exact,
        Prefix
    }

    /// What requests go to.
    @OneOf({"service", "resource"})
    public record Backend(
            @Nullable ServiceBackend service, @Nullable Resource resource) {}

    /// A Service of the Ingress's namespace.
    public record ServiceBackend(
            @Required @NotEmpty String name, @Nullable ServicePort port) {}

    /// A port of the Service, by name or number.
    @OneOf({"name", "number"})
    public record ServicePort(
            @Nullable String name, @Nullable Integer number) {}

    /// Something else of the namespace.
    public record Resource(
            String apiGroup,
            @Required String kind,
            @Required String name) {}
}
