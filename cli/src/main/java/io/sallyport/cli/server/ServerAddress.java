package io.sallyport.cli.server;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Which server, and how to be sure of it: `127.0.0.1:15016`, or `https://sallyport.example.com:15016`.
///
/// @param isSecure asked for by `https://`; any address but this machine's is spoken to by TLS anyway
/// @param authorities whose certificates to trust; null: the system's
/// @param certificate with `key`: what to show of ourselves
public record ServerAddress(
        String hostAndPort,
        boolean isSecure,
        @Nullable Path authorities,
        @Nullable Path certificate,
        @Nullable Path key) {

    private static final String SECURE = "https://";

    /// Reads `host:port` or `https://host:port`.
    static ServerAddress of(
            String written, @Nullable Path authorities, @Nullable Path certificate, @Nullable Path key) {
        return written.startsWith(SECURE)
                ? new ServerAddress(written.substring(SECURE.length()), true, authorities, certificate, key)
                : new ServerAddress(written, false, authorities, certificate, key);
    }

    /// The name or address before the port, without the brackets of IPv6.
    public String host() {
        var host = hostAndPort.substring(0, hostAndPort.lastIndexOf(':'));
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    /// Whether it is this machine by its literal name: no resolver is asked, so none can lie.
    public boolean isLoopback() {
        var host = host();
        return host.equals("localhost") || host.equals("::1") || host.matches("127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}");
    }

    /// Whether TLS is spoken: to every server but one of this machine, and there if asked for.
    public boolean isTls() {
        return isSecure || !isLoopback();
    }
}
