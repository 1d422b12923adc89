package io.sallyport.secret.sds;

import com.google.protobuf.Message;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A stream of a proxy, as Envoy has one: requests are sent by hand, responses wait to be looked at.
final class Proxy<Q extends Message, R extends Message> implements StreamObserver<R> {

    private static final long PATIENCE_SECONDS = 20;

    private final BlockingQueue<Object> heard = new LinkedBlockingQueue<>();
    private @Nullable StreamObserver<Q> requests;

    private Proxy() {}

    static Proxy<DeltaDiscoveryRequest, DeltaDiscoveryResponse> delta(Channel channel) {
        var proxy = new Proxy<DeltaDiscoveryRequest, DeltaDiscoveryResponse>();
        proxy.requests = SecretDiscoveryServiceGrpc.newStub(channel).deltaSecrets(proxy);
        return proxy;
    }

    static Proxy<DiscoveryRequest, DiscoveryResponse> world(Channel channel) {
        var proxy = new Proxy<DiscoveryRequest, DiscoveryResponse>();
        proxy.requests = SecretDiscoveryServiceGrpc.newStub(channel).streamSecrets(proxy);
        return proxy;
    }

    static Node node(String namespace) {
        return Node.newBuilder()
                .setId("router~127.0.0.1~gateway." + namespace + "~" + namespace + ".svc.cluster.local")
                .setMetadata(Struct.newBuilder()
                        .putFields(
                                "NAMESPACE",
                                Value.newBuilder().setStringValue(namespace).build()))
                .build();
    }

    static DeltaDiscoveryRequest.Builder asking(String namespace, String... names) {
        return DeltaDiscoveryRequest.newBuilder()
                .setNode(node(namespace))
                .setTypeUrl(SecretDiscovery.TYPE)
                .addAllResourceNamesSubscribe(List.of(names));
    }

    Proxy<Q, R> send(Q request) {
        if (requests != null) {
            requests.onNext(request);
        }
        return this;
    }

    @SuppressWarnings("unchecked")
    R next() {
        return (R) take();
    }

    Status end() {
        return (Status) take();
    }

    boolean hasHeardMore() {
        return !heard.isEmpty();
    }

    private Object take() {
        try {
            var next = heard.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (next == null) {
                throw new AssertionError("nothing came");
            }
            return next;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void onNext(R response) {
        heard.add(response);
    }

    @Override
    public void onError(Throwable error) {
        heard.add(Status.fromThrowable(error));
    }

    @Override
    public void onCompleted() {
        heard.add(Status.OK);
    }
}
