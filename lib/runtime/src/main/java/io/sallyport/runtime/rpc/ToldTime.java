package io.sallyport.runtime.rpc;

import io.grpc.ForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.time.InstantSource;

/// Tells callers what time it is here, in the headers of each answer; [PeerClock] reads it.
final class ToldTime implements ServerInterceptor {

    /// Milliseconds since 1970, in decimal.
    static final Metadata.Key<String> HEADER = Metadata.Key.of("sallyport-time", Metadata.ASCII_STRING_MARSHALLER);

    private final InstantSource clock;

    ToldTime(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        var telling = new ForwardingServerCall.SimpleForwardingServerCall<>(call) {
            @Override
            public void sendHeaders(Metadata answer) {
                answer.put(HEADER, Long.toString(clock.millis()));
                super.sendHeaders(answer);
            }
        };
        return next.startCall(telling, headers);
    }
}
