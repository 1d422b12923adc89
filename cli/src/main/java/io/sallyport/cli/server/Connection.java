package io.sallyport.cli.server;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import io.opentelemetry.api.trace.Span;
import io.sallyport.cli.CommandFailedException;
import io.sallyport.proto.accesslog.v1.AccessLogServiceGrpc;
import io.sallyport.proto.accesslog.v1.AccessLogServiceGrpc.AccessLogServiceBlockingStub;
import io.sallyport.proto.config.v1.ConfigServiceGrpc;
import io.sallyport.proto.config.v1.ConfigServiceGrpc.ConfigServiceBlockingStub;
import io.sallyport.proto.egress.v1.EgressPolicyServiceGrpc;
import io.sallyport.proto.egress.v1.EgressPolicyServiceGrpc.EgressPolicyServiceBlockingStub;
import io.sallyport.proto.secret.v1.SecretServiceGrpc;
import io.sallyport.proto.secret.v1.SecretServiceGrpc.SecretServiceBlockingStub;
import io.sallyport.proto.xds.v1.ProxyServiceGrpc;
import io.sallyport.proto.xds.v1.ProxyServiceGrpc.ProxyServiceBlockingStub;
import io.sallyport.runtime.telemetry.TraceParent;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// An open connection to a server. Every call has a deadline, and every failure becomes a message for the user.
public final class Connection implements AutoCloseable {

    private static final Duration DEADLINE = Duration.ofSeconds(30);
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    // Findings about a refused change travel in headers; this many bytes of them are taken.
    static final int DETAIL_BYTES = 1 << 20;
    private static final Metadata.Key<String> USER =
            Metadata.Key.of("sallyport-user", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> DETAIL =
            Metadata.Key.of("sallyport-detail-bytes", Metadata.ASCII_STRING_MARSHALLER);

    static final Metadata.Key<String> TRACE = Metadata.Key.of(TraceParent.HEADER, Metadata.ASCII_STRING_MARSHALLER);

    private final ManagedChannel channel;
    private final ManagedChannel xdsChannel;
    private final Optional<String> token;
    private final Refusals refusals;

    Connection(ManagedChannel channel, ManagedChannel xdsChannel, Refusals refusals, Optional<String> token) {
        this.channel = channel;
        this.xdsChannel = xdsChannel;
        this.refusals = refusals;
        this.token = token;
    }

    // For the history: who sits here, as far as this machine knows.
    private static String user() {
        var name = System.getProperty("user.name", "").replaceAll("[^!-~]", "");
        return name.substring(0, Math.min(name.length(), 64));
    }

    private static Channel withHeaders(Channel channel, Optional<String> token) {
        return ClientInterceptors.intercept(
                channel, MetadataUtils.newAttachHeadersInterceptor(headers(token, System.getenv())));
    }

    static Metadata headers(Optional<String> token, Map<String, String> environment) {
        var headers = new Metadata();
        headers.put(DETAIL, String.valueOf(DETAIL_BYTES));
        headers.put(USER, user());
        token.ifPresent(secret -> headers.put(AUTHORIZATION, "Bearer " + secret));
        // A pipeline that is traced says so by this variable, and its change is part of its trace then.
        var parent = environment.get("TRACEPARENT");
        if (parent != null) {
            var header = TraceParent.of(Span.fromContext(TraceParent.read(parent)));
            if (!header.isEmpty()) {
                headers.put(TRACE, header);
            }
        }
        return headers;
    }

    /// Calls config-service.
    public <T> T config(Call<ConfigServiceBlockingStub, T> call) throws CommandFailedException {
        var stub = ConfigServiceGrpc.newBlockingStub(withHeaders(channel, token))
                .withDeadlineAfter(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
        return answered(stub, call);
    }

    /// Calls xds-service.
    public <T> T proxies(Call<ProxyServiceBlockingStub, T> call) throws CommandFailedException {
        return proxies(DEADLINE, call);
    }

    /// Calls xds-service with time enough for an answer that is to be waited for.
    public <T> T proxies(Duration patience, Call<ProxyServiceBlockingStub, T> call) throws CommandFailedException {
        var stub = ProxyServiceGrpc.newBlockingStub(withHeaders(xdsChannel, token))
                .withDeadlineAfter(patience.toMillis(), TimeUnit.MILLISECONDS);
        return answered(stub, call);
    }

    /// Calls secret-service.
    public <T> T secrets(Call<SecretServiceBlockingStub, T> call) throws CommandFailedException {
        var stub = SecretServiceGrpc.newBlockingStub(withHeaders(channel, token))
                .withDeadlineAfter(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
        return answered(stub, call);
    }

    /// Calls egress-policy-service.
    public <T> T egress(Call<EgressPolicyServiceBlockingStub, T> call) throws CommandFailedException {
        var stub = EgressPolicyServiceGrpc.newBlockingStub(withHeaders(channel, token))
                .withDeadlineAfter(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
        return answered(stub, call);
    }

    /// Calls accesslog-collector with time enough for the question.
    public <T> T logs(Duration patience, Call<AccessLogServiceBlockingStub, T> call) throws CommandFailedException {
        var stub = AccessLogServiceGrpc.newBlockingStub(withHeaders(channel, token))
                .withDeadlineAfter(patience.toMillis(), TimeUnit.MILLISECONDS);
        return answered(stub, call);
    }

    /// Follows accesslog-collector until somebody ends it.
    public <T> T followLogs(Call<AccessLogServiceBlockingStub, T> call) throws CommandFailedException {
        return answered(AccessLogServiceGrpc.newBlockingStub(withHeaders(channel, token)), call);
    }

    private <S, T> T answered(S stub, Call<S, T> call) throws CommandFailedException {
        try {
            return call.on(stub);
        } catch (StatusRuntimeException refused) {
            throw refusals.explain(refused);
        }
    }

    @Override
    public void close() {
        channel.shutdownNow();
        xdsChannel.shutdownNow();
    }

    /// One call on a stub.
    @FunctionalInterface
    public interface Call<S, T> {
        T on(S stub) throws CommandFailedException;
    }
}
