package io.sallyport.cli.server;

import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.sallyport.cli.FakeTerminal;
import io.sallyport.cli.Main;
import java.io.IOException;
import java.util.UUID;

/// The services in this process, behind the dialer that the commands use. It remembers who was called and how.
public final class FakeServer implements AutoCloseable {

    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private final String name = UUID.randomUUID().toString();
    private final FakeConfigService config = new FakeConfigService();
    private final FakeProxyService proxies = new FakeProxyService();
    private final FakeEgressService egress = new FakeEgressService();
    private final FakeLogService logs = new FakeLogService();
    private volatile String authorization = "";
    private volatile String dialed = "";
    private final Server server;

    public FakeServer() {
        try {
            server = InProcessServerBuilder.forName(name)
                    .directExecutor()
                    .intercept(new Doorkeeper())
                    .addService(config)
                    .addService(proxies)
                    .addService(egress)
                    .addService(logs)
                    .build()
                    .start();
        } catch (IOException impossible) {
            throw new IllegalStateException("in-process servers have no port to lack", impossible);
        }
    }

    public FakeConfigService config() {
        return config;
    }

    public FakeProxyService proxies() {
        return proxies;
    }

    public FakeEgressService egress() {
        return egress;
    }

    public FakeLogService logs() {
        return logs;
    }

    /// What the last call carried: `Bearer …`.
    public String authorization() {
        return authorization;
    }

    /// The address that was dialed last.
    public String dialed() {
        return dialed;
    }

    /// Runs one command line that reaches this server whatever address it dials.
    public int run(FakeTerminal screen, String... words) {
        Dialer dialer = address -> {
            dialed = address.hostAndPort();
            return InProcessChannelBuilder.forName(name).directExecutor().build();
        };
        return Main.commandLine(screen.terminal(), dialer).execute(words);
    }

    @Override
    public void close() {
        server.shutdownNow();
    }

    private final class Doorkeeper implements ServerInterceptor {

        @Override
        public <Q, A> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
            var token = headers.get(AUTHORIZATION);
            authorization = token == null ? "" : token;
            if ("Bearer wrong".equals(token)) {
                call.close(Status.UNAUTHENTICATED, new Metadata());
                return new ServerCall.Listener<>() {};
            }
            return next.startCall(call, headers);
        }
    }
}
