package io.sallyport.xds.discovery;

import io.sallyport.translation.EnvoyResource;

/// What a proxy holds under one name, as far as the stream can tell.
sealed interface Held {

    /// The proxy has no such resource.
    record Nothing() implements Held {}

    /// A response with it was refused: some of its neighbours may have been taken, in an order of Envoy's own.
    record Unknown() implements Held {}

    /// Claimed by the proxy when it connected, sent by a process that is gone: we know the version and not the bytes.
    record Claimed(String version) implements Held {}

    /// Sent on this stream.
    record Sent(EnvoyResource resource) implements Held {}

    default boolean isVersion(String version) {
        return switch (this) {
            case Nothing _, Unknown _ -> false;
            case Claimed(var claimed) -> claimed.equals(version);
            case Sent(var resource) -> resource.version().equals(version);
        };
    }
}
