package io.sallyport.cli.server;

import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;

/// Dials over the network: plain text to this machine, verified TLS to every other. A token never leaves in plain text.
public final class NetworkDialer implements Dialer {

    // An Apply is at most 64 MiB, and so is what comes back.
    private static final int MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

    @Override
    public ManagedChannel dial(ServerAddress address) throws IOException {
        return Grpc.newChannelBuilder(address.hostAndPort(), credentials(address))
                .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                .maxInboundMetadataSize(2 * Connection.DETAIL_BYTES)
                .userAgent("sallyport-cli")
                .build();
    }

    private static ChannelCredentials credentials(ServerAddress address) throws IOException {
        if (address.isLoopback()) {
            return InsecureChannelCredentials.create();
        }
        var authorities = address.authorities();
        return authorities == null
                ? TlsChannelCredentials.create()
                : TlsChannelCredentials.newBuilder()
                        .trustManager(authorities.toFile())
                        .build();
    }
}
