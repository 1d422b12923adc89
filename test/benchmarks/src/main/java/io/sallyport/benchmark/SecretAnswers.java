package io.sallyport.benchmark;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc;
import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import io.sallyport.runtime.rpc.Channels;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// How long secret-service takes to say no: to a proxy of another namespace about secrets that exist there, and about
/// secrets that exist nowhere. Whoever can tell the two apart by time can list a neighbour's secrets (V6).
final class SecretAnswers {

    private static final int WARM_UP = 2_000;
    private static final int QUESTIONS = 4_000;
    private static final String TYPE = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";

    private final Results results;
    private final Path socket;

    SecretAnswers(Results results, Path socket) {
        this.results = results;
        this.socket = socket;
    }

    void run() throws IOException {
        var channel = Channels.to(socket);
        try {
            var forbidden = new Figures();
            var missing = new Figures();
            ask(channel, WARM_UP, new Figures(), new Figures());
            ask(channel, QUESTIONS, forbidden, missing);
            results.row(
                    "another namespace's secret is asked for, one that exists and one that does not, in turn",
                    "exists: %s; does not: %s; medians differ by %.1f %%"
                            .formatted(
                                    forbidden,
                                    missing,
                                    100.0
                                            * Math.abs(forbidden.quantile(0.5).toNanos()
                                                    - missing.quantile(0.5).toNanos())
                                            / missing.quantile(0.5).toNanos()),
                    "10 %");
        } finally {
            channel.shutdownNow();
        }
    }

    private static void ask(Channel channel, int questions, Figures forbidden, Figures missing) throws IOException {
        for (var n = 0; n < questions; n++) {
            // Names of one length, in changing order.
            forbidden.add(answer(channel, "kubernetes://istio-system/secret-1"));
            missing.add(answer(channel, "kubernetes://istio-system/nobody-1"));
        }
    }

    private static Duration answer(Channel channel, String name) throws IOException {
        var answered = new CompletableFuture<DeltaDiscoveryResponse>();
        var start = System.nanoTime();
        var requests = SecretDiscoveryServiceGrpc.newStub(channel).deltaSecrets(new StreamObserver<>() {
            @Override
            public void onNext(DeltaDiscoveryResponse response) {
                answered.complete(response);
            }

            @Override
            public void onError(Throwable failure) {
                answered.completeExceptionally(failure);
            }

            @Override
            public void onCompleted() {
                // The client ends the stream.
            }
        });
        requests.onNext(DeltaDiscoveryRequest.newBuilder()
                .setNode(stranger())
                .setTypeUrl(TYPE)
                .addResourceNamesSubscribe(name)
                .build());
        var response = answered.orTimeout(30, TimeUnit.SECONDS).join();
        var duration = Duration.ofNanos(System.nanoTime() - start);
        requests.onCompleted();
        if (response.getRemovedResourcesCount() != 1) {
            throw new IOException(name + " was answered (expected: that there is none)");
        }
        return duration;
    }

    private static Node stranger() {
        return Node.newBuilder()
                .setId("router~127.0.0.1~stranger.other~other.svc.cluster.local")
                .setMetadata(Struct.newBuilder()
                        .putFields(
                                "NAMESPACE",
                                Value.newBuilder().setStringValue("other").build()))
                .build();
    }
}
