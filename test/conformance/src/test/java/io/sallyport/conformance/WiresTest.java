package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.StreamObserver;
import io.sallyport.runtime.rpc.Channels;
import io.sallyport.runtime.rpc.GrpcServer;
import io.sallyport.runtime.rpc.ServerLimits;
import io.sallyport.testkit.net.FaultyWire;
import io.sallyport.testkit.net.FaultyWire.Way;
import io.sallyport.testkit.net.HttpClient;
import io.sallyport.testkit.net.SteadyClient;
import io.sallyport.testkit.stack.SeparateServices;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/// Bad wires between any two parts. A silent one is noticed by pings alone, which takes up to twenty seconds: what can
/// be silent is so at the same time, and while the other tests run.
@Tag("F15")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(OrderAnnotation.class)
class WiresTest {

    private static final int SECONDS = 90;

    private static final List<Consumer<FaultyWire>> SILENT = List.of(
            wire -> wire.silence(Set.of(Way.THERE, Way.BACK)),
            wire -> wire.silence(Set.of(Way.THERE)),
            wire -> wire.silence(Set.of(Way.BACK)),
            wire -> wire.trickle(Duration.ofSeconds(1)),
            FaultyWire::forget);

    private final List<Future<Status.Code>> noticed = new ArrayList<>();
    private ExecutorService threads;
    private GrpcServer silenced;

    @BeforeAll
    void beSilentMeanwhile() throws IOException {
        silenced = server();
        threads = Executors.newVirtualThreadPerTaskExecutor();
        for (var fault : SILENT) {
            noticed.add(threads.submit(noticed(silenced.port(), fault)));
        }
    }

    @AfterAll
    void stop() {
        threads.shutdownNow();
        silenced.close();
    }

    @Test
    @Order(3)
    void silentWireOfAnyKindIsNoticedAndTheNextCallTakesAnother() throws Exception {
        for (var each : noticed) {
            assertThat(each.get(2 * SECONDS, TimeUnit.SECONDS)).isEqualTo(Status.Code.UNAVAILABLE);
        }
    }

    private static GrpcServer server() throws IOException {
        return GrpcServer.on(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), ServerLimits.api())
                .start("api");
    }

    // How a call ends that is open when the fault comes; then the wire is mended, and the next call has to be answered.
    private static Callable<Status.Code> noticed(int port, Consumer<FaultyWire> fault) {
        return () -> {
            try (var wire = new FaultyWire(port)) {
                var channel = Channels.to("127.0.0.1", wire.port());
                try {
                    var watching = new Watching();
                    HealthGrpc.newStub(channel).watch(HealthCheckRequest.getDefaultInstance(), watching);
                    assertThat(watching.first.await(SECONDS, TimeUnit.SECONDS)).isTrue();

                    fault.accept(wire);

                    var ended = watching.ended.get(SECONDS, TimeUnit.SECONDS).getCode();
                    wire.mend();
                    assertThat(check(channel)).isEqualTo(HealthCheckResponse.ServingStatus.SERVING);
                    return ended;
                } finally {
                    channel.shutdownNow();
                }
            }
        };
    }

    private static final class Watching implements StreamObserver<HealthCheckResponse> {

        private final CountDownLatch first = new CountDownLatch(1);
        private final CompletableFuture<Status> ended = new CompletableFuture<>();

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
    }

    private static HealthCheckResponse.ServingStatus check(ManagedChannel channel) {
        return HealthGrpc.newBlockingStub(channel)
                .withWaitForReady()
                .withDeadlineAfter(SECONDS, TimeUnit.SECONDS)
                .check(HealthCheckRequest.getDefaultInstance())
                .getStatus();
    }

    @Test
    @Order(1)
    void wireThatBreaksInTheMiddleOfAnAnswerEndsThatCallAlone() throws Exception {
        try (var server = server();
                var wire = new FaultyWire(server.port())) {
            for (long bytes : new long[] {1, 9, 40, 90}) {
                var channel = Channels.to("127.0.0.1", wire.port());
                try {
                    wire.breakAfter(bytes);
                    var call = HealthGrpc.newBlockingStub(channel).withDeadlineAfter(SECONDS, TimeUnit.SECONDS);
                    Status.Code ended = Status.Code.OK;
                    try {
                        for (int calls = 0; calls < 100; calls++) {
                            assertThat(call.check(HealthCheckRequest.getDefaultInstance()))
                                    .isNotNull();
                        }
                    } catch (StatusRuntimeException broken) {
                        ended = broken.getStatus().getCode();
                    }
                    assertThat(ended).as("after %d bytes", bytes).isEqualTo(Status.Code.UNAVAILABLE);
                    wire.mend();
                    assertThat(check(channel)).isEqualTo(HealthCheckResponse.ServingStatus.SERVING);
                } finally {
                    channel.shutdownNow();
                }
            }
        }
    }

    @Test
    @Order(2)
    void changesArriveOverEveryKindOfBadWireAndNoRequestFails(@TempDir Path scratch) throws Exception {
        try (var services = SeparateServices.wired(scratch)) {
            apply(services, scratch, "start");
            awaitServed(services, "start");
            try (var client = new SteadyClient(services.port(), "shop.test", "/")) {
                client.awaitAnswers(100);

                services.wires().forEach(wire -> {
                    wire.delay(Duration.ofMillis(300));
                    wire.lose(0.05);
                });
                apply(services, scratch, "slow");
                awaitServed(services, "slow");
                services.wires().forEach(FaultyWire::mend);

                services.wires().forEach(wire -> wire.breakAfter(700));
                apply(services, scratch, "broken");
                client.awaitAnswers(100);
                services.wires().forEach(FaultyWire::mend);
                awaitServed(services, "broken");

                services.wires().forEach(wire -> wire.silence(Set.of(Way.BACK)));
                apply(services, scratch, "silent");
                client.awaitAnswers(100);
                assertThat(served(services)).isEqualTo("broken");
                services.wires().forEach(FaultyWire::mend);
                awaitServed(services, "silent");

                // Nobody says a word about these, and nothing is mended: pings have to find it out.
                services.wires().forEach(FaultyWire::forget);
                apply(services, scratch, "forgotten");
                awaitServed(services, "forgotten");
                assertThat(client.failures()).isEmpty();
            }
        }
    }

    private static void awaitServed(SeparateServices services, String body) {
        Awaitility.await("\"" + body + "\" to be served")
                .atMost(Duration.ofSeconds(SECONDS))
                .ignoreExceptions()
                .untilAsserted(() -> assertThat(served(services)).isEqualTo(body));
    }

    private static String served(SeparateServices services) throws IOException {
        try (var client = new HttpClient()) {
            return client.send(
                            services.port(),
                            HttpClient.Version.HTTP_1_1,
                            new HttpClient.Call("GET", "shop.test", "/", Map.of(), ""))
                    .body();
        }
    }

    private static void apply(SeparateServices services, Path scratch, String body) throws IOException {
        var file = Files.writeString(scratch.resolve("shop.yaml"), """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: edge, namespace: shop}
                spec:
                  selector: {istio: ingressgateway}
                  servers:
                  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: shop, namespace: shop}
                spec:
                  hosts: [shop.test]
                  gateways: [edge]
                  http: [{directResponse: {status: 200, body: {string: %s}}}]
                """.formatted(body));
        var answer = services.shell().run("apply", "-f", file.toString());
        assertThat(answer.exitCode()).as(answer.err()).isZero();
    }
}
