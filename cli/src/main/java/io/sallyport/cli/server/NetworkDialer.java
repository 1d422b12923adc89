package io.sallyport.cli.server;

import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.sallyport.runtime.tls.Tls;
import java.io.IOException;
import java.util.Optional;

/// Dials over the network: plain text to this machine, verified TLS to every other. A token never leaves in
/// plain text.
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
        return address.isTls()
                ? Tls.client(
                        Optional.ofNullable(address.authorities()),
                        Optional.ofNullable(address.certificate()),
                        Optional.ofNullable(address.key()))
                : InsecureChannelCredentials.create();
    }
}
