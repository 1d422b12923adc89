package io.sallyport.xds.discovery;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.grpc.Status;
import io.sallyport.runtime.identity.Authorizer;
import io.sallyport.runtime.identity.Identity;
import io.sallyport.runtime.identity.ProxyLabels;
import io.sallyport.translation.ProxyClass;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/// Who a proxy says that it is, in the form of Istio's proxies: id
/// `router~10.1.2.3~edge-0.shop~shop.svc.cluster.local` and the metadata `NAMESPACE`, `NAME`, `WORKLOAD_NAME`,
/// `LABELS`, `UNPRIVILEGED_POD`; beside them Sallyport's own `LISTEN` (`{"80": "8080"}`) and `ADDRESS`.
/// Metadata beats the id. Source: Istio's "ServiceNode" and bootstrap node.
public record Node(String id, String name, String envoyVersion, ProxyClass proxies) {

    private static final String ANY_ADDRESS = "0.0.0.0";

    /// Reads a node; what cannot be one is a violation that says what was expected.
    static Node of(io.envoyproxy.envoy.config.core.v3.Node message) throws ProtocolViolation {
        if (message.getSerializedSize() > Bounds.NODE_BYTES) {
            throw new ProtocolViolation(
                    Status.Code.INVALID_ARGUMENT,
                    "node of " + message.getSerializedSize() + " bytes (expected: at most " + Bounds.NODE_BYTES + ")");
        }
        var parts = message.getId().split("~", -1);
        if (parts.length != 4 || !(parts[0].equals("router") || parts[0].equals("sidecar"))) {
            throw new ProtocolViolation(
                    Status.Code.INVALID_ARGUMENT,
                    "node id \"%s\" (expected: \"router~ADDRESS~NAME.NAMESPACE~DOMAIN\" or \"sidecar~…\")"
                            .formatted(Bounds.printable(message.getId())));
        }
        var metadata = message.getMetadata();
        int dot = parts[2].lastIndexOf('.');
        var namespace = text(metadata, "NAMESPACE", dot < 0 ? "default" : parts[2].substring(dot + 1));
        var name = text(metadata, "NAME", dot < 0 ? parts[2] : parts[2].substring(0, dot));
        var proxies = new ProxyClass(
                parts[0].equals("router") ? ProxyClass.Role.ROUTER : ProxyClass.Role.SIDECAR,
                namespace,
                // Pods of one workload share a plan; their own names would keep them apart, each with a plan in memory.
                text(metadata, "WORKLOAD_NAME", ""),
                strings(metadata, "LABELS"),
                ports(metadata),
                text(metadata, "ADDRESS", ANY_ADDRESS),
                !text(metadata, "UNPRIVILEGED_POD", "false").equals("true"));
        return new Node(message.getId(), name, version(message), proxies);
    }

    /// The same with what is proved in place of what is said: another namespace is refused, labels come from the
    /// platform, and so does the name where a token is bound to a Pod.
    Node provedBy(Identity identity, ProxyLabels labels) throws ProtocolViolation {
        return switch (identity) {
            case Identity.Local _ -> this;
            case Identity.Workload workload -> {
                if (!proxies.namespace().equals(workload.namespace())) {
                    throw new ProtocolViolation(
                            Status.Code.PERMISSION_DENIED,
                            "the node says namespace \"%s\" (expected: \"%s\", as its certificate or token says)"
                                    .formatted(Bounds.printable(proxies.namespace()), workload.namespace()));
                }
                var proved = new ProxyClass(
                        proxies.role(),
                        workload.namespace(),
                        proxies.name(),
                        labels(labels, workload),
                        proxies.listen(),
                        proxies.address(),
                        proxies.privileged());
                yield new Node(id, workload.pod().orElse(name), envoyVersion, proved);
            }
            case Identity.Service _, Identity.User _ ->
                throw new ProtocolViolation(
                        Status.Code.PERMISSION_DENIED, identity + " is no proxy (expected: a service account's)");
        };
    }

    private static SortedMap<String, String> labels(ProxyLabels labels, Identity.Workload workload)
            throws ProtocolViolation {
        try {
            return labels.of(workload);
        } catch (Authorizer.UnavailableException e) {
            throw new ProtocolViolation(
                    Status.Code.UNAVAILABLE, "the labels of " + workload + " cannot be told now: " + e.getMessage());
        }
    }

    /// What tells proxies apart: ids are made up by proxies, so each namespace has its own.
    String key() {
        return proxies.namespace() + "/" + id;
    }

    private static String version(io.envoyproxy.envoy.config.core.v3.Node message) {
        if (!message.hasUserAgentBuildVersion()) {
            return Bounds.printable(message.getUserAgentVersion());
        }
        var version = message.getUserAgentBuildVersion().getVersion();
        return version.getMajorNumber() + "." + version.getMinorNumber() + "." + version.getPatch();
    }

    private static SortedMap<String, Integer> ports(Struct metadata) throws ProtocolViolation {
        var ports = new TreeMap<String, Integer>();
        for (Map.Entry<String, String> port : strings(metadata, "LISTEN").entrySet()) {
            ports.put(port.getKey(), port(port.getKey(), port.getValue()));
        }
        return ports;
    }

    private static int port(String key, String text) throws ProtocolViolation {
        try {
            int port = Integer.parseInt(text);
            if (port >= 0 && port <= 65_535) {
                return port;
            }
        } catch (NumberFormatException _) {
            // The same answer as for a number that is no port.
        }
        throw new ProtocolViolation(
                Status.Code.INVALID_ARGUMENT,
                "node metadata LISTEN %s: \"%s\" (expected: a port)"
                        .formatted(Bounds.printable(key), Bounds.printable(text)));
    }

    private static String text(Struct metadata, String field, String fallback) {
        var value = metadata.getFieldsMap().get(field);
        var text = value == null ? "" : plain(value);
        return text.isEmpty() ? fallback : text;
    }

    private static SortedMap<String, String> strings(Struct metadata, String field) {
        var strings = new TreeMap<String, String>();
        var value = metadata.getFieldsMap().get(field);
        if (value != null && value.hasStructValue()) {
            value.getStructValue().getFieldsMap().forEach((key, each) -> strings.put(key, plain(each)));
        }
        return strings;
    }

    // 8080 and "8080" are the same to a person who writes a bootstrap by hand.
    private static String plain(Value value) {
        return switch (value.getKindCase()) {
            case STRING_VALUE -> value.getStringValue();
            case BOOL_VALUE -> String.valueOf(value.getBoolValue());
            case NUMBER_VALUE -> number(value.getNumberValue());
            case NULL_VALUE, STRUCT_VALUE, LIST_VALUE, KIND_NOT_SET -> "";
        };
    }

    private static String number(double number) {
        return number == Math.rint(number) && Math.abs(number) < 1e15
                ? String.valueOf((long) number)
                : String.format(Locale.ROOT, "%s", number);
    }
}
