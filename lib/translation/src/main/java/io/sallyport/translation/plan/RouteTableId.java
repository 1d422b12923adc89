package io.sallyport.translation.plan;

import com.google.common.collect.ComparisonChain;
import java.util.Comparator;

/// Names one table of sites. Ordered by its parts as text (port 443 stands before 80), so that plans list their tables
/// alike everywhere.
public sealed interface RouteTableId extends Comparable<RouteTableId> {

    /// Ports as they are written.
    Comparator<Integer> BY_DIGITS =
            (mine, theirs) -> mine.equals(theirs) ? 0 : Integer.toString(mine).compareTo(Integer.toString(theirs));

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

    // Part by part: tables are looked up by it, thousands of times where a port has thousands of servers.
    @Override
    default int compareTo(RouteTableId other) {
        return switch (this) {
            case Plain mine
            when other instanceof Plain theirs ->
                ComparisonChain.start()
                        .compare(mine.boundPort, theirs.boundPort, BY_DIGITS)
                        .compare(mine.address, theirs.address)
                        .result();
            case Terminated mine
            when other instanceof Terminated theirs ->
                ComparisonChain.start()
                        .compare(mine.serverPort, theirs.serverPort, BY_DIGITS)
                        .compare(mine.portName, theirs.portName)
                        .compare(mine.namespace, theirs.namespace)
                        .compare(mine.gateway, theirs.gateway)
                        .compare(mine.address, theirs.address)
                        .result();
            case Outbound mine when other instanceof Outbound theirs -> BY_DIGITS.compare(mine.port, theirs.port);
            case Plain _, Terminated _, Outbound _, Proxied _ -> Integer.compare(rank(this), rank(other));
        };
    }

    private static int rank(RouteTableId id) {
        return switch (id) {
            case Plain _ -> 0;
            case Terminated _ -> 1;
            case Outbound _ -> 2;
            case Proxied _ -> 3;
        };
    }
}
