package io.sallyport.runtime.rpc;

import java.time.Duration;

/// What one gRPC server lets its callers use. Each value is a bound against a caller that means harm or is broken.
///
/// @param maxRequestBytes one request message; beyond it the call ends with `RESOURCE_EXHAUSTED`
/// @param maxCallsPerConnection calls at the same time on one connection; Envoy needs one, a command line a few
/// @param maxConnections connections at the same time; calls on one beyond it end with `RESOURCE_EXHAUSTED`
/// @param keepAlive how long a connection may be silent before it is pinged
public record ServerLimits(int maxRequestBytes, int maxCallsPerConnection, int maxConnections, Duration keepAlive) {

    public ServerLimits {
        if (maxRequestBytes <= 0 || maxCallsPerConnection <= 0 || maxConnections <= 0) {
            throw new IllegalArgumentException("limits (expected: above 0)");
        }
    }

    /// For the API: an `Apply` may bring 64 MiB. Smaller bounds for other calls are set by their services.
    public static ServerLimits api() {
        return new ServerLimits(64 << 20, 256, 1_000, Duration.ofSeconds(Channels.SILENCE_SECONDS));
    }

    /// For discovery: requests up to 16 MiB, as a proxy that reconnects names everything that it holds.
    public static ServerLimits xds() {
        return new ServerLimits(16 << 20, 16, 10_000, Duration.ofSeconds(Channels.SILENCE_SECONDS));
    }

    /// For secrets: Envoy opens a call for each secret, all on one connection. As many proxies as for discovery.
    public static ServerLimits sds() {
        return new ServerLimits(4 << 20, 100_000, 10_000, Duration.ofSeconds(Channels.SILENCE_SECONDS));
    }
}
