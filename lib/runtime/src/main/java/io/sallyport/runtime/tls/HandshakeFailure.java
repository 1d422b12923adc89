package io.sallyport.runtime.tls;

import io.netty.handler.ssl.NotSslRecordException;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.security.cert.CertificateException;
import java.util.Optional;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/// Says in one line why a connection failed in its handshake. What gRPC itself says of it is "io exception".
public final class HandshakeFailure {

    private static final int MAX_DEPTH = 20;

    private HandshakeFailure() {}

    /// The reason, if it lies in TLS: `the certificate is for "a.test" (expected: for "b.test")`.
    public static Optional<String> reason(@Nullable Throwable failure) {
        Optional<String> found = Optional.empty();
        var depth = 0;
        for (var each = failure; each != null && depth++ < MAX_DEPTH; each = each.getCause()) {
            switch (each) {
                case CertificateException refused -> {
                    return Optional.of(String.valueOf(refused.getMessage()));
                }
                case NotSslRecordException _ -> {
                    return Optional.of("it speaks plain text (expected: TLS)");
                }
                case SSLException tls -> found = Optional.of(told(tls));
                default -> {
                    // Deeper causes say more.
                }
            }
        }
        return found;
    }

    /// Whether a connection was cut right at its start, as a server does that expects TLS and hears plain text.
    public static boolean isCut(@Nullable Throwable failure) {
        var depth = 0;
        for (var each = failure; each != null && depth++ < MAX_DEPTH; each = each.getCause()) {
            if (each instanceof ClosedChannelException
                    || (each instanceof IOException io && "Connection reset by peer".equals(io.getMessage()))) {
                return true;
            }
        }
        return false;
    }

    // What a peer says when it refuses us is an alert with a name of its own.
    private static String told(SSLException tls) {
        var message = String.valueOf(tls.getMessage());
        if (message.contains("certificate_required") || message.contains("bad_certificate")) {
            return "the server wants a certificate (" + message + ")";
        }
        if (message.contains("certificate_unknown") || message.contains("unknown_ca")) {
            return "the server refuses our certificate; its log says why (" + message + ")";
        }
        return "TLS failed: " + message;
    }
}
