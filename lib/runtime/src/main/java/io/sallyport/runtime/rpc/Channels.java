package io.sallyport.runtime.rpc;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.sallyport.runtime.BearerToken;
import io.sallyport.runtime.tls.Tls;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/// Makes channels to Sallyport's services, with its bounds set.
public final class Channels {

    /// A snapshot message may be as large as the largest request, and some.
    private static final int MAX_RESPONSE_BYTES = 80 << 20;

    /// After so long a silence a connection is pinged, and after as long again without an answer it has died: a cable
    /// that was cut is known within twenty seconds.
    static final int SILENCE_SECONDS = 10;

    private Channels() {}

    /// To a service of the same process; `name` as given to [GrpcServer.Builder#inProcess].
    public static ManagedChannel inProcess(String name) {
        return InProcessChannelBuilder.forName(name)
                .maxInboundMessageSize(MAX_RESPONSE_BYTES)
                .build();
    }

    /// To a service on loopback, in plain text, pinged when it is silent.
    public static ManagedChannel to(String host, int port) {
        return NettyChannelBuilder.forAddress(host, port)
                .usePlaintext()
                .maxInboundMessageSize(MAX_RESPONSE_BYTES)
                .keepAliveTime(SILENCE_SECONDS, TimeUnit.SECONDS)
                .keepAliveTimeout(SILENCE_SECONDS, TimeUnit.SECONDS)
                .build();
    }

    /// To a service elsewhere: its certificate must be one that `tls` trusts and name `host`, or nothing is sent.
    public static ManagedChannel to(String host, int port, ChannelCredentials tls) {
        return NettyChannelBuilder.forAddress(host, port, tls)
                .maxInboundMessageSize(MAX_RESPONSE_BYTES)
                .keepAliveTime(SILENCE_SECONDS, TimeUnit.SECONDS)
                .keepAliveTimeout(SILENCE_SECONDS, TimeUnit.SECONDS)
                .build();
    }

    /// The same with a certificate that may change: the calls after that go over a new connection, which shows
    /// it.
    public static ManagedChannel to(String host, int port, Tls tls) {
        var channel = to(host, port, tls.client());
        tls.whenChanged(channel::enterIdle);
        return channel;
    }

    /// As [#to(String, int)], for an address that is known already.
    public static ManagedChannel to(InetSocketAddress address) {
        return to(address.getHostString(), address.getPort());
    }

    /// To a server on a Unix socket of this machine.
    public static ManagedChannel to(Path socket) {
        var loops = new NioEventLoopGroup(1, new DefaultThreadFactory("unix-socket-client", true));
        return NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(socket))
                .channelType(NioDomainSocketChannel.class)
                .eventLoopGroup(loops)
                .usePlaintext()
                .maxInboundMessageSize(MAX_RESPONSE_BYTES)
                .build();
    }

    /// Adds the token to every call: `stub.withInterceptors(Channels.bearing(token))`.
    public static ClientInterceptor bearing(BearerToken token) {
        return new ClientInterceptor() {
            @Override
            public <Q, R> ClientCall<Q, R> interceptCall(
                    MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
                return new ForwardingClientCall.SimpleForwardingClientCall<>(next.newCall(method, options)) {
                    @Override
                    public void start(Listener<R> responses, Metadata headers) {
                        headers.put(TokenInterceptor.AUTHORIZATION, token.header());
                        super.start(responses, headers);
                    }
                };
            }
        };
    }
}
