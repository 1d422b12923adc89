package io.sallyport.runtime.rpc;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.sallyport.runtime.BearerToken;

/// Lets a call pass that carries the token, `authorization: Bearer …`. Health checks pass without it: who asks for them
/// cannot hold secrets, and they tell nothing.
public final class TokenInterceptor implements ServerInterceptor {

    static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private final BearerToken token;

    public TokenInterceptor(BearerToken token) {
        this.token = token;
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        if (isHealth(call) || carriesToken(headers)) {
            return next.startCall(call, headers);
        }
        call.close(
                Status.UNAUTHENTICATED.withDescription(
                        "token missing or wrong (expected: authorization: Bearer <content of DATA/token>)"),
                new Metadata());
        return new ServerCall.Listener<>() {};
    }

    private static boolean isHealth(ServerCall<?, ?> call) {
        return "grpc.health.v1.Health".equals(call.getMethodDescriptor().getServiceName());
    }

    private boolean carriesToken(Metadata headers) {
        var header = headers.get(AUTHORIZATION);
        return header != null && token.matchesHeader(header);
    }
}
