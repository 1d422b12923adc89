package io.sallyport.xds.discovery;

import com.google.protobuf.Message;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.sallyport.runtime.identity.ProxyLabels;
import io.sallyport.runtime.telemetry.Telemetry;
import io.sallyport.xds.publish.Publisher;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// The aggregated discovery service, for any Envoy that connects. Each stream is a [StreamLoop] of its own;
/// they share the snapshots of their class and nothing else.
public final class Discovery extends AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceImplBase
        implements AutoCloseable {

    private static final int WHOLE_TABLES = 3;

    private final StreamLoop.House house;
    private final Counters counters = new Counters();
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final Set<StreamLoop<?, ?>> streams = ConcurrentHashMap.newKeySet();
    private final StreamLoop.Protocol<DeltaDiscoveryRequest, DeltaDiscoveryResponse> delta;
    private final StreamLoop.Protocol<DiscoveryRequest, DiscoveryResponse> world;
    private final InstantSource clock;
    private final Fleet fleet;

    public Discovery(Publisher publisher, Fleet fleet, InstantSource clock) {
        this(publisher, fleet, clock, Pace.DEFAULT, ProxyLabels.NONE, Telemetry.none());
    }

    /// `labels` are those of proxies that prove who they are.
    public Discovery(Publisher publisher, Fleet fleet, InstantSource clock, ProxyLabels labels, Telemetry telemetry) {
        this(publisher, fleet, clock, Pace.DEFAULT, labels, telemetry);
    }

    Discovery(Publisher publisher, Fleet fleet, InstantSource clock, Pace pace) {
        this(publisher, fleet, clock, pace, ProxyLabels.NONE, Telemetry.none());
    }

    private Discovery(
            Publisher publisher, Fleet fleet, InstantSource clock, Pace pace, ProxyLabels labels, Telemetry telemetry) {
        this.clock = clock;
        this.fleet = fleet;
        var gauge = new Pushes.Gauge(publisher, telemetry);
        this.house = new StreamLoop.House(
                publisher, fleet, counters, clock, executor, new Ferry(WHOLE_TABLES), labels, gauge);
        this.delta = new StreamLoop.Protocol<>(
                "delta",
                request -> request.hasNode() ? Optional.of(request.getNode()) : Optional.empty(),
                response -> new Pushes.Sent(
                        response.getTypeUrl(),
                        response.getNonce(),
                        response.getResourcesCount() + response.getRemovedResourcesCount()),
                request -> new Pushes.Answer(
                        request.getResponseNonce(),
                        request.hasErrorDetail() ? request.getErrorDetail().getMessage() : null),
                (snapshot, refusals, board) -> new DeltaSession(snapshot, refusals, counters, pace, board::encode));
        this.world = new StreamLoop.Protocol<>(
                "state of the world",
                request -> request.hasNode() ? Optional.of(request.getNode()) : Optional.empty(),
                response -> new Pushes.Sent(response.getTypeUrl(), response.getNonce(), response.getResourcesCount()),
                request -> new Pushes.Answer(
                        request.getResponseNonce(),
                        request.hasErrorDetail() ? request.getErrorDetail().getMessage() : null),
                (snapshot, refusals, board) -> new WorldSession(snapshot, refusals, counters, pace));
    }

    @Override
    public StreamObserver<DiscoveryRequest> streamAggregatedResources(StreamObserver<DiscoveryResponse> responses) {
        return open(world, responses);
    }

    @Override
    public StreamObserver<DeltaDiscoveryRequest> deltaAggregatedResources(
            StreamObserver<DeltaDiscoveryResponse> responses) {
        return open(delta, responses);
    }

    private <Q extends Message, R extends Message> StreamObserver<Q> open(
            StreamLoop.Protocol<Q, R> protocol, StreamObserver<R> responses) {
        if (streams.size() >= Bounds.STREAMS) {
            counters.violation();
            responses.onError(Status.RESOURCE_EXHAUSTED
                    .withDescription("too many streams (expected: at most " + Bounds.STREAMS + ")")
                    .asRuntimeException());
            return new Deaf<>();
        }
        var loop = new StreamLoop<>(house, protocol, (ServerCallStreamObserver<R>) responses, over -> {
            streams.remove(over);
            counters.closed();
        });
        streams.add(loop);
        // Last: whoever sees the count can rely on ticks for the stream.
        counters.opened();
        return loop;
    }

    /// Lets time pass: wakes the streams for which something is due. Called a few times a second.
    public void tick() {
        var now = clock.instant();
        streams.forEach(stream -> stream.tick(now));
        fleet.sweep();
    }

    public Counters counters() {
        return counters;
    }

    @Override
    public void close() {
        streams.forEach(StreamLoop::shutDown);
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
