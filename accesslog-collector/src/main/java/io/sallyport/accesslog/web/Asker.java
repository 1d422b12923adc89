package io.sallyport.accesslog.web;

import com.google.common.util.concurrent.ListenableFuture;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import io.sallyport.proto.accesslog.v1.AccessLogServiceGrpc;
import io.sallyport.proto.accesslog.v1.AccessLogServiceGrpc.AccessLogServiceFutureStub;
import io.sallyport.runtime.BearerToken;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/// Asks the service in the name of one person. Questions of one page go out together and are awaited one by one.
final class Asker {

    private static final long PATIENCE_SECONDS = 60;
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private final Channel channel;

    Asker(Channel service, BearerToken bearer) {
        var headers = new Metadata();
        headers.put(AUTHORIZATION, bearer.header());
        this.channel = ClientInterceptors.intercept(service, MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    Channel channel() {
        return channel;
    }

    AccessLogServiceFutureStub ask() {
        return AccessLogServiceGrpc.newFutureStub(channel).withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    /// The answer, or what the service says against the question.
    static <T> T answer(ListenableFuture<T> asked) throws StatusRuntimeException {
        try {
            return asked.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            asked.cancel(true);
            throw Status.CANCELLED
                    .withDescription("the page was left")
                    .withCause(e)
                    .asRuntimeException();
        } catch (ExecutionException e) {
            throw Status.fromThrowable(e).asRuntimeException();
        }
    }
}
