package io.sallyport.runtime.rpc;

import com.google.common.collect.ImmutableList;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.ServerCredentials;
import io.grpc.ServerInterceptor;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionService;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.micrometer.core.instrument.Gauge;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.sallyport.runtime.identity.Guard;
import io.sallyport.runtime.metric.Metrics;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/// A running gRPC server: on a port or, for services of one process that talk to each other, under an
/// in-process name. Health and reflection are always there, calls run on virtual threads, and every limit is
/// set.
///
/// ```java
/// var server = GrpcServer.on(new InetSocketAddress("127.0.0.1", 15016), ServerLimits.api())
///         .with(new TokenInterceptor(token))
///         .serve(configService, proxyService)
///         .start("api");
/// ```
public final class GrpcServer implements AutoCloseable {

    private static final int MAX_HEADER_BYTES = 16 << 10;

    private final String name;
    private final Server server;
    private final HealthStatusManager health;
    private final ExecutorService calls;
    private final ConnectionBound bound;
    private final Place place;

    private GrpcServer(
            String name,
            Server server,
            HealthStatusManager health,
            ExecutorService calls,
            ConnectionBound bound,
            Place place) {
        this.name = name;
        this.place = place;
        this.bound = bound;
        this.server = server;
        this.health = health;
        this.calls = calls;
    }

    /// A server on an address; port 0 is chosen by the system, see [#port].
    public static Builder on(InetSocketAddress address, ServerLimits limits) {
        return on(NettyServerBuilder.forAddress(address), limits, Place.NOWHERE);
    }

    /// A server that other machines reach: with TLS, and with a guard that every call has to pass, since there
    /// is no door without one. More interceptors come behind it. After half an hour a connection takes no new
    /// calls, so that the caller comes again and shows the certificate that is good then; streams under way go
    /// on.
    public static Builder on(InetSocketAddress address, ServerLimits limits, ServerCredentials tls, Guard guard) {
        return on(
                        NettyServerBuilder.forAddress(address, tls).maxConnectionAge(30, TimeUnit.MINUTES),
                        limits,
                        Place.NOWHERE)
                .with(guard);
    }

    /// A server on a Unix socket that only this user can open. What an earlier process left there is replaced,
    /// so the caller makes sure that it is the only one; the folder of the socket is made for its owner alone
    /// if need be.
    public static Builder on(Path socket, ServerLimits limits) throws IOException {
        var place = UnixSocket.at(socket);
        return on(
                NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(socket))
                        .channelType(NioServerDomainSocketChannel.class)
                        .bossEventLoopGroup(place.loops())
                        .workerEventLoopGroup(place.loops()),
                limits,
                place);
    }

    private static Builder on(NettyServerBuilder server, ServerLimits limits, Place place) {
        var bound = new ConnectionBound(limits.maxConnections());
        var netty = server.maxInboundMessageSize(limits.maxRequestBytes())
                .maxInboundMetadataSize(MAX_HEADER_BYTES)
                .maxConcurrentCallsPerConnection(limits.maxCallsPerConnection())
                .keepAliveTime(limits.keepAlive().toMillis(), TimeUnit.MILLISECONDS)
                .keepAliveTimeout(Channels.SILENCE_SECONDS, TimeUnit.SECONDS)
                .permitKeepAliveTime(5, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true)
                .addTransportFilter(bound);
        return new Builder(netty, bound, place);
    }

    /// A server that only this process can reach, by `Channels.inProcess(name)`.
    public static Builder inProcess(String name) {
        return new Builder(InProcessServerBuilder.forName(name), new ConnectionBound(Integer.MAX_VALUE), Place.NOWHERE);
    }

    /// The port that is listened on; -1 in process.
    public int port() {
        return server.getPort();
    }

    /// How many connections are open.
    public int connections() {
        return bound.open();
    }

    /// Tells health checks whether a service answers; `""` stands for the whole server. Serving from the start.
    public void serving(String service, boolean isServing) {
        health.setStatus(service, isServing ? ServingStatus.SERVING : ServingStatus.NOT_SERVING);
    }

    /// Stops accepting, gives calls two seconds to end, then ends them.
    @Override
    public void close() {
        health.enterTerminalState();
        server.shutdown();
        try {
            if (!server.awaitTermination(2, TimeUnit.SECONDS)) {
                server.shutdownNow();
                server.awaitTermination(5, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            server.shutdownNow();
            Thread.currentThread().interrupt();
        }
        calls.shutdownNow();
        place.left();
    }

    @Override
    public String toString() {
        return name + " on " + server.getListenSockets();
    }

    /// What there is to do about the place where a server listens, apart from listening.
    interface Place {

        Place NOWHERE = new Place() {
            @Override
            public void taken() {}

            @Override
            public void left() {}
        };

        /// The server listens now.
        void taken() throws IOException;

        /// It does no more, or never did.
        void left();
    }

    /// Collects what a server serves. Interceptors see a call in the order in which they were added.
    public static final class Builder {

        private final ServerBuilder<?> server;
        private final ConnectionBound bound;
        private final Place place;
        private final List<BindableService> services = new ArrayList<>();
        private final List<ServerInterceptor> interceptors = new ArrayList<>();
        private InstantSource clock = InstantSource.system();
        private Runnable gauge = () -> {};

        private Builder(ServerBuilder<?> server, ConnectionBound bound, Place place) {
            this.server = server;
            this.bound = bound;
            this.place = place;
        }

        public Builder serve(BindableService... more) {
            services.addAll(List.of(more));
            return this;
        }

        public Builder serve(Iterable<? extends BindableService> more) {
            services.addAll(ImmutableList.copyOf(more));
            return this;
        }

        public Builder with(ServerInterceptor interceptor) {
            interceptors.add(interceptor);
            return this;
        }

        /// The clock whose time it tells callers, see [PeerClock]. Default: the machine's.
        Builder telling(InstantSource clock) {
            this.clock = clock;
            return this;
        }

        /// Counts calls and connections of this server.
        public Builder measured(String name, Metrics metrics) {
            interceptors.add(new CallMetrics(name, metrics.registry()));
            // When it listens: whoever finds its port taken starts another.
            gauge = () -> Gauge.builder("sallyport_grpc_connections", bound, ConnectionBound::open)
                    .description("Open connections of a gRPC server.")
                    .tag("server", name)
                    .register(metrics.registry());
            return this;
        }

        // Python's and many other clients still ask for the version before.
        @SuppressWarnings("deprecation")
        private static BindableService formerReflection() {
            return ProtoReflectionService.newInstance();
        }

        /// Starts to listen; fails with the address in the message when it is taken.
        public GrpcServer start(String name) throws IOException {
            var calls = Executors.newVirtualThreadPerTaskExecutor();
            var health = new HealthStatusManager();
            server.executor(calls);
            services.forEach(service -> server.addService(ReadableRequests.of(service)));
            server.addService(health.getHealthService());
            server.addService(ProtoReflectionServiceV1.newInstance());
            server.addService(formerReflection());
            // gRPC calls the interceptor that was added last first.
            interceptors.reversed().forEach(server::intercept);
            server.intercept(bound);
            server.intercept(new ToldTime(clock));
            try {
                var started = new GrpcServer(name, server.build().start(), health, calls, bound, place);
                place.taken();
                gauge.run();
                return started;
            } catch (IOException e) {
                calls.shutdownNow();
                place.left();
                throw e;
            }
        }
    }
}
