package io.sallyport.accesslog.receive;

import io.envoyproxy.envoy.service.accesslog.v3.AccessLogServiceGrpc;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsMessage;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsResponse;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import io.sallyport.runtime.identity.Caller;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Envoy's access log service, version 3. Only the first message of a stream says who is talking, so a stream
/// remembers. Nothing is acknowledged to Envoy, as the protocol has no way to: what is not taken is counted
/// by [Intake]. Source: `envoy/service/accesslog/v3/als.proto`.
public final class AlsReceiver extends AccessLogServiceGrpc.AccessLogServiceImplBase {

    private final Intake intake;
    private final AtomicInteger streams = new AtomicInteger();

    public AlsReceiver(Intake intake) {
        this.intake = intake;
    }

    /// How many streams are open.
    public int streams() {
        return streams.get();
    }

    @Override
    public StreamObserver<StreamAccessLogsMessage> streamAccessLogs(StreamObserver<StreamAccessLogsResponse> response) {
        streams.incrementAndGet();
        var identity = Caller.current().identity();
        return new StreamObserver<>() {

            private @Nullable Proxy proxy;
            private boolean isRefused;

            @Override
            public void onNext(StreamAccessLogsMessage message) {
                if (message.hasIdentifier()) {
                    proxy = Proxy.claimedBy(message.getIdentifier().getNode()).provedBy(identity);
                }
                var known = proxy;
                if (isRefused) {
                    return;
                }
                if (known == null) {
                    isRefused = true;
                    response.onError(Status.INVALID_ARGUMENT
                            .withDescription("first message without identifier (expected: the node that is logging)")
                            .asRuntimeException());
                    return;
                }
                intake.take(known, rows(message));
            }

            @Override
            public void onError(Throwable gone) {
                streams.decrementAndGet();
            }

            @Override
            public void onCompleted() {
                streams.decrementAndGet();
                if (isRefused) {
                    return;
                }
                response.onNext(StreamAccessLogsResponse.getDefaultInstance());
                response.onCompleted();
            }
        };
    }

    private static List<AccessLogEntry.Builder> rows(StreamAccessLogsMessage message) {
        return switch (message.getLogEntriesCase()) {
            case HTTP_LOGS -> {
                var rows = new ArrayList<AccessLogEntry.Builder>(
                        message.getHttpLogs().getLogEntryCount());
                message.getHttpLogs().getLogEntryList().forEach(entry -> rows.add(EnvoyEntries.of(entry)));
                yield rows;
            }
            case TCP_LOGS -> {
                var rows = new ArrayList<AccessLogEntry.Builder>(
                        message.getTcpLogs().getLogEntryCount());
                message.getTcpLogs().getLogEntryList().forEach(entry -> rows.add(EnvoyEntries.of(entry)));
                yield rows;
            }
            case LOGENTRIES_NOT_SET -> List.of();
        };
    }
}
