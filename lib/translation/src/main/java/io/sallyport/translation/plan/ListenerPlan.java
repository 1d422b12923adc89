package io.sallyport.translation.plan;

import io.sallyport.model.Origin;
import java.util.List;

/// One bound port and what is done with its connections. The first chain whose match holds takes a connection; a
/// connection that no chain takes is closed. `origins` are the servers that asked for the port, older first; `logs` is
/// where all of it is written down.
///
/// `bind` names the port as configured (and is the key in [ProxyPlan#listeners]); `address` is what the socket binds,
/// which may be narrower: a proxy that is told to stay on loopback has `0.0.0.0:80` here and `127.0.0.1` there.
/// `isAnnounced` says that each connection begins with a line of the PROXY protocol about the client, `offersHttp3`
/// that chains
/// whose clients need no certificate are there by QUIC, too.
public record ListenerPlan(
        Bind bind,
        String address,
        List<Chain> chains,
        boolean isAnnounced,
        boolean offersHttp3,
        List<Origin> origins,
        AccessLogs logs,
        Door door) {

    /// A gateway's.
    public ListenerPlan(
            Bind bind,
            String address,
            List<Chain> chains,
            boolean isAnnounced,
            boolean offersHttp3,
            List<Origin> origins,
            AccessLogs logs) {
        this(bind, address, chains, isAnnounced, offersHttp3, origins, logs, Door.GATEWAY);
    }

    /// How connections come to a port.
    public enum Door {
        /// Clients of all kinds connect to the socket.
        GATEWAY,
        /// The workload connects to the socket, in place of what it means.
        LOCAL,
        /// Nobody connects: a `REDIRECTED` port hands over what was on its way to this one.
        HANDED_OVER,
        /// Takes what was redirected, hands it over to the port that it was on its way to, and keeps the rest.
        REDIRECTED
    }

    public ListenerPlan {
        chains = List.copyOf(chains);
        origins = List.copyOf(origins);
        if (chains.isEmpty()) {
            throw new IllegalArgumentException("chains of " + bind + ": none (expected: at least one)");
        }
    }
}
