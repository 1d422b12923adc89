package io.sallyport.xds.discovery;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.rpc.Status;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.grpc.Channel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import io.sallyport.translation.ResourceType;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A delta client over a real gRPC channel that behaves as Envoy does: it keeps what it takes, refuses what `judge`
/// says, and comes back with the versions that it holds.
public final class FakeEnvoy implements AutoCloseable {

    /// The end of a stream, for tests that wait for it.
    public record Ended(@Nullable Throwable error) {}

    private final Map<ResourceType, Map<String, String>> held = new EnumMap<>(ResourceType.class);
    private final Map<ResourceType, List<String>> subscribed = new EnumMap<>(ResourceType.class);
    private final BlockingQueue<Object> events = new LinkedBlockingQueue<>();
    private final List<DeltaDiscoveryResponse> received = new ArrayList<>();
    private final Node node;
    private Function<DeltaDiscoveryResponse, String> judge = _ -> "";
    private @Nullable StreamObserver<DeltaDiscoveryRequest> requests;
    private @Nullable ClientCallStreamObserver<DeltaDiscoveryRequest> call;

    public FakeEnvoy(String id) {
        this.node = node(id, Map.of("app", "edge"));
    }

    static Node node(String id, Map<String, String> labels) {
        var struct = Struct.newBuilder();
        labels.forEach((key, value) ->
                struct.putFields(key, Value.newBuilder().setStringValue(value).build()));
        return Node.newBuilder()
                .setId(id)
                .setMetadata(Struct.newBuilder()
                        .putFields(
                                "LABELS",
                                Value.newBuilder().setStructValue(struct).build()))
                .build();
    }

    /// An empty answer takes the response, anything else refuses it with that message.
    public FakeEnvoy judging(Function<DeltaDiscoveryResponse, String> how) {
        judge = how;
        return this;
    }

    public void subscribe(ResourceType type, String... names) {
        subscribed.put(type, List.of(names));
    }

    public void connect(Channel channel) {
        requests = AggregatedDiscoveryServiceGrpc.newStub(channel).deltaAggregatedResources(new Ears());
        boolean first = true;
        for (var entry : subscribed.entrySet()) {
            var request = DeltaDiscoveryRequest.newBuilder()
                    .setTypeUrl(entry.getKey().url())
                    .addAllResourceNamesSubscribe(entry.getValue())
                    .putAllInitialResourceVersions(held.getOrDefault(entry.getKey(), Map.of()));
            if (first) {
                request.setNode(node);
                first = false;
            }
            send(request.build());
        }
    }

    public void send(DeltaDiscoveryRequest request) {
        if (requests == null) {
            throw new IllegalStateException("not connected");
        }
        requests.onNext(request);
    }

    public void finish() {
        if (requests != null) {
            requests.onCompleted();
        }
    }

    public void disconnect() {
        if (call != null) {
            call.cancel("test", null);
        }
    }

    /// Handles what comes until `done` says that it is enough.
    public void until(java.util.function.BooleanSupplier done) throws InterruptedException {
        while (!done.getAsBoolean()) {
            var event = events.poll(20, TimeUnit.SECONDS);
            if (event == null) {
                throw new AssertionError(
                        "nothing came any more; received " + received.size() + " responses, holds " + held);
            }
            if (event instanceof DeltaDiscoveryResponse response) {
                take(response);
            } else {
                throw new AssertionError("the stream ended: " + event);
            }
        }
    }

    public void untilHolds(ResourceType type, String... names) throws InterruptedException {
        until(() -> held(type).keySet().equals(new java.util.TreeSet<>(List.of(names))));
    }

    public Ended end() throws InterruptedException {
        while (true) {
            var event = events.poll(20, TimeUnit.SECONDS);
            if (event == null) {
                throw new AssertionError("the stream does not end");
            }
            if (event instanceof Ended ended) {
                return ended;
            }
        }
    }

    private void take(DeltaDiscoveryResponse response) {
        received.add(response);
        var answer = DeltaDiscoveryRequest.newBuilder()
                .setTypeUrl(response.getTypeUrl())
                .setResponseNonce(response.getNonce());
        var complaint = judge.apply(response);
        if (complaint.isEmpty()) {
            var table = ResourceType.of(response.getTypeUrl()).map(this::held).orElseGet(TreeMap::new);
            response.getResourcesList().forEach(resource -> table.put(resource.getName(), resource.getVersion()));
            response.getRemovedResourcesList().forEach(table::remove);
        } else {
            answer.setErrorDetail(Status.newBuilder().setCode(13).setMessage(complaint));
        }
        send(answer.build());
    }

    public Map<String, String> held(ResourceType type) {
        return held.computeIfAbsent(type, _ -> new TreeMap<>());
    }

    public List<DeltaDiscoveryResponse> received() {
        return received;
    }

    @Override
    public void close() {
        disconnect();
    }

    private final class Ears implements ClientResponseObserver<DeltaDiscoveryRequest, DeltaDiscoveryResponse> {

        @Override
        public void beforeStart(ClientCallStreamObserver<DeltaDiscoveryRequest> stream) {
            call = stream;
        }

        @Override
        public void onNext(DeltaDiscoveryResponse response) {
            events.add(response);
        }

        @Override
        public void onError(Throwable error) {
            events.add(new Ended(error));
        }

        @Override
        public void onCompleted() {
            events.add(new Ended(null));
        }
    }
}
