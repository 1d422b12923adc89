package io.sallyport.secret.sds;

import io.grpc.Status;
import io.sallyport.runtime.identity.Authorizer;
import io.sallyport.runtime.identity.Identity;
import io.sallyport.runtime.identity.ProxyLabels;
import io.sallyport.secret.store.SecretName;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/// Who asks: the namespace decides which secrets there are, the labels which Gateways it runs. On a Unix
/// socket, which this user alone can open, what a node says of itself is believed; on a port both are what its
/// certificate or token proves.
public record Node(String id, String namespace, SortedMap<String, String> labels) {

    private static final int MAX_BYTES = 64 << 10;
    private static final int MAX_ID = 1_024;

    public Node {
        labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
    }

    static Node of(io.envoyproxy.envoy.config.core.v3.Node message) throws Refusal {
        if (message.getSerializedSize() > MAX_BYTES) {
            throw new Refusal(
                    Status.Code.RESOURCE_EXHAUSTED,
                    "a node of %d bytes (expected: at most %d)".formatted(message.getSerializedSize(), MAX_BYTES));
        }
        if (message.getId().isEmpty() || message.getId().length() > MAX_ID) {
            throw new Refusal(
                    Status.Code.INVALID_ARGUMENT,
                    "a node id of %d characters (expected: 1 to %d)"
                            .formatted(message.getId().length(), MAX_ID));
        }
        var namespace = message.getMetadata().getFieldsMap().get("NAMESPACE");
        if (namespace == null || !SecretName.isNamespace(namespace.getStringValue())) {
            throw new Refusal(
                    Status.Code.INVALID_ARGUMENT, "node metadata without NAMESPACE (expected: the proxy's namespace)");
        }
        var labels = new TreeMap<String, String>();
        var written = message.getMetadata().getFieldsMap().get("LABELS");
        if (written != null) {
            written.getStructValue()
                    .getFieldsMap()
                    .forEach((label, value) -> labels.put(label, value.getStringValue()));
        }
        return new Node(message.getId(), namespace.getStringValue(), labels);
    }

    /// The same with what is proved in place of what is said. A node that says another namespace is refused.
    Node provedBy(Identity identity, ProxyLabels known) throws Refusal {
        return switch (identity) {
            case Identity.Local _ -> this;
            case Identity.Workload workload -> {
                if (!namespace.equals(workload.namespace())) {
                    throw new Refusal(
                            Status.Code.PERMISSION_DENIED,
                            "the node says namespace \"%s\" (expected: \"%s\", as its certificate or token says)"
                                    .formatted(namespace, workload.namespace()));
                }
                try {
                    yield new Node(id, namespace, known.of(workload));
                } catch (Authorizer.UnavailableException e) {
                    throw new Refusal(
                            Status.Code.UNAVAILABLE,
                            "the labels of " + workload + " cannot be told now: " + e.getMessage());
                }
            }
            case Identity.Service _, Identity.User _ ->
                throw new Refusal(
                        Status.Code.PERMISSION_DENIED, identity + " is no proxy (expected: a service account's)");
        };
    }
}
