package io.sallyport.analysis;

import io.sallyport.analysis.text.Hosts;
import io.sallyport.analysis.text.Protocol;
import io.sallyport.model.ConfigObject;
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

    /// Which rules of a VirtualService a server asks: those for requests, for names of TLS, or for connections.
    public static Rules rules(Gateway.Server server) {
        var tls = server.tls();
        var port = server.port();
        var protocol =
                port == null ? Protocol.TCP : Protocol.of(port.protocol()).orElse(Protocol.TCP);
        if (protocol.isHttp()) {
            return Rules.HTTP;
        }
        if (tls == null) {
            return Rules.TCP;
        }
        return switch (tls.mode()) {
            case PASSTHROUGH -> Rules.TLS;
            case AUTO_PASSTHROUGH -> Rules.NONE;
            case SIMPLE, MUTUAL, OPTIONAL_MUTUAL, ISTIO_MUTUAL -> protocol == Protocol.HTTPS ? Rules.HTTP : Rules.TCP;
        };
    }

    /// Whether a server of this Gateway takes a full host name for VirtualServices of a namespace.
    public static boolean takes(ConfigObject<Gateway> gateway, Gateway.Server server, String host, String namespace) {
        return server.hosts().stream().anyMatch(served -> {
            int slash = served.indexOf('/');
            var from = slash < 0 ? "*" : served.substring(0, slash);
            boolean allowed = from.equals("*")
                    || from.equals(namespace)
                    || (from.equals(".") && gateway.namespace().equals(namespace));
            return allowed && Hosts.overlap(bareHost(served), host);
        });
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

    /// The lists of a VirtualService, each for servers of another kind.
    public enum Rules {
        HTTP,
        TLS,
        TCP,
        /// The server goes by Services alone.
        NONE
    }

    /// Kinds of listener that may or may not share a port.
    public enum Listening {
        HTTP,
        TLS,
        TCP
    }
}
