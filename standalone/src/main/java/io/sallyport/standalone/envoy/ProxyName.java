package io.sallyport.standalone.envoy;

import com.google.common.base.CharMatcher;

/// Which proxy: `istio-system/istio-ingressgateway`. Both parts are DNS labels or dotted names, so that they are safe
/// as names of folders: a `..` or a slash never reaches a path.
public record ProxyName(String namespace, String name) implements Comparable<ProxyName> {

    private static final int MAX_LENGTH = 253;
    private static final CharMatcher ALLOWED =
            CharMatcher.inRange('a', 'z').or(CharMatcher.inRange('0', '9')).or(CharMatcher.anyOf("-."));

    public ProxyName {
        check("namespace", namespace);
        check("name", name);
    }

    private static void check(String what, String value) {
        var isName = !value.isEmpty()
                && value.length() <= MAX_LENGTH
                && ALLOWED.matchesAllOf(value)
                && !value.startsWith(".")
                && !value.contains("..");
        if (!isName) {
            throw new IllegalArgumentException(
                    what + " \"" + value + "\" (expected: lower-case letters, digits, - and .)");
        }
    }

    @Override
    public int compareTo(ProxyName other) {
        var byNamespace = namespace.compareTo(other.namespace);
        return byNamespace != 0 ? byNamespace : name.compareTo(other.name);
    }

    @Override
    public String toString() {
        return namespace + "/" + name;
    }
}
