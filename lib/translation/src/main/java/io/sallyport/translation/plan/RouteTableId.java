package io.sallyport.translation.plan;

/// Names one table of sites. Ordered by its text, so that plans list their tables alike everywhere.
public sealed interface RouteTableId extends Comparable<RouteTableId> {

    /// The one table of all plain HTTP servers on one bound port. `address` is empty unless the servers name one.
    record Plain(int boundPort, String address) implements RouteTableId {
        @Override
        public String toString() {
            return "http " + boundPort + (address.isEmpty() ? "" : " on " + address);
        }
    }

    /// The table of one server that ends TLS: it holds the hosts of that server alone. `serverPort` is the number that
    /// the server states, not the one that is bound.
    record Terminated(int serverPort, String portName, String gateway, String namespace, String address)
            implements RouteTableId {
        @Override
        public String toString() {
            return "https " + serverPort + " " + portName + " of " + namespace + "/" + gateway
                    + (address.isEmpty() ? "" : " on " + address);
        }
    }

    /// What a client proxy knows of one port: all HTTP services there, whoever binds it.
    record Outbound(int port) implements RouteTableId {
        @Override
        public String toString() {
            return "outbound " + port;
        }
    }

    /// What a client proxy does for clients that know that it is a proxy: hosts of all ports, each with its port.
    record Proxied() implements RouteTableId {
        @Override
        public String toString() {
            return "proxied";
        }
    }

    @Override
    default int compareTo(RouteTableId other) {
        return toString().compareTo(other.toString());
    }
}
