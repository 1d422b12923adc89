package io.sallyport.runtime.identity;

import com.google.protobuf.Message;
import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCallListener;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.sallyport.runtime.identity.Authenticator.UnknownCallerException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLPeerUnverifiedException;

/// Stands at a door: tells who calls, looks up what the method wants, and lets the call pass or ends it. A
/// method that is not in [AccessTable] never passes.
public final class Guard implements ServerInterceptor {

    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private final Authenticator authenticator;
    private final Authorizer authorizer;
    private final OpenCalls open;

    public Guard(Authenticator authenticator, Authorizer authorizer) {
        this.authenticator = authenticator;
        this.authorizer = authorizer;
        this.open = new OpenCalls(authenticator.revocations());
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        var method = call.getMethodDescriptor().getFullMethodName();
        var access = AccessTable.find(method);
        if (access.isEmpty()) {
            return end(call, Status.PERMISSION_DENIED.withDescription(method + " is open to nobody"));
        }
        var need = access.get().need();
        if (need instanceof Need.Nothing) {
            return next.startCall(call, headers);
        }
        final Identity identity;
        try {
            identity = authenticator.identify(certificates(call.getAttributes()), authorization(headers));
        } catch (UnknownCallerException e) {
            return end(call, Status.UNAUTHENTICATED.withDescription(e.getMessage()));
        } catch (Authorizer.UnavailableException e) {
            // Not UNAVAILABLE: a client that takes that for a restart would try again with the same token, for
            // ever.
            return end(call, Status.UNAUTHENTICATED.withDescription("who calls cannot be told now: " + e.getMessage()));
        }
        var certificates = certificates(call.getAttributes());
        var isByCertificate = authorization(headers).isEmpty() && !certificates.isEmpty();
        return isByCertificate && call.getMethodDescriptor().getType() != MethodDescriptor.MethodType.UNARY
                ? open.follow(
                        certificates.getFirst(), call, headers, (each, more) -> known(need, identity, each, more, next))
                : known(need, identity, call, headers, next);
    }

    private <Q, R> ServerCall.Listener<Q> known(
            Need need, Identity identity, ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        var method = call.getMethodDescriptor().getFullMethodName();
        var access = AccessTable.find(method).orElseThrow();
        var caller = new Caller(identity, authorizer);
        var context = caller.into(Context.current());
        return switch (identity) {
            case Identity.Local _ -> Contexts.interceptCall(context, call, headers, next);
            case Identity.Service(var name) ->
                access.services().contains(name)
                        ? Contexts.interceptCall(context, call, headers, next)
                        : end(call, denied(identity, method));
            case Identity.Workload _, Identity.User _ -> judged(need, caller, context, call, headers, next);
        };
    }

    private static <Q, R> ServerCall.Listener<Q> judged(
            Need need,
            Caller caller,
            Context context,
            ServerCall<Q, R> call,
            Metadata headers,
            ServerCallHandler<Q, R> next) {
        var method = call.getMethodDescriptor().getFullMethodName();
        return switch (need) {
            case Need.Nothing _, Need.Known _, Need.Inside _ -> Contexts.interceptCall(context, call, headers, next);
            case Need.ToBeWorkload _ ->
                caller.identity() instanceof Identity.Workload
                        ? Contexts.interceptCall(context, call, headers, next)
                        : end(call, denied(caller.identity(), method));
            case Need.Rights rights ->
                new Asking<>(call, caller, rights, Contexts.interceptCall(context, call, headers, next));
        };
    }

    private static Status denied(Identity identity, String method) {
        return Status.PERMISSION_DENIED.withDescription(identity + " may not call " + method);
    }

    private static <Q, R> ServerCall.Listener<Q> end(ServerCall<Q, R> call, Status status) {
        call.close(status, new Metadata());
        return new ServerCall.Listener<>() {};
    }

    private static List<String> authorization(Metadata headers) {
        var all = headers.getAll(AUTHORIZATION);
        var list = new ArrayList<String>();
        if (all != null) {
            all.forEach(list::add);
        }
        return list;
    }

    private static List<X509Certificate> certificates(Attributes attributes) {
        var session = attributes.get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
        if (session == null) {
            return List.of();
        }
        try {
            var chain = new ArrayList<X509Certificate>();
            for (Certificate each : session.getPeerCertificates()) {
                chain.add((X509Certificate) each);
            }
            return chain;
        } catch (SSLPeerUnverifiedException e) {
            return List.of();
        }
    }

    // What is needed follows from the request, which comes after the headers.
    private static final class Asking<Q, R> extends ForwardingServerCallListener.SimpleForwardingServerCallListener<Q> {

        private final ServerCall<Q, R> call;
        private final Caller caller;
        private final Need.Rights rights;
        private boolean over;

        Asking(ServerCall<Q, R> call, Caller caller, Need.Rights rights, ServerCall.Listener<Q> next) {
            super(next);
            this.call = call;
            this.caller = caller;
            this.rights = rights;
        }

        @Override
        public void onMessage(Q request) {
            if (over) {
                return;
            }
            try {
                // What cannot be read is refused as such, further in.
                if (request instanceof Message message) {
                    caller.require(rights.of().apply(message));
                }
            } catch (StatusRuntimeException refused) {
                over = true;
                call.close(refused.getStatus(), new Metadata());
                return;
            }
            super.onMessage(request);
        }

        @Override
        public void onHalfClose() {
            if (!over) {
                super.onHalfClose();
            }
        }
    }
}
