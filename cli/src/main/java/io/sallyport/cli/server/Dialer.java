package io.sallyport.cli.server;

import io.grpc.ManagedChannel;
import java.io.IOException;

/// Opens channels to servers. The other implementation is the one of tests, in process.
@FunctionalInterface
public interface Dialer {

    /// A channel that connects at its first call.
    ManagedChannel dial(ServerAddress address) throws IOException;
}
