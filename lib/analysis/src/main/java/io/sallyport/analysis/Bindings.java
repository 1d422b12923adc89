package io.sallyport.analysis;

import io.sallyport.analysis.text.Protocol;
import io.sallyport.model.Gateway;

/// How Gateways and VirtualServices name one another, and which listeners servers need.
public final class Bindings {

    private Bindings() {}

    /// `80|0.0.0.0`: where a server listens, as conflicts see it.
    public static String door(Gateway.Server server) {
        var port = server.port();
        return (port == null ? 0 : port.number()) + "|" + server.bind();
    }

    /// What a server needs its listener to be.
    public static Listening listening(Gateway.Server server) {
        var port = server.port();
        var protocol =
                port == null ? Protocol.TCP : Protocol.of(port.protocol()).orElse(Protocol.TCP);
        if (protocol.isTls()) {
            return Listening.TLS;
        }
        return protocol.isHttp() ? Listening.HTTP : Listening.TCP;
    }

    /// A server's host without the namespace in front.
    public static String bareHost(String host) {
        int slash = host.indexOf('/');
        return slash < 0 ? host : host.substring(slash + 1);
    }

    /// `shop/edge`, from any of the spellings that Istio takes; `mesh` stays.
    public static String gatewayName(String written, String namespace) {
        if (written.equals("mesh")) {
            return written;
        }
        int slash = written.indexOf('/');
        if (slash >= 0) {
            return written.startsWith("./") ? namespace + written.substring(1) : written;
        }
        var parts = written.split("\\.", -1);
        return parts.length >= 2 ? parts[1] + "/" + parts[0] : namespace + "/" + written;
    }

    /// Kinds of listener that may or may not share a port.
    public enum Listening {
        HTTP,
        TLS,
        TCP
    }
}
