package io.sallyport.standalone.telemetry;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.rpc.Code;
import com.google.rpc.Status;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import io.sallyport.translation.ResourceType;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/// A gateway that asks for clusters and listeners and takes what it gets, until it is told to refuse.
final class SimulatedProxy implements StreamObserver<DeltaDiscoveryResponse>, AutoCloseable {

    static final String REASON = "cannot bind '0.0.0.0:80': \"x\"\n{\"level\":\"FORGED\"}";

    private final StreamObserver<DeltaDiscoveryRequest> requests;
    private final AtomicInteger answers = new AtomicInteger();
    private final AtomicBoolean refusing = new AtomicBoolean();

    SimulatedProxy(Channel channel, String name) {
        requests = AggregatedDiscoveryServiceGrpc.newStub(channel).deltaAggregatedResources(this);
        var labels = Struct.newBuilder()
                .putFields("app", Value.newBuilder().setStringValue("edge").build());
        var node = Node.newBuilder()
                .setId("router~127.0.0.1~" + name + ".shop~shop.svc.cluster.local")
                .setMetadata(Struct.newBuilder()
                        .putFields(
                                "LABELS",
                                Value.newBuilder().setStructValue(labels).build()));
        send(DeltaDiscoveryRequest.newBuilder()
                .setNode(node)
                .setTypeUrl(ResourceType.CLUSTER.url())
                .addResourceNamesSubscribe("*"));
        send(DeltaDiscoveryRequest.newBuilder()
                .setTypeUrl(ResourceType.LISTENER.url())
                .addResourceNamesSubscribe("*"));
    }

    /// How many responses it has answered.
    int answers() {
        return answers.get();
    }

    void refuse() {
        refusing.set(true);
    }

    private synchronized void send(DeltaDiscoveryRequest.Builder request) {
        requests.onNext(request.build());
    }

    @Override
    public void onNext(DeltaDiscoveryResponse response) {
        var answer = DeltaDiscoveryRequest.newBuilder()
                .setTypeUrl(response.getTypeUrl())
                .setResponseNonce(response.getNonce());
        if (refusing.get()) {
            answer.setErrorDetail(
                    Status.newBuilder().setCode(Code.INTERNAL_VALUE).setMessage(REASON));
        }
        send(answer);
        answers.incrementAndGet();
    }

    @Override
    public void onError(Throwable error) {}

    @Override
    public void onCompleted() {}

    @Override
    public void close() {
        requests.onCompleted();
    }
}
