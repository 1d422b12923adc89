package io.sallyport.runtime.rpc;

import io.grpc.ForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/// Counts ended calls by method and status. Only methods that the server serves reach it, so the labels are bounded.
final class CallMetrics implements ServerInterceptor {

    private final String server;
    private final MeterRegistry registry;

    CallMetrics(String server, MeterRegistry registry) {
        this.server = server;
        this.registry = registry;
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        var method = call.getMethodDescriptor().getFullMethodName();
        var counted = new ForwardingServerCall.SimpleForwardingServerCall<>(call) {
            @Override
            public void close(Status status, Metadata trailers) {
                Counter.builder("sallyport_grpc_calls")
                        .description("Ended calls by method and status; a method that is not served is none.")
                        .tag("server", server)
                        .tag("method", method)
                        .tag("status", status.getCode().name())
                        .register(registry)
                        .increment();
                super.close(status, trailers);
            }
        };
        return next.startCall(counted, headers);
    }
}
