package io.sallyport.standalone.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.rpc.Code;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc;
import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.sallyport.runtime.metric.Metrics;
import io.sallyport.runtime.rpc.Channels;
import io.sallyport.runtime.rpc.GrpcServer;
import io.sallyport.secret.store.MasterKey;
import io.sallyport.secret.store.SealedFiles;
import io.sallyport.translation.ResourceType;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The relay between an Envoy and a service that are both played by hand.
@Tag("F2")
@Tag("F6")
@Timeout(120)
class GatewayRelayTest {

    private static final long PATIENCE_SECONDS = 20;

    @TempDir
    Path scratch;

    private final Heard<DeltaDiscoveryRequest> service = new Heard<>();
    private GatewayRelay relay;
    private GrpcServer door;
    private ManagedChannel envoy;
    private @Nullable GrpcServer behind;

    @BeforeEach
    void open() throws Exception {
        startRelay();
    }

    @AfterEach
    void close() {
        stopRelay();
        stopService();
    }

    @Test
    void whatEnvoyTookLastAnswersAfterARestartOfTheRelayAndWhatItRefusedDoesNot() throws Exception {
        startService();
        var first = new Call(envoy);
        first.send(asking(ResourceType.LISTENER));
        service.answer(first, response(ResourceType.LISTENER, "1", "0.0.0.0_80", "good"));
        first.send(answering("1"));
        service.answer(first, response(ResourceType.LISTENER, "2", "0.0.0.0_80", "bad"));
        first.send(
                answering("2").setErrorDetail(com.google.rpc.Status.newBuilder().setCode(Code.INTERNAL_VALUE)));
        service.awaitNonce("2");
        stopService();
        assertThat(first.end().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        stopRelay();
        startRelay();

        var cold = new Call(envoy);
        cold.send(asking(ResourceType.LISTENER));

        var kept = cold.next();
        assertThat(kept.getResourcesList()).singleElement().satisfies(resource -> {
            assertThat(resource.getVersion()).isEqualTo("good");
            assertThat(resource.getName()).isEqualTo("0.0.0.0_80");
        });
        assertThat(relay.missing()).isEmpty();

        startService();
        assertThat(service.next().getTypeUrl())
                .as("asked again when it is back")
                .isEqualTo(ResourceType.LISTENER.url());
        service.say(response(ResourceType.LISTENER, "3", "0.0.0.0_80", "newer"));
        assertThat(cold.end().getCode()).as("Envoy is to say what it has").isEqualTo(Status.Code.UNAVAILABLE);
    }

    @Test
    void anEnvoyThatHasSomethingWaitsForTheService() throws Exception {
        var warm = new Call(envoy);
        warm.send(asking(ResourceType.LISTENER).putInitialResourceVersions("0.0.0.0_80", "v1"));

        startService();

        assertThat(service.next().getInitialResourceVersionsMap()).containsEntry("0.0.0.0_80", "v1");
        assertThat(warm.isQuiet()).isTrue();
        service.say(response(ResourceType.LISTENER, "1", "0.0.0.0_80", "v2"));
        assertThat(warm.next().getResources(0).getVersion()).isEqualTo("v2");
    }

    @Test
    void withNothingKeptSecretsAreMissingAndListenersAreWaitedFor() {
        var secrets = new Call(SecretDiscoveryServiceGrpc.newStub(envoy)::deltaSecrets);
        var listeners = new Call(envoy);
        listeners.send(asking(ResourceType.LISTENER));
        secrets.send(asking(ResourceType.SECRET).addResourceNamesSubscribe("kubernetes://shop"));

        assertThat(secrets.next().getRemovedResourcesList()).containsExactly("kubernetes://shop");
        assertThat(listeners.isQuiet()).isTrue();
        assertThat(relay.missing())
                .hasValueSatisfying(reason -> assertThat(reason).startsWith("xds-service cannot be reached"));
    }

    @Test
    void whatAFreshEnvoyWasNotToldIsForgotten() throws Exception {
        startService();
        for (var name : new String[] {"0.0.0.0_80", "0.0.0.0_81"}) {
            var call = new Call(envoy);
            call.send(asking(ResourceType.LISTENER));
            service.answer(call, response(ResourceType.LISTENER, name, name, "v1"));
            call.send(answering(name));
            service.awaitNonce(name);
            call.finish();
        }
        stopService();

        var cold = new Call(envoy);
        cold.send(asking(ResourceType.LISTENER));

        assertThat(cold.next().getResourcesList()).extracting(Resource::getName).containsExactly("0.0.0.0_81");
    }

    @Test
    void metricsSayWhatIsKeptAndWhoIsAnsweredFromIt() throws Exception {
        var metrics = new Metrics();
        relay.measure(metrics.registry());
        startService();
        var first = new Call(envoy);
        first.send(asking(ResourceType.LISTENER));
        service.answer(first, response(ResourceType.LISTENER, "1", "0.0.0.0_80", "v1"));
        first.send(answering("1"));
        service.awaitNonce("1");
        awaitMetrics(metrics, "kept_resources 1.0", "kept_streams{service=\"xds\"} 0.0");
        stopService();
        first.end();

        var cold = new Call(envoy);
        cold.send(asking(ResourceType.LISTENER));
        cold.next();

        awaitMetrics(
                metrics,
                "kept_resources 1.0",
                "kept_streams{service=\"xds\"} 1.0",
                "kept_streams{service=\"secret\"} 0.0");
        cold.finish();
        awaitMetrics(metrics, "kept_resources 1.0", "kept_streams{service=\"xds\"} 0.0");
    }

    private static void awaitMetrics(Metrics metrics, String... lines) {
        await().atMost(Duration.ofSeconds(PATIENCE_SECONDS)).untilAsserted(() -> {
            var seen = metrics.scrape().lines().toList();
            for (var line : lines) {
                assertThat(seen).contains("sallyport_relay_" + line);
            }
        });
    }

    private void startRelay() throws Exception {
        var random = new SecureRandom();
        var files = new SealedFiles(
                scratch.resolve("kept"), MasterKey.inFile(scratch.resolve("master.key"), random), random);
        relay = new GatewayRelay(files, Channels.inProcess(name("behind")), Channels.inProcess(name("behind")));
        door = GrpcServer.inProcess(name("door"))
                .serve(relay.discovery(), relay.secrets())
                .start("door");
        envoy = Channels.inProcess(name("door"));
    }

    private void stopRelay() {
        envoy.shutdownNow();
        door.close();
        relay.close();
    }

    private void startService() throws IOException {
        BindableService discovery = new AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceImplBase() {
            @Override
            public StreamObserver<DeltaDiscoveryRequest> deltaAggregatedResources(
                    StreamObserver<DeltaDiscoveryResponse> responses) {
                service.responses = responses;
                return service;
            }
        };
        behind = GrpcServer.inProcess(name("behind")).serve(discovery).start("behind");
    }

    private void stopService() {
        if (behind != null) {
            behind.close();
            behind = null;
        }
    }

    private String name(String part) {
        return scratch.getFileName() + "-" + part;
    }

    private static DeltaDiscoveryRequest.Builder asking(ResourceType type) {
        return DeltaDiscoveryRequest.newBuilder().setTypeUrl(type.url());
    }

    private static DeltaDiscoveryRequest.Builder answering(String nonce) {
        return asking(ResourceType.LISTENER).setResponseNonce(nonce);
    }

    private static DeltaDiscoveryResponse response(ResourceType type, String nonce, String name, String version) {
        return DeltaDiscoveryResponse.newBuilder()
                .setTypeUrl(type.url())
                .setNonce(nonce)
                .addResources(Resource.newBuilder()
                        .setName(name)
                        .setVersion(version)
                        .setResource(
                                Any.newBuilder().setTypeUrl(type.url()).setValue(ByteString.copyFromUtf8(version))))
                .build();
    }

    // One side of a call: what it heard waits to be looked at.
    private static class Heard<T> implements StreamObserver<T> {

        private final BlockingQueue<Object> heard = new LinkedBlockingQueue<>();
        private volatile @Nullable StreamObserver<DeltaDiscoveryResponse> responses;

        @SuppressWarnings("unchecked")
        T next() {
            return (T) take();
        }

        Status end() {
            return (Status) take();
        }

        Object take() {
            try {
                var next = heard.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
                if (next == null) {
                    throw new AssertionError("nothing came within " + PATIENCE_SECONDS + " s");
                }
                return next;
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        boolean isQuiet() {
            return heard.isEmpty();
        }

        void say(DeltaDiscoveryResponse response) {
            var to = responses;
            if (to == null) {
                throw new AssertionError("nobody called");
            }
            to.onNext(response);
        }

        // Hears the request, says this, and sees it arrive.
        void answer(Call call, DeltaDiscoveryResponse response) {
            var _ = take();
            say(response);
            assertThat(call.next().getNonce()).isEqualTo(response.getNonce());
        }

        void awaitNonce(String nonce) {
            var last = take();
            assertThat(last).isInstanceOf(DeltaDiscoveryRequest.class);
            assertThat(((DeltaDiscoveryRequest) last).getResponseNonce()).isEqualTo(nonce);
        }

        @Override
        public void onNext(T message) {
            heard.add(message);
        }

        @Override
        public void onError(Throwable error) {
            if (responses == null) {
                heard.add(Status.fromThrowable(error));
            }
        }

        @Override
        public void onCompleted() {
            if (responses == null) {
                heard.add(Status.OK);
            }
        }
    }

    private static final class Call extends Heard<DeltaDiscoveryResponse> {

        private final StreamObserver<DeltaDiscoveryRequest> requests;

        Call(ManagedChannel channel) {
            this(AggregatedDiscoveryServiceGrpc.newStub(channel)::deltaAggregatedResources);
        }

        Call(ServiceBehind.Opener opener) {
            this.requests = opener.open(this);
        }

        void send(DeltaDiscoveryRequest.Builder request) {
            requests.onNext(request.build());
        }

        void finish() {
            requests.onCompleted();
            assertThat(end().isOk()).isTrue();
        }
    }
}
