package io.sallyport.accesslog.api;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.sallyport.runtime.identity.Access;
import io.sallyport.runtime.identity.AccessTable;
import io.sallyport.runtime.identity.Caller;
import java.util.List;

/// Stands behind the guard and shows each caller the rows of the namespaces in which they may `get
/// accesslogs.sallyport.io`. Who may in none is told so, as an empty answer would say that there is no traffic.
public final class PermittedRows implements ServerInterceptor {

    private static final String OURS = "sallyport.accesslog.v1.AccessLogService";

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        if (!OURS.equals(call.getMethodDescriptor().getServiceName())) {
            return next.startCall(call, headers);
        }
        var wanted = Access.own(Access.Verb.GET, AccessTable.ACCESS_LOGS, "");
        try {
            var caller = Caller.current();
            var namespaces = caller.namespaces(wanted);
            if (namespaces.isPresent() && namespaces.get().isEmpty()) {
                call.close(
                        Status.PERMISSION_DENIED.withDescription(
                                caller.identity() + " may not get accesslogs.sallyport.io in any namespace"),
                        new Metadata());
                return new ServerCall.Listener<>() {};
            }
            // Rows that are followed are followed as long as this holds.
            caller.mustKeep(namespaces
                    .map(names -> names.stream().map(wanted::in).toList())
                    .orElse(List.of(wanted)));
            return Contexts.interceptCall(
                    Context.current().withValue(Tenancy.NAMESPACES, namespaces), call, headers, next);
        } catch (StatusRuntimeException e) {
            call.close(e.getStatus(), new Metadata());
            return new ServerCall.Listener<>() {};
        }
    }
}
