package io.sallyport.conformance;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import io.sallyport.translation.ResourceType;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A proxy that has a connection of its own, takes all that it is sent, and comes back with what it holds, as Envoy
/// does. Hundreds of them fit beside the services under test: of a resource they keep its name and version.
final class ReturningProxy implements AutoCloseable {

    /// Opens a stream: of aggregated discovery, or of secrets.
    @FunctionalInterface
    interface Call {
        StreamObserver<DeltaDiscoveryRequest> open(
                ManagedChannel channel, StreamObserver<DeltaDiscoveryResponse> responses);
    }

    private final Node node;
    private final Call call;
    private final Supplier<ManagedChannel> dial;
    private final Map<ResourceType, List<String>> wanted;
    private final Map<ResourceType, Map<String, String>> held = new ConcurrentHashMap<>();
    private volatile @Nullable Stream stream;

    /// @param wanted names by type; `*` for all
    ReturningProxy(int number, Call call, Supplier<ManagedChannel> dial, Map<ResourceType, List<String>> wanted) {
        this.node = node(number);
        this.call = call;
        this.dial = dial;
        this.wanted = Map.copyOf(new TreeMap<>(wanted));
    }

    private static Node node(int number) {
        var labels = Struct.newBuilder().putFields("istio", text("ingressgateway"));
        return Node.newBuilder()
                .setId("router~10.0.%d.%d~gw-%d.istio-system~istio-system.svc.cluster.local"
                        .formatted(number / 250, number % 250, number))
                .setMetadata(Struct.newBuilder()
                        .putFields("NAMESPACE", text("istio-system"))
                        .putFields(
                                "LABELS",
                                Value.newBuilder().setStructValue(labels).build()))
                .build();
    }

    private static Value text(String value) {
        return Value.newBuilder().setStringValue(value).build();
    }

    /// Connects anew, over a connection of its own.
    void connect() {
        stream = new Stream(dial.get());
    }

    /// Is as a pod that has just started.
    void forget() {
        held.clear();
    }

    boolean isConnected() {
        var open = stream;
        return open != null && !open.ended;
    }

    /// What it holds: versions by name.
    Map<String, String> held(ResourceType type) {
        return held.computeIfAbsent(type, _ -> new ConcurrentHashMap<>());
    }

    /// Lets go of the connection as a pod that is gone.
    @Override
    public void close() {
        var open = stream;
        if (open != null) {
            open.channel.shutdownNow();
        }
    }

    private final class Stream implements StreamObserver<DeltaDiscoveryResponse> {

        private final ManagedChannel channel;
        private final StreamObserver<DeltaDiscoveryRequest> requests;
        private volatile boolean ended;

        private Stream(ManagedChannel channel) {
            this.channel = channel;
            this.requests = call.open(channel, this);
            synchronized (this) {
                var first = DeltaDiscoveryRequest.newBuilder().setNode(node);
                for (var type : wanted.keySet().stream().sorted().toList()) {
                    requests.onNext(first.setTypeUrl(type.url())
                            .addAllResourceNamesSubscribe(wanted.getOrDefault(type, List.of()))
                            .putAllInitialResourceVersions(held(type))
                            .build());
                    first = DeltaDiscoveryRequest.newBuilder();
                }
            }
        }

        @Override
        public void onNext(DeltaDiscoveryResponse response) {
            var table = held(ResourceType.of(response.getTypeUrl()).orElseThrow());
            response.getResourcesList().forEach(each -> table.put(each.getName(), each.getVersion()));
            response.getRemovedResourcesList().forEach(table::remove);
            synchronized (this) {
                requests.onNext(DeltaDiscoveryRequest.newBuilder()
                        .setTypeUrl(response.getTypeUrl())
                        .setResponseNonce(response.getNonce())
                        .build());
            }
        }

        @Override
        public void onError(Throwable error) {
            ended = true;
            channel.shutdownNow();
        }

        @Override
        public void onCompleted() {
            ended = true;
            channel.shutdownNow();
        }
    }
}
