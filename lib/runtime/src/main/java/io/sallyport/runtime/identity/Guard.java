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
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLPeerUnverifiedException;

/// Stands at a door: tells who calls, looks up what the method wants, and lets the call pass or ends it. A
/// method that is not in [AccessTable] never passes. A stream that it let in is judged again as long as it lasts, and
/// ends with `UNAUTHENTICATED` or `PERMISSION_DENIED` when its caller is known no more or may not any more.
public final class Guard implements ServerInterceptor, AutoCloseable {

    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    // Proxies are many, and their tokens are asked about at an API server.
    private static final int PACE_OF_PROXIES = 30;

    private final Authenticator authenticator;
    private final Authorizer authorizer;
    private final OpenCalls open;
    private final boolean isInside;

    /// Streams are ended for revoked certificates alone.
    public Guard(Authenticator authenticator, Authorizer authorizer) {
        this(authenticator, authorizer, new OpenCalls(authenticator.revocations()), false);
    }

    private Guard(Authenticator authenticator, Authorizer authorizer, OpenCalls open, boolean isInside) {
        this.authenticator = authenticator;
        this.authorizer = authorizer;
        this.open = open;
        this.isInside = isInside;
    }

    /// Judges open streams again every so often until it is closed; those of proxies by token thirty times as seldom.
    public static Guard following(Authenticator authenticator, Authorizer authorizer, Duration every) {
        return new Guard(authenticator, authorizer, new OpenCalls(authenticator.revocations()).every(every), false);
    }

    /// The same for calls within this process, which may bring the certificates that somebody showed to another door of
    /// it, see [ShownCertificates].
    public Guard inside() {
        return new Guard(authenticator, authorizer, open, true);
    }

    @Override
    public void close() {
        open.close();
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
        var certificates = isInside ? ShownCertificates.of(headers) : certificates(call.getAttributes());
        var shown = authorization(headers);
        final Identity identity;
        try {
            identity = authenticator.identify(certificates, shown);
        } catch (UnknownCallerException e) {
            return end(call, Status.UNAUTHENTICATED.withDescription(e.getMessage()));
        } catch (Authorizer.UnavailableException e) {
            // Not UNAVAILABLE: a client that takes that for a restart would try again with the same token, for
            // ever.
            return end(call, Status.UNAUTHENTICATED.withDescription("who calls cannot be told now: " + e.getMessage()));
        }
        var caller = new Caller(identity, authorizer);
        return switch (call.getMethodDescriptor().getType()) {
            case UNARY -> known(need, caller, call, headers, next);
            case CLIENT_STREAMING, SERVER_STREAMING, BIDI_STREAMING, UNKNOWN ->
                open.follow(
                        new Shown(caller, certificates, shown, call.getMethodDescriptor(), need),
                        call,
                        headers,
                        (each, more) -> known(need, caller, each, more, next));
        };
    }

    /// What the caller of a stream showed when it began.
    private final class Shown implements OpenCalls.Standing {

        private final Caller caller;
        private final List<X509Certificate> certificates;
        private final List<String> tokens;
        private final boolean isTold;
        private final int pace;

        Shown(
                Caller caller,
                List<X509Certificate> certificates,
                List<String> tokens,
                MethodDescriptor<?, ?> method,
                Need need) {
            this.caller = caller;
            this.certificates = certificates;
            this.tokens = tokens;
            // Whoever only hands something in is told nothing, and an end would lose what is on its way: access logs.
            this.isTold = method.getType() != MethodDescriptor.MethodType.CLIENT_STREAMING;
            this.pace = need instanceof Need.ToBeWorkload && !tokens.isEmpty() ? PACE_OF_PROXIES : 1;
        }

        @Override
        public Optional<Status> objection() {
            if (!isTold) {
                return Optional.empty();
            }
            try {
                var now = authenticator.identify(certificates, tokens);
                if (!now.equals(caller.identity())) {
                    return Optional.of(Status.UNAUTHENTICATED.withDescription(
                            "the caller is not who began this: " + now + ", with other groups"));
                }
                return caller.lost().map(caller::denied);
            } catch (UnknownCallerException e) {
                return Optional.of(Status.UNAUTHENTICATED.withDescription(e.getMessage()));
            } catch (Authorizer.UnavailableException e) {
                return Optional.empty();
            }
        }

        @Override
        public Optional<Status> revocation() {
            return tokens.isEmpty() && !certificates.isEmpty()
                    ? authenticator
                            .revocations()
                            .objection(certificates.getFirst())
                            .map(Status.UNAUTHENTICATED::withDescription)
                    : Optional.empty();
        }

        @Override
        public int pace() {
            return pace;
        }
    }

    private <Q, R> ServerCall.Listener<Q> known(
            Need need, Caller caller, ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        var method = call.getMethodDescriptor().getFullMethodName();
        var access = AccessTable.find(method).orElseThrow();
        var context = caller.into(Context.current());
        return switch (caller.identity()) {
            case Identity.Local _ -> Contexts.interceptCall(context, call, headers, next);
            case Identity.Service(var name) ->
                access.services().contains(name)
                        ? Contexts.interceptCall(context, call, headers, next)
                        : end(call, denied(caller.identity(), method));
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
                    var wanted = rights.of().apply(message);
                    caller.require(wanted);
                    caller.mustKeep(wanted);
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
