package io.sallyport.translation.egress;

import io.sallyport.translation.ProxyClass;
import java.util.Map;
import java.util.TreeMap;

/// The proxies of tests about egress: clients, and the gateway that they leave through.
final class EgressProxies {

    static final ProxyClass DOOR = new ProxyClass(
            ProxyClass.Role.ROUTER,
            "istio-system",
            "istio-egressgateway",
            new TreeMap<>(Map.of("istio", "egressgateway")),
            new TreeMap<>(),
            "0.0.0.0",
            true);

    private EgressProxies() {}

    /// A client with the label `app`.
    static ProxyClass client(String namespace, String app) {
        return new ProxyClass(
                ProxyClass.Role.SIDECAR,
                namespace,
                "",
                new TreeMap<>(Map.of("app", app)),
                new TreeMap<>(),
                "0.0.0.0",
                true);
    }
}
