package io.sallyport.accesslog.receive;

import com.google.common.base.CharMatcher;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.sallyport.runtime.identity.Identity;

/// Which proxy a row comes from: `istio-system/edge-1`.
///
/// @param namespace empty if nobody knows
public record Proxy(String namespace, String name) {

    private static final int MAX_LENGTH = 253;
    private static final CharMatcher NAME = CharMatcher.inRange('a', 'z')
            .or(CharMatcher.inRange('A', 'Z'))
            .or(CharMatcher.inRange('0', '9'))
            .or(CharMatcher.anyOf("-._:"))
            .precomputed();

    public Proxy {
        if (name.isEmpty()) {
            throw new IllegalArgumentException("proxy name is empty (expected: the name of a proxy)");
        }
    }

    /// What a node says of itself: the namespace of its metadata, and the name in an id as Istio's proxies send
    /// it, `router~10.0.0.1~edge-1.istio-system~istio-system.svc.cluster.local`; any other id is the name
    /// itself. What no name has in it, a slash or a control character, is a `-`.
    public static Proxy claimedBy(Node node) {
        var namespace = node.getMetadata()
                .getFieldsMap()
                .getOrDefault("NAMESPACE", com.google.protobuf.Value.getDefaultInstance())
                .getStringValue();
        var id = node.getId();
        var first = id.indexOf('~');
        var second = id.indexOf('~', first + 1);
        var third = id.indexOf('~', second + 1);
        var name = first > 0 && second > 0 && third > 0 ? id.substring(second + 1, third) : id;
        var suffix = "." + namespace;
        if (!namespace.isEmpty() && name.length() > suffix.length() && name.endsWith(suffix)) {
            name = name.substring(0, name.length() - suffix.length());
        }
        return new Proxy(named(namespace), name.isEmpty() ? "unknown" : named(name));
    }

    /// The same with what is proved in place of what is said: the namespace, and the name where a token is
    /// bound to a Pod. With a certificate alone the name is what the proxy says within its namespace.
    Proxy provedBy(Identity identity) {
        return switch (identity) {
            case Identity.Local _ -> this;
            case Identity.Workload workload ->
                new Proxy(workload.namespace(), workload.pod().orElse(name));
            case Identity.Service _, Identity.User _ ->
                throw new IllegalStateException(identity + " passed the guard of proxies");
        };
    }

    private static String named(String text) {
        return NAME.negate().replaceFrom(text.length() <= MAX_LENGTH ? text : text.substring(0, MAX_LENGTH), '-');
    }

    @Override
    public String toString() {
        return namespace.isEmpty() ? name : namespace + "/" + name;
    }
}
