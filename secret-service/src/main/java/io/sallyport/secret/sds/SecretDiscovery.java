package io.sallyport.secret.sds;

import com.google.protobuf.Message;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc;
import io.grpc.BindableService;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.opentelemetry.api.trace.TracerProvider;
import io.sallyport.runtime.identity.ProxyLabels;
import io.sallyport.secret.store.Rotations;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

/// Envoy's secret discovery service, incremental and state of the world. Envoy opens one stream a secret. The
/// unary `FetchSecrets` is not served: it cannot tell of a rotation.
public final class SecretDiscovery extends SecretDiscoveryServiceGrpc.SecretDiscoveryServiceImplBase
        implements AutoCloseable {

    static final String TYPE = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";

    private static final int MAX_STREAMS = 200_000;

    private final ProxyLabels labels;
    private final Shelf shelf;
    private final Audience audience;
    private final Rotations rotations;
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final Set<SecretStream<?, ?>> streams = ConcurrentHashMap.newKeySet();
    private final LongAdder responses = new LongAdder();
    private final LongAdder refusals = new LongAdder();
    private final AtomicBoolean prepared = new AtomicBoolean();
    private final SecretStream.Protocol<DeltaDiscoveryRequest, DeltaDiscoveryResponse> delta =
            new SecretStream.Protocol<>(
                    request -> request.hasNode() ? Optional.of(request.getNode()) : Optional.empty(),
                    DeltaDiscoveryRequest::getTypeUrl,
                    DeltaSession::new);
    private final SecretStream.Protocol<DiscoveryRequest, DiscoveryResponse> world = new SecretStream.Protocol<>(
            request -> request.hasNode() ? Optional.of(request.getNode()) : Optional.empty(),
            DiscoveryRequest::getTypeUrl,
            WorldSession::new);

    /// `audience` is told of each stream and wakes it.
    public SecretDiscovery(Shelf shelf, Audience audience) {
        this(
                shelf,
                audience,
                ProxyLabels.NONE,
                new Rotations(TracerProvider.noop().get("none")));
    }

    /// `labels` are those of proxies that prove who they are; what they are sent goes on with the traces of
    /// `rotations`.
    public SecretDiscovery(Shelf shelf, Audience audience, ProxyLabels labels, Rotations rotations) {
        this.rotations = rotations;
        this.labels = labels;
        this.shelf = shelf;
        this.audience = audience;
    }

    @Override
    public StreamObserver<DeltaDiscoveryRequest> deltaSecrets(StreamObserver<DeltaDiscoveryResponse> responses) {
        return open(delta, responses);
    }

    @Override
    public StreamObserver<DiscoveryRequest> streamSecrets(StreamObserver<DiscoveryResponse> responses) {
        return open(world, responses);
    }

    private <Q extends Message, R extends Message> StreamObserver<Q> open(
            SecretStream.Protocol<Q, R> protocol, StreamObserver<R> responses) {
        if (streams.size() >= MAX_STREAMS) {
            responses.onError(Status.RESOURCE_EXHAUSTED
                    .withDescription("too many streams (expected: at most " + MAX_STREAMS + ")")
                    .asRuntimeException());
            return new Deaf<>();
        }
        if (prepared.compareAndSet(false, true)) {
            executor.execute(Tombstone::prepare);
        }
        var stream = new SecretStream<>(this, protocol, (ServerCallStreamObserver<R>) responses);
        streams.add(stream);
        return stream;
    }

    /// What a server serves: this, for requests that say no more of a proxy than is asked of it here.
    public BindableService service() {
        return new LeanRequests(this);
    }

    /// How many streams are open.
    public int streams() {
        return streams.size();
    }

    /// Responses that proxies were sent.
    public long responses() {
        return responses.sum();
    }

    /// Secrets that a proxy refused.
    public long refusals() {
        return refusals.sum();
    }

    void sent() {
        responses.increment();
    }

    void refused() {
        refusals.increment();
    }

    Shelf shelf() {
        return shelf;
    }

    ProxyLabels labels() {
        return labels;
    }

    Rotations rotations() {
        return rotations;
    }

    Audience audience() {
        return audience;
    }

    Executor executor() {
        return executor;
    }

    void closed(SecretStream<?, ?> stream) {
        streams.remove(stream);
    }

    @Override
    public void close() {
        streams.forEach(SecretStream::shutDown);
        executor.shutdown();
    }

    // For a stream that was refused at once.
    private static final class Deaf<Q> implements StreamObserver<Q> {

        @Override
        public void onNext(Q request) {}

        @Override
        public void onError(Throwable error) {}

        @Override
        public void onCompleted() {}
    }
}
