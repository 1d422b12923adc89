package io.sallyport.translation.plan;

import io.sallyport.model.Origin;
import java.util.List;

/// What happens to connections of one kind on a port: which ones, how they are decrypted, what reads them.
public record Chain(Match match, Tls tls, Content content, Origin origin) {

    /// Which connections the chain takes.
    public sealed interface Match {

        /// Every connection that no narrower chain takes.
        record Any() implements Match {}

        /// Every connection with TLS that no narrower chain takes, the ones without a server name too. Only
        /// where plain connections of the port have a chain of their own; [Any] is as good elsewhere.
        record AnyEncrypted() implements Match {}

        /// Plain connections that begin as HTTP does. Beside others on a port whose protocol is looked at.
        record PlainHttp() implements Match {}

        /// Connections that were on their way to one of these networks (`10.0.0.0/8`) before they were redirected.
        record Within(List<String> networks) implements Match {
            public Within {
                networks = List.copyOf(networks);
            }
        }

        /// Connections to the port itself, which nobody redirected.
        record Direct(int port) implements Match {}

        /// Whatever no other chain takes, also where one fits in part.
        record Rest() implements Match {}

        /// Connections that name one of these servers in their TLS hello (`*.shop.test` is a suffix), and speak
        /// one of these protocols where the list is not empty.
        record Names(List<String> servers, List<String> protocols) implements Match {
            public Names {
                servers = List.copyOf(servers);
                protocols = List.copyOf(protocols);
            }
        }
    }

    /// How the proxy itself ends TLS.
    public sealed interface Tls {

        /// Bytes are read as they are.
        record None() implements Tls {}

        /// The proxy shows one of `certificates`, whichever suits the client. An empty list of ciphers or curves
        /// is the proxy's own; `protocols` are offered for what is inside: `h2`.
        record Terminate(
                List<Certificate> certificates,
                Clients clients,
                Version oldest,
                Version newest,
                List<String> ciphers,
                List<String> curves,
                List<String> protocols)
                implements Tls {
            public Terminate {
                certificates = List.copyOf(certificates);
                ciphers = List.copyOf(ciphers);
                curves = List.copyOf(curves);
                protocols = List.copyOf(protocols);
            }
        }

        /// A certificate with its key.
        sealed interface Certificate {

            /// Delivered as the named secret, never with the plan.
            record Secret(String name) implements Certificate {}

            /// Files of the proxy's own.
            record File(String chain, String key) implements Certificate {}
        }

        /// Whether clients show certificates.
        sealed interface Clients {

            /// They are not asked.
            record Unasked() implements Clients {}

            /// They are asked. One that shows none is let in unless `required`; one with a bad one never is, unless
            /// nobody `verifies`: then whoever has the key of what it shows is let in.
            /// Where a list is not empty, the certificate must fit one entry of it: `names` are its own
            /// names, `keyPins` hashes of its key in Base64, `certificatePins` hashes of itself in hex.
            record Asked(
                    boolean required,
                    boolean verifies,
                    Authority authority,
                    Revocations revocations,
                    List<String> names,
                    List<String> keyPins,
                    List<String> certificatePins)
                    implements Clients {
                public Asked {
                    names = List.copyOf(names);
                    keyPins = List.copyOf(keyPins);
                    certificatePins = List.copyOf(certificatePins);
                }
            }
        }

        /// Who vouches for clients.
        sealed interface Authority {
            record Secret(String name) implements Authority {}

            record File(String path) implements Authority {}
        }

        enum Version {
            TLS1_0,
            TLS1_1,
            TLS1_2,
            TLS1_3
        }
    }

    /// What reads the bytes of a connection.
    public sealed interface Content {

        /// HTTP/1.1 or HTTP/2, whichever the client speaks; requests go by the named table.
        record Http(RouteTableId table, HttpOptions options) implements Content {}

        /// Bytes, copied both ways. `stat` names the connection counters; shares are as in [Action.Forward].
        record Tcp(String stat, List<Action.Share> shares, TcpOptions options) implements Content {
            public Tcp {
                shares = List.copyOf(shares);
            }
        }
    }
}
