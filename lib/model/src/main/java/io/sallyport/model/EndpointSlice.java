package io.sallyport.model;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import org.jspecify.annotations.Nullable;

/// Addresses of a [Service]: Kubernetes' `discovery.k8s.io/v1` EndpointSlice. It belongs to the Service that its label
/// `kubernetes.io/service-name` names. Its fields stand beside `metadata`, not under `spec`.
public record EndpointSlice(
        @Required @Nullable AddressType addressType,
        ImmutableList<Endpoint> endpoints,
        ImmutableList<EndpointPort> ports)
        implements Spec {

    /// The label that names the Service.
    public static final String SERVICE_NAME_LABEL = "kubernetes.io/service-name";

    /// The annotation that tells more of the addresses, one a line, than Kubernetes writes into slices: the region of
    /// one, and the labels of the Pod behind it: `10.0.0.1 region=eu labels=app=cart,version=v1`. Addresses without
    /// a line have the labels of the slice.
    public static final String ENDPOINTS_ANNOTATION = "sallyport.io/endpoints";

    /// What the addresses are.
    public enum AddressType {
        IPv4,
        IPv6,
        FQDN
    }

    /// One endpoint; its addresses are interchangeable.
    public record Endpoint(
            @Required ImmutableList<String> addresses,
            @Nullable Conditions conditions,
            String hostname,
            @Nullable ObjectReference targetRef,
            ImmutableSortedMap<String, String> deprecatedTopology,
            String nodeName,
            String zone,
            @Nullable Hints hints) {}

    /// Whether the endpoint serves. An absent `ready` means ready.
    public record Conditions(
            @Nullable Boolean ready,
            @Nullable Boolean serving,
            @Nullable Boolean terminating) {

        /// Whether traffic may go there.
        public boolean isReady() {
            return !Boolean.FALSE.equals(ready);
        }
    }

    /// A port of every endpoint. An absent name is the empty name; an absent port means all ports.
    public record EndpointPort(
            String name,
            Service.Protocol protocol,
            @Nullable Integer port,
            String appProtocol) {}

    /// What stands behind an address.
    public record ObjectReference(
            String apiVersion,
            String kind,
            String namespace,
            String name,
            String uid,
            String resourceVersion,
            String fieldPath) {}

    /// Who should prefer the endpoint.
    public record Hints(ImmutableList<Named> forZones, ImmutableList<Named> forNodes) {}

    /// A zone or a node.
    public record Named(@Required String name) {}
}
