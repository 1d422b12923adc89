package io.sallyport.runtime.identity;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.sallyport.proto.accesslog.v1.AccessLogServiceGrpc;
import io.sallyport.proto.accesslog.v1.TailRequest;
import io.sallyport.proto.accesslog.v1.TailResponse;
import io.sallyport.proto.config.v1.ConfigServiceGrpc;
import io.sallyport.proto.config.v1.WatchRequest;
import io.sallyport.proto.config.v1.WatchResponse;
import io.sallyport.runtime.BearerToken;
import io.sallyport.runtime.rpc.Channels;
import io.sallyport.runtime.rpc.GrpcServer;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Streams last as long as their callers are known and may have them, and no longer.
@Tag("H69")
class StreamsFollowTheirCallersTest implements Authorizer {

    private static final Access LOGS = Access.own(Access.Verb.GET, AccessTable.ACCESS_LOGS, "shop");

    private final Map<String, Identity> tokens = new ConcurrentHashMap<>();
    private final Set<String> rights = ConcurrentHashMap.newKeySet();
    private volatile boolean isAway;
    private final CountDownLatch askedInVain = new CountDownLatch(3);

    private final Guard guard = Guard.following(
            new Authenticator(
                    null,
                    IdentitySettings.NONE.names(),
                    List.of(shown -> Optional.ofNullable(tokens.get(shown.substring(0, 3))))),
            this,
            Duration.ofMillis(20));
    private final CompletableFuture<Boolean> left = new CompletableFuture<>();
    private GrpcServer server;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws IOException {
        server = GrpcServer.inProcess("streams")
                .with(guard)
                .serve(
                        new ConfigServiceGrpc.ConfigServiceImplBase() {
                            @Override
                            public void watch(WatchRequest request, StreamObserver<WatchResponse> images) {
                                images.onNext(WatchResponse.getDefaultInstance());
                            }
                        },
                        new AccessLogServiceGrpc.AccessLogServiceImplBase() {
                            @Override
                            public void tail(TailRequest request, StreamObserver<TailResponse> rows) {
                                Caller.current().mustKeep(List.of(LOGS));
                                rows.onNext(TailResponse.getDefaultInstance());
                                // As the collector follows: in the call's own thread, for as long as somebody listens.
                                var call = (ServerCallStreamObserver<TailResponse>) rows;
                                while (!call.isCancelled()
                                        && !Thread.currentThread().isInterrupted()) {
                                    LockSupport.parkNanos(1_000_000);
                                }
                                left.complete(call.isCancelled());
                            }
                        })
                .start("streams");
        channel = Channels.inProcess("streams");
        tokens.put("ada", Identity.User.of("ada", List.of("team")));
        tokens.put("bob", Identity.User.of("bob", List.of("team")));
        rights.add("user ada watch");
        rights.add("user bob watch");
        rights.add("user ada get");
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.close();
        guard.close();
    }

    @Override
    public boolean may(Identity who, Access what) throws UnavailableException {
        if (isAway) {
            askedInVain.countDown();
            throw new UnavailableException("away");
        }
        return rights.contains(who + " " + what.verb().word());
    }

    @Override
    public Optional<SortedSet<String>> namespaces(Identity who, Access what) {
        return Optional.empty();
    }

    @Test
    void aTokenThatCountsNoMoreEndsItsStreamsAndNobodyElses() throws Exception {
        var ada = watch("ada");
        var tail = tail("ada");
        var bob = watch("bob");

        tokens.remove("ada");

        assertThat(ada.end()).startsWith("UNAUTHENTICATED: the token is not accepted");
        assertThat(tail.end()).startsWith("UNAUTHENTICATED: the token is not accepted");
        assertThat(bob.ended).isNotDone();
    }

    @Test
    void aRightThatIsTakenAwayEndsTheStreamsThatNeedIt() throws Exception {
        var ada = watch("ada");
        var tail = tail("ada");

        rights.remove("user ada get");

        assertThat(tail.end())
                .isEqualTo("PERMISSION_DENIED: user ada may not get accesslogs.sallyport.io in namespace \"shop\"");
        assertThat(left.get(30, TimeUnit.SECONDS))
                .as("who writes the stream learns it")
                .isTrue();
        assertThat(ada.ended).isNotDone();
        rights.remove("user ada watch");
        assertThat(ada.end()).isEqualTo("PERMISSION_DENIED: user ada may not watch *.* in all namespaces");
    }

    @Test
    void whoeverIsInOtherGroupsIsJudgedAnew() throws Exception {
        var ada = watch("ada");

        tokens.put("ada", Identity.User.of("ada", List.of("others")));

        assertThat(ada.end()).startsWith("UNAUTHENTICATED: the caller is not who began this");
    }

    @Test
    void streamsStayWhileNobodyCanBeAsked() throws Exception {
        var ada = watch("ada");

        isAway = true;

        assertThat(askedInVain.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(ada.ended).isNotDone();
        rights.clear();
        isAway = false;
        assertThat(ada.end()).startsWith("PERMISSION_DENIED");
    }

    private Stream watch(String token) throws Exception {
        var stream = new Stream();
        ConfigServiceGrpc.newStub(as(token)).watch(WatchRequest.getDefaultInstance(), stream.of());
        return stream.begun();
    }

    private Stream tail(String token) throws Exception {
        var stream = new Stream();
        AccessLogServiceGrpc.newStub(as(token)).tail(TailRequest.getDefaultInstance(), stream.of());
        return stream.begun();
    }

    private io.grpc.Channel as(String token) {
        return ClientInterceptors.intercept(channel, Channels.bearing(BearerToken.of(token + "-0123456789abcdef")));
    }

    private static final class Stream {

        private final CompletableFuture<String> first = new CompletableFuture<>();
        private final CompletableFuture<String> ended = new CompletableFuture<>();

        <T> StreamObserver<T> of() {
            return new StreamObserver<>() {
                @Override
                public void onNext(T message) {
                    first.complete("message");
                }

                @Override
                public void onError(Throwable failure) {
                    var status = Status.fromThrowable(failure);
                    first.complete(status.toString());
                    ended.complete(status.getCode() + ": " + status.getDescription());
                }

                @Override
                public void onCompleted() {
                    ended.complete("completed");
                }
            };
        }

        Stream begun() throws Exception {
            assertThat(first.get(20, TimeUnit.SECONDS)).isEqualTo("message");
            return this;
        }

        String end() throws Exception {
            return ended.get(20, TimeUnit.SECONDS);
        }
    }
}
