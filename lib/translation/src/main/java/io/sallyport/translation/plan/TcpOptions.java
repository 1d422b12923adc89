package io.sallyport.translation.plan;

/// How bytes are copied, beyond where to. `idle` and `age` end a connection; `staysByAddress` keeps one client's
/// connections on one endpoint, where the upstream picks by hash; `target` says who decides where bytes go.
public record TcpOptions(Timeout idle, Timeout age, boolean staysByAddress, Tunnel tunnel, Target target) {

    /// Nothing ends a connection but its ends.
    public static final TcpOptions NONE =
            new TcpOptions(Timeout.none(), Timeout.none(), false, new Tunnel.None(), new Target.Upstream());

    public TcpOptions withTarget(Target other) {
        return new TcpOptions(idle, age, staysByAddress, tunnel, other);
    }

    /// Who decides where bytes go.
    public sealed interface Target {

        /// The upstream's endpoints.
        record Upstream() implements Target {}

        /// The client: by the name in its hello, which is looked up. `port` is that of the service.
        record Hello(int port, NameGuard guard) implements Target {}
    }

    /// Whether the upstream is a proxy that is asked for somewhere else.
    public sealed interface Tunnel {
        record None() implements Tunnel {}

        /// By CONNECT, or by POST for proxies that know no CONNECT.
        record To(String host, int port, boolean byPost) implements Tunnel {}
    }
}
