package io.sallyport.accesslog.api;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.sallyport.runtime.BearerToken;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/// Stands in front of the service and knows its callers: each token sees the rows of its namespaces, and a token that
/// nobody has sees nothing.
public final class Callers implements ServerInterceptor {

    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    /// One caller.
    ///
    /// @param namespaces absent: all
    public record Caller(BearerToken token, Optional<SortedSet<String>> namespaces) {

        /// One who may see some namespaces.
        public static Caller of(BearerToken token, List<String> namespaces) {
            if (namespaces.isEmpty()) {
                throw new IllegalArgumentException("namespaces of a caller (expected: at least one)");
            }
            return new Caller(token, Optional.of(new TreeSet<>(namespaces)));
        }
    }

    private final List<Caller> callers;

    public Callers(List<Caller> callers) {
        this.callers = List.copyOf(callers);
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        if ("grpc.health.v1.Health".equals(call.getMethodDescriptor().getServiceName())) {
            return next.startCall(call, headers);
        }
        var header = headers.get(AUTHORIZATION);
        // Every token is compared, so that the time tells nothing about which one was nearly right.
        Caller found = null;
        for (var caller : callers) {
            if (header != null && caller.token().matchesHeader(header)) {
                found = caller;
            }
        }
        if (found == null) {
            call.close(
                    Status.UNAUTHENTICATED.withDescription(
                            "token missing or wrong (expected: authorization: Bearer <token of a caller>)"),
                    new Metadata());
            return new ServerCall.Listener<>() {};
        }
        return Contexts.interceptCall(
                Context.current().withValue(Tenancy.NAMESPACES, found.namespaces()), call, headers, next);
    }
}
