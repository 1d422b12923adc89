package io.sallyport.runtime.identity;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.Status;
import java.security.cert.X509Certificate;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Streams that are open by a certificate. One that is revoked meanwhile ends them: a stream may live for weeks.
final class OpenCalls {

    private final Revocations revocations;
    private final Set<OpenCall<?, ?>> open = ConcurrentHashMap.newKeySet();

    OpenCalls(Revocations revocations) {
        this.revocations = revocations;
        revocations.whenChanged(this::look);
    }

    private void look() {
        for (var call : open) {
            revocations.objection(call.certificate).ifPresent(call::end);
        }
    }

    /// Starts a call, which ends when its caller's certificate is revoked.
    <Q, R> ServerCall.Listener<Q> follow(
            X509Certificate certificate, ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        var followed = new OpenCall<>(call, certificate);
        open.add(followed);
        followed.listener = new Listening<>(next.startCall(followed, headers), () -> open.remove(followed));
        // It may have been revoked while the call started.
        revocations.objection(certificate).ifPresent(followed::end);
        return followed.listener;
    }

    private static final class OpenCall<Q, R> extends SimpleForwardingServerCall<Q, R> {

        private final X509Certificate certificate;
        private volatile ServerCall.Listener<Q> listener = new ServerCall.Listener<>() {};
        // Calls are for one thread at a time, and the one that ends this one is another.
        private final Object turn = new Object();

        @GuardedBy("turn") private boolean isOver;

        OpenCall(ServerCall<Q, R> call, X509Certificate certificate) {
            super(call);
            this.certificate = certificate;
        }

        void end(String reason) {
            synchronized (turn) {
                if (isOver) {
                    return;
                }
                isOver = true;
                delegate().close(Status.UNAUTHENTICATED.withDescription(reason), new Metadata());
            }
            listener.onCancel();
        }

        @Override
        public void sendHeaders(Metadata headers) {
            synchronized (turn) {
                if (!isOver) {
                    super.sendHeaders(headers);
                }
            }
        }

        @Override
        public void sendMessage(R message) {
            synchronized (turn) {
                if (!isOver) {
                    super.sendMessage(message);
                }
            }
        }

        @Override
        public void close(Status status, Metadata trailers) {
            synchronized (turn) {
                if (!isOver) {
                    isOver = true;
                    super.close(status, trailers);
                }
            }
        }
    }

    private static final class Listening<Q> extends SimpleForwardingServerCallListener<Q> {

        private final Runnable whenOver;

        Listening(ServerCall.Listener<Q> next, Runnable whenOver) {
            super(next);
            this.whenOver = whenOver;
        }

        @Override
        public void onCancel() {
            whenOver.run();
            super.onCancel();
        }

        @Override
        public void onComplete() {
            whenOver.run();
            super.onComplete();
        }
    }
}
