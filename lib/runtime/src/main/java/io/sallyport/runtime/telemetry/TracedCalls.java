package io.sallyport.runtime.telemetry;

import io.grpc.ForwardingServerCall;
import io.grpc.ForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import java.util.Set;

/// Makes a span of each call that changes something: reads are many, and nobody waits for their effects.
/// A caller's `traceparent` makes the span part of the caller's trace.
public final class TracedCalls implements ServerInterceptor {

    private static final Metadata.Key<String> HEADER =
            Metadata.Key.of(TraceParent.HEADER, Metadata.ASCII_STRING_MARSHALLER);

    private final Tracer tracer;
    private final Set<String> methods;

    /// `methods` without their service: `Apply`.
    public TracedCalls(Tracer tracer, Set<String> methods) {
        this.tracer = tracer;
        this.methods = Set.copyOf(methods);
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        var method = call.getMethodDescriptor();
        if (!methods.contains(String.valueOf(method.getBareMethodName()))) {
            return next.startCall(call, headers);
        }
        var span = tracer.spanBuilder(method.getFullMethodName())
                .setParent(TraceParent.read(headers.get(HEADER)))
                .setSpanKind(SpanKind.SERVER)
                .setAttribute("rpc.system", "grpc")
                .startSpan();
        var ended = new ForwardingServerCall.SimpleForwardingServerCall<>(call) {
            @Override
            public void close(Status status, Metadata trailers) {
                span.setAttribute("rpc.grpc.status_code", status.getCode().value());
                if (!status.isOk()) {
                    span.setStatus(StatusCode.ERROR, String.valueOf(status.getDescription()));
                }
                super.close(status, trailers);
                span.end();
            }
        };
        var context = Context.root().with(span);
        try (var _ = context.makeCurrent()) {
            return new Current<>(next.startCall(ended, headers), context, span);
        }
    }

    // A unary handler runs when the request is complete, on the thread that tells it so.
    private static final class Current<Q> extends ForwardingServerCallListener.SimpleForwardingServerCallListener<Q> {

        private final Context context;
        private final Span span;

        private Current(ServerCall.Listener<Q> calls, Context context, Span span) {
            super(calls);
            this.context = context;
            this.span = span;
        }

        @Override
        public void onHalfClose() {
            try (var _ = context.makeCurrent()) {
                super.onHalfClose();
            }
        }

        @Override
        public void onCancel() {
            super.onCancel();
            span.end();
        }
    }
}
