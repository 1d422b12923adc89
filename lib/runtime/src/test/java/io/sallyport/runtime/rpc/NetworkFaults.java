package io.sallyport.runtime.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A wire between two services that goes silent without a word, as a cable that was cut or a firewall that forgets.
@Tag("F15")
class NetworkFaults {

    private static final int SECONDS = 60;

    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private GrpcServer server;
    private ServerSocket door;
    private volatile boolean silent;

    @BeforeEach
    void start() throws IOException {
        server = GrpcServer.on(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), ServerLimits.api())
                .start("api");
        door = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    @AfterEach
    void stop() throws IOException {
        door.close();
        for (var socket : open) {
            socket.close();
        }
        server.close();
    }

    private void accept() {
        while (!door.isClosed()) {
            try {
                var near = door.accept();
                var far = new Socket(InetAddress.getLoopbackAddress(), server.port());
                open.add(near);
                open.add(far);
                Thread.ofVirtual().start(() -> pump(near, far));
                Thread.ofVirtual().start(() -> pump(far, near));
            } catch (IOException e) {
                if (!door.isClosed()) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    // What is swallowed is swallowed: neither end hears that the other one is gone.
    private void pump(Socket from, Socket to) {
        var buffer = new byte[8_192];
        try {
            for (int read = from.getInputStream().read(buffer);
                    read >= 0;
                    read = from.getInputStream().read(buffer)) {
                if (!silent) {
                    to.getOutputStream().write(buffer, 0, read);
                }
            }
        } catch (IOException ended) {
            open.remove(from);
        }
    }

    @Test
    void silentWireIsNoticedAndTheNextCallTakesAnother() throws Exception {
        var channel = Channels.to("127.0.0.1", door.getLocalPort());
        try {
            var first = new CountDownLatch(1);
            var ended = new CompletableFuture<Status>();
            HealthGrpc.newStub(channel).watch(HealthCheckRequest.getDefaultInstance(), new StreamObserver<>() {
                @Override
                public void onNext(HealthCheckResponse response) {
                    first.countDown();
                }

                @Override
                public void onError(Throwable reason) {
                    ended.complete(Status.fromThrowable(reason));
                }

                @Override
                public void onCompleted() {
                    ended.complete(Status.OK);
                }
            });
            assertThat(first.await(SECONDS, TimeUnit.SECONDS)).isTrue();

            silent = true;

            assertThat(ended.get(SECONDS, TimeUnit.SECONDS).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
            silent = false;
            var answer = HealthGrpc.newBlockingStub(channel)
                    .withWaitForReady()
                    .withDeadlineAfter(SECONDS, TimeUnit.SECONDS)
                    .check(HealthCheckRequest.getDefaultInstance());
            assertThat(answer.getStatus()).isEqualTo(HealthCheckResponse.ServingStatus.SERVING);
        } finally {
            channel.shutdownNow();
        }
    }

    @Test
    void bothSidesNoticeWithinTwentySeconds() {
        assertThat(2 * Channels.SILENCE_SECONDS).isLessThanOrEqualTo(20);
        for (var limits : new ServerLimits[] {ServerLimits.api(), ServerLimits.xds(), ServerLimits.sds()}) {
            assertThat(limits.keepAlive().toSeconds() + Channels.SILENCE_SECONDS)
                    .isLessThanOrEqualTo(20);
        }
    }
}
