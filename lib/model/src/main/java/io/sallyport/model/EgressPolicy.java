package io.sallyport.model;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import org.jspecify.annotations.Nullable;

/// Who may leave to where, by which door and until when: one object in place of the ServiceEntry, Gateway,
/// VirtualServices and DestinationRules that say the same, which it stands for (`sallyport egress expand` shows them).
///
/// ```yaml
/// apiVersion: sallyport.io/v1alpha1
/// kind: EgressPolicy
/// metadata: {namespace: shop, name: payments}
/// spec:
///   from: [{labels: {app: cart}}]
///   hosts: [api.stripe.com]
///   ports: [{number: 443, protocol: TLS}]
///   gateway: {namespace: istio-system, name: istio-egressgateway}
///   expires: "2027-06-30"
/// ```
///
/// Without `from`, the policy is for all clients of its own namespace. `expires` is an instant, or a date that is
/// the last day (UTC); from then on the object stands for nothing.
public record EgressPolicy(
        ImmutableList<Client> from,
        @Required @NotEmpty ImmutableList<String> hosts,
        @Required ImmutableList<Port> ports,
        @Nullable Door gateway,
        @Nullable TlsOrigination tlsOrigination,
        @NotEmpty String expires)
        implements Spec {

    /// Clients of a namespace: all of them, or those with some labels. An absent namespace is the policy's own; `*` is
    /// every namespace.
    public record Client(String namespace, ImmutableSortedMap<String, String> labels) {}

    /// A port that clients use outside.
    public record Port(
            @Required @Unsigned int number, @Required Protocol protocol) {}

    /// What is spoken on a port. `HTTPS` and `TLS` are the same: clients encrypt themselves.
    public enum Protocol {
        HTTP,
        HTTP2,
        GRPC,
        HTTPS,
        TLS,
        TCP
    }

    /// The egress gateway: the Service in front of it, and the labels of its proxies. Without a selector they are
    /// those that Istio's chart gives it: `istio: egressgateway` for `istio-egressgateway`.
    public record Door(
            @Required @NotEmpty String namespace,
            @Required @NotEmpty String name,
            ImmutableSortedMap<String, String> selector) {}

    /// Plain HTTP inside, TLS outside: whoever sends the requests out encrypts them, the gateway if there is one. An
    /// absent `port` (0) is 443; an absent `sni` is the name that is asked for.
    public record TlsOrigination(
            Mode mode, @Unsigned int port, String credentialName, String sni, ImmutableList<String> subjectAltNames) {}

    /// Whether a client certificate is shown too.
    public enum Mode {
        SIMPLE,
        MUTUAL
    }
}
