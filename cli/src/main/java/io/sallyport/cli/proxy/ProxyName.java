package io.sallyport.cli.proxy;

import org.jspecify.annotations.Nullable;

/// How people write a proxy: `istio-ingressgateway`, `istio-ingressgateway.istio-system`, `deploy/istio-ingressgateway`
/// with `-n istio-system`, `istio-system/istio-ingressgateway`.
final class ProxyName {

    private ProxyName() {}

    /// `istio-ingressgateway.istio-system`, or without the namespace where none is given.
    static String read(String word, @Nullable String namespace) {
        var slash = word.indexOf('/');
        if (slash < 0) {
            return in(word, namespace);
        }
        var front = word.substring(0, slash);
        var name = word.substring(slash + 1);
        return switch (front) {
            case "deploy", "deployment", "deployments", "pod", "pods", "po", "svc", "service", "ds", "daemonset" ->
                in(name, namespace);
            default -> name + "." + front;
        };
    }

    private static String in(String name, @Nullable String namespace) {
        return namespace == null || name.contains(".") ? name : name + "." + namespace;
    }
}
