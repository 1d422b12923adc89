package io.sallyport.testkit.tls;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// How a client opens TLS. `serverName` is what it asks for, empty for nothing. `client` is the authority of the
/// certificate that it shows (`ca`, `stranger`), empty for none; `trust` is the authority that it believes, empty for
/// those of the machine. `version` is the only version of TLS that it speaks, empty for all: `1.2`.
///
/// `certificate` is the common name that it must be shown, `failure` how the handshake must end; null is not looked at.
public record Handshake(
        String serverName,
        String client,
        String trust,
        String version,
        @Nullable String certificate,
        @Nullable Failure failure) {

    /// How a handshake ends that does not succeed. They are told apart by what the client has seen until then.
    public enum Failure {
        /// Nobody listens.
        REFUSED,
        /// The connection was closed before any certificate: the listener has no chain for the name.
        CLOSED,
        /// There is a chain, and its secret is missing. The client sees what it sees for [#CLOSED].
        NO_SECRET,
        /// The certificate came, and nobody the client believes vouches for it.
        UNTRUSTED,
        /// The certificate came, and it is for other names.
        WRONG_NAME,
        /// The certificate came and was good, and then the server ended it: it wants another certificate, or one.
        CLIENT_REFUSED,
        /// The proxy that was asked for a tunnel refused it with 403.
        BLOCKED,
        /// Both have no version of TLS in common.
        NO_VERSION;

        /// `wrong-name`.
        public static Failure of(String text) {
            return valueOf(text.toUpperCase(Locale.ROOT).replace('-', '_'));
        }
    }
}
