package io.sallyport.accesslog.api;

import io.grpc.BindableService;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.sallyport.proto.accesslog.v1.AccessLogServiceGrpc;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// `AccessLogService` before there is a store: calls end with `UNAVAILABLE` until it is ready, so that the
/// server which carries it can start at once.
public final class LateApi implements BindableService {

    private static final long PATIENCE_SECONDS = 10;

    private final Runnable wanted;
    private final CountDownLatch made = new CountDownLatch(1);
    private volatile @Nullable ServerServiceDefinition ready;

    /// @param wanted is told of each call that finds no store
    public LateApi(Runnable wanted) {
        this.wanted = wanted;
    }

    /// From now on calls go to the service itself, which is made once.
    public void ready(Supplier<AccessLogApi> api) {
        if (ready == null) {
            ready = api.get().bindService();
            made.countDown();
        }
    }

    private @Nullable ServerServiceDefinition awaited() {
        if (ready == null) {
            wanted.run();
            try {
                made.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        return ready;
    }

    @Override
    public ServerServiceDefinition bindService() {
        var descriptor = AccessLogServiceGrpc.getServiceDescriptor();
        var late = ServerServiceDefinition.builder(descriptor);
        for (var method : descriptor.getMethods()) {
            late.addMethod(method(method));
        }
        return late.build();
    }

    private <Q, R> ServerMethodDefinition<Q, R> method(io.grpc.MethodDescriptor<Q, R> method) {
        return ServerMethodDefinition.create(method, new ServerCallHandler<>() {
            @Override
            public ServerCall.Listener<Q> startCall(ServerCall<Q, R> call, Metadata headers) {
                var now = awaited();
                if (now == null) {
                    call.close(
                            Status.UNAVAILABLE.withDescription(
                                    "access logs: the store is starting (expected: a few seconds)"),
                            new Metadata());
                    return new ServerCall.Listener<>() {};
                }
                return LateApi.<Q, R>definition(now, method.getFullMethodName())
                        .getServerCallHandler()
                        .startCall(call, headers);
            }
        });
    }

    // The definition has the types of the descriptor that it was made from.
    @SuppressWarnings("unchecked")
    private static <Q, R> ServerMethodDefinition<Q, R> definition(ServerServiceDefinition service, String name) {
        return (ServerMethodDefinition<Q, R>) service.getMethod(name);
    }
}
