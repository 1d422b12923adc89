package io.sallyport.model.gatewayapi;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import io.sallyport.model.NotEmpty;
import io.sallyport.model.Required;
import io.sallyport.model.Spec;
import io.sallyport.model.Unsigned;
import io.sallyport.model.Value;
import org.jspecify.annotations.Nullable;

/// The Gateway API's `Gateway`: listeners that routes attach to. Another thing than Istio's
/// [io.sallyport.model.Gateway], whose name it shares.
public record KubernetesGateway(
        @Required @NotEmpty String gatewayClassName,
        @Required ImmutableList<Listener> listeners,
        ImmutableList<Address> addresses,
        @Nullable Infrastructure infrastructure,
        Value.@Nullable Struct allowedListeners,
        Value.@Nullable Struct backendTLS,
        Value.@Nullable Struct tls,
        String defaultScope)
        implements Spec {

    /// A port, the protocol on it and one host name, `""` for any.
    public record Listener(
            @Required @NotEmpty String name,
            String hostname,
            @Required @Unsigned int port,
            @Required String protocol,
            @Nullable Tls tls,
            @Nullable AllowedRoutes allowedRoutes) {}

    /// How a listener treats TLS.
    public record Tls(
            TlsMode mode,
            ImmutableList<Reference> certificateRefs,
            Value.@Nullable Struct frontendValidation,
            ImmutableSortedMap<String, String> options) {}

    /// Who ends TLS. Absent means `Terminate`.
    public enum TlsMode {
        Terminate,
        Passthrough
    }

    /// A Secret, of the Gateway's namespace if none is named.
    public record Reference(
            String group,
            @Nullable String kind,
            @Required @NotEmpty String name,
            String namespace) {}

    /// Which routes may attach. Absent means those of the Gateway's own namespace.
    public record AllowedRoutes(@Nullable Namespaces namespaces, ImmutableList<RouteKind> kinds) {}

    /// The namespaces that routes may come from.
    public record Namespaces(From from, @Nullable Selector selector) {}

    /// Absent means `Same`.
    public enum From {
        Same,
        All,
        Selector,
        None
    }

    /// Kubernetes' choice by labels: all of it must hold.
    public record Selector(
            ImmutableSortedMap<String, String> matchLabels, ImmutableList<Requirement> matchExpressions) {}

    /// One condition on a label.
    public record Requirement(
            @Required String key, @Required Operator operator, ImmutableList<String> values) {}

    /// What is asked of a label.
    public enum Operator {
        In,
        NotIn,
        Exists,
        DoesNotExist
    }

    /// A kind of route. An absent group is the Gateway API's.
    public record RouteKind(
            @Nullable String group, @Required String kind) {}

    /// Where the Gateway is to be reached: `Hostname` names the Service of the proxies that serve it, as with
    /// Istio.
    public record Address(String type, String value) {}

    /// What Kubernetes objects made for the Gateway are to carry.
    public record Infrastructure(
            ImmutableSortedMap<String, String> labels,
            ImmutableSortedMap<String, String> annotations,
            @Nullable Parameters parametersRef) {}

    /// Settings of a deployment.
    public record Parameters(
            @Required String group,
            @Required String kind,
            @Required String name) {}
}
