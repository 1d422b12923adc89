package io.sallyport.cli.server;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Which server: `127.0.0.1:15016`, and whose certificates to trust when it is not on this machine.
public record ServerAddress(String hostAndPort, @Nullable Path authorities) {

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
}
