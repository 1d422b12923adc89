package io.sallyport.runtime.rpc;

import io.grpc.BindableService;
import io.grpc.ForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.InputStream;

/// Ends a call whose request cannot be read with a status that says so. gRPC itself tells `UNKNOWN`, as if the service
/// had failed; a client that sends rubbish is told `INVALID_ARGUMENT`, one that sends too much `RESOURCE_EXHAUSTED`.
public final class ReadableRequests {

    private ReadableRequests() {}

    // Stands in the place of a request that could not be read, until the interceptor sees it.
    private record Unreadable(Status status) {}

    /// The service with every method guarded.
    public static ServerServiceDefinition of(BindableService service) {
        return ServerInterceptors.intercept(
                RequestReaders.changed(service.bindService(), ReadableRequests::careful), new Guard());
    }

    private static <Q> MethodDescriptor.Marshaller<Q> careful(MethodDescriptor<Q, ?> method) {
        return new Careful<>(method.getRequestMarshaller());
    }

    private record Careful<Q>(MethodDescriptor.Marshaller<Q> marshaller) implements MethodDescriptor.Marshaller<Q> {

        @Override
        public InputStream stream(Q value) {
            return marshaller.stream(value);
        }

        // The guard takes it out again before anybody looks at its type.
        @Override
        @SuppressWarnings("unchecked")
        public Q parse(InputStream stream) {
            try {
                return marshaller.parse(stream);
            } catch (StatusRuntimeException e) {
                var isTooMuch = e.getStatus().getCode() == Status.Code.RESOURCE_EXHAUSTED;
                return (Q) new Unreadable(isTooMuch ? e.getStatus() : unreadable());
            } catch (RuntimeException e) {
                return (Q) new Unreadable(unreadable());
            }
        }

        private static Status unreadable() {
            return Status.INVALID_ARGUMENT.withDescription(
                    "the request cannot be read (expected: its protobuf message)");
        }
    }

    private static final class Guard implements ServerInterceptor {

        @Override
        public <Q, R> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
            return new Listener<>(call, next.startCall(call, headers));
        }
    }

    private static final class Listener<Q> extends ForwardingServerCallListener.SimpleForwardingServerCallListener<Q> {

        private final ServerCall<Q, ?> call;
        private boolean over;

        Listener(ServerCall<Q, ?> call, ServerCall.Listener<Q> delegate) {
            super(delegate);
            this.call = call;
        }

        @Override
        public void onMessage(Q message) {
            if ((Object) message instanceof Unreadable(var status)) {
                over = true;
                call.close(status, new Metadata());
                super.onCancel();
            } else if (!over) {
                super.onMessage(message);
            }
        }

        @Override
        public void onHalfClose() {
            if (!over) {
                super.onHalfClose();
            }
        }

        @Override
        public void onCancel() {
            if (!over) {
                super.onCancel();
            }
        }

        @Override
        public void onComplete() {
            if (!over) {
                super.onComplete();
            }
        }

        @Override
        public void onReady() {
            if (!over) {
                super.onReady();
            }
        }
    }
}
