package io.sallyport.runtime.rpc;

import io.grpc.Attributes;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerTransportFilter;
import io.grpc.Status;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Refuses calls on connections beyond a number. gRPC has no way to refuse the connection itself, so the connection is
/// marked as it opens and each call on it ends at once.
final class ConnectionBound extends ServerTransportFilter implements ServerInterceptor {

    private static final Attributes.Key<Boolean> REFUSED = Attributes.Key.create("sallyport-refused");

    private final int max;
    private final AtomicInteger open = new AtomicInteger();

    ConnectionBound(int max) {
        this.max = max;
    }

    int open() {
        return open.get();
    }

    @Override
    public Attributes transportReady(Attributes transport) {
        if (open.incrementAndGet() <= max) {
            return transport;
        }
        return transport.toBuilder().set(REFUSED, true).build();
    }

    @Override
    public void transportTerminated(@Nullable Attributes transport) {
        // Null: the connection ended before it was ready and was not counted.
        if (transport != null) {
            open.decrementAndGet();
        }
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        if (call.getAttributes().get(REFUSED) == null) {
            return next.startCall(call, headers);
        }
        var peer = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
        call.close(
                Status.RESOURCE_EXHAUSTED.withDescription(
                        "connection of " + peer + " is one too many (expected: at most " + max + ")"),
                new Metadata());
        return new ServerCall.Listener<>() {};
    }
}
