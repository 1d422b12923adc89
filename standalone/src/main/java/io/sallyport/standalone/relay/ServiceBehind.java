package io.sallyport.standalone.relay;

import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A service that programs the Envoy, and whether it is there. Streams that had to be answered without it are told when
/// it is back: looked for four times a second, since gRPC's own back-off grows to minutes.
final class ServiceBehind implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ServiceBehind.class);
    private static final Duration LOOK = Duration.ofMillis(250);

    private final String name;
    private final ManagedChannel channel;
    private final Opener opener;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("relay-timer").daemon().factory());
    private final Set<RelayedStream> waiting = ConcurrentHashMap.newKeySet();

    /// Opens a stream to the service.
    interface Opener {

        StreamObserver<DeltaDiscoveryRequest> open(StreamObserver<DeltaDiscoveryResponse> responses);
    }

    ServiceBehind(String name, ManagedChannel channel, Opener opener) {
        this.name = name;
        this.channel = channel;
        this.opener = opener;
        var _ = timer.scheduleWithFixedDelay(this::look, LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
    }

    StreamObserver<DeltaDiscoveryRequest> open(StreamObserver<DeltaDiscoveryResponse> responses) {
        return opener.open(responses);
    }

    /// Runs `task` after `delay`, on the timer's thread.
    void after(Duration delay, Runnable task) {
        var _ = timer.schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
    }

    /// The stream goes without the service from now on, and wants to hear when it is back.
    void missedBy(RelayedStream stream) {
        if (waiting.isEmpty()) {
            log.atWarn().addKeyValue("service", name).log("Nobody answers; what is kept does");
        }
        waiting.add(stream);
    }

    void noLongerMissedBy(RelayedStream stream) {
        if (waiting.remove(stream) && waiting.isEmpty()) {
            log.atInfo().addKeyValue("service", name).log("Answers again");
        }
    }

    /// How many streams go without the service.
    int missing() {
        return waiting.size();
    }

    /// Why the service is not there, if it is not.
    Optional<String> absence() {
        var state = channel.getState(true);
        return state == ConnectivityState.READY
                ? Optional.empty()
                : Optional.of(name + " cannot be reached (" + state + ")");
    }

    private void look() {
        if (waiting.isEmpty()) {
            return;
        }
        switch (channel.getState(true)) {
            case READY -> waiting.forEach(RelayedStream::serviceIsBack);
            case TRANSIENT_FAILURE -> channel.resetConnectBackoff();
            case IDLE, CONNECTING, SHUTDOWN -> {}
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
        channel.shutdownNow();
    }
}
