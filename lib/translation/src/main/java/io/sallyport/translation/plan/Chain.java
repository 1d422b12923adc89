package io.sallyport.translation.plan;

import io.sallyport.model.Origin;
import java.util.List;

/// What happens to connections of one kind on a port: which ones, how they are decrypted, what reads them.
public record Chain(Match match, Tls tls, Content content, Origin origin) {

    /// Which connections the chain takes.
    public sealed interface Match {

        /// Every connection that no narrower chain takes.
        record Any() implements Match {}

        /// Connections that name one of these servers in their TLS hello (`*.shop.test` is a suffix), and speak one of
        /// these protocols where the list is not empty.
        record Names(List<String> servers, List<String> protocols) implements Match {
            public Names {
                servers = List.copyOf(servers);
                protocols = List.copyOf(protocols);
            }
        }
    }

    /// How the proxy itself ends TLS. Termination is a variant of its own when it comes.
    public sealed interface Tls {

        /// Bytes are read as they are.
        record None() implements Tls {}
    }

    /// What reads the bytes of a connection.
    public sealed interface Content {

        /// HTTP/1.1 or HTTP/2, whichever the client speaks; requests go by the named table.
        record Http(RouteTableId table, HttpOptions options) implements Content {}

        /// Bytes, copied both ways. `stat` names the connection counters; shares are as in [Action.Forward].
        record Tcp(String stat, List<Action.Share> shares, Timeout idle) implements Content {
            public Tcp {
                shares = List.copyOf(shares);
            }
        }
    }
}
