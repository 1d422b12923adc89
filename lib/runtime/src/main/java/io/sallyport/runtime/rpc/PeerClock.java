package io.sallyport.runtime.rpc;

import com.google.common.primitives.Longs;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.MetadataUtils;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import io.sallyport.runtime.SteadyClock;
import io.sallyport.runtime.SteadyLoop;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Asks another service every minute what time it is there, and warns when the two clocks differ by more than
/// half a minute: certificates, tokens and policies end by the wall clock of whoever judges them.
///
/// ```java
/// var clock = PeerClock.follow("config", channel, InstantSource.system(), metrics.registry());
/// ```
public final class PeerClock implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(PeerClock.class);
    private static final Duration PAUSE = Duration.ofMinutes(1);
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration TOLERANCE = Duration.ofSeconds(30);

    private final String peer;
    private final Channel channel;
    private final InstantSource clock;
    private final SteadyClock steady = new SteadyClock();
    private final SteadyLoop looks;
    // How far the other clock is before ours, negative if behind; empty while the peer does not answer, or without its
    // time, as an older version does.
    private volatile Optional<Duration> ahead = Optional.empty();
    private boolean differs;

    private PeerClock(String peer, Channel channel, InstantSource clock, Duration pause) {
        this.peer = peer;
        this.channel = channel;
        this.clock = clock;
        this.looks = SteadyLoop.every("clock of " + peer, pause, again -> look());
    }

    /// Looks at once and from then on. `peer` is the name of a service, and a label in the registry.
    public static PeerClock follow(String peer, Channel channel, InstantSource clock, MeterRegistry registry) {
        return follow(peer, channel, clock, registry, PAUSE);
    }

    static PeerClock follow(String peer, Channel channel, InstantSource clock, MeterRegistry registry, Duration pause) {
        var followed = new PeerClock(peer, channel, clock, pause);
        TimeGauge.builder(
                        "sallyport_peer_clock_ahead",
                        followed,
                        TimeUnit.MILLISECONDS,
                        each -> each.ahead
                                .map(Duration::toMillis)
                                .map(Long::doubleValue)
                                .orElse(Double.NaN))
                .description("How far the wall clock of another service is before ours; not a number while unknown.")
                .tag("peer", peer)
                .register(registry);
        return followed;
    }

    private void look() {
        var answer = new AtomicReference<Metadata>();
        var stub = HealthGrpc.newBlockingStub(ClientInterceptors.intercept(
                        channel, MetadataUtils.newCaptureMetadataInterceptor(answer, new AtomicReference<>())))
                .withDeadlineAfter(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        var start = steady.instant();
        try {
            stub.check(HealthCheckRequest.getDefaultInstance());
        } catch (StatusRuntimeException e) {
            // Whoever calls the peer for its own sake says that it is away.
            ahead = Optional.empty();
            return;
        }
        // The peer read its clock somewhere on the way.
        var halfWay = Duration.between(start, steady.instant()).dividedBy(2);
        var told = Optional.ofNullable(answer.get())
                .map(headers -> headers.get(ToldTime.HEADER))
                .map(Longs::tryParse);
        ahead = told.map(millis -> Duration.between(clock.instant().minus(halfWay), Instant.ofEpochMilli(millis)));
        ahead.ifPresent(distance -> judge(distance, halfWay));
    }

    private void judge(Duration distance, Duration uncertainty) {
        var tooFar = distance.abs().minus(uncertainty).compareTo(TOLERANCE) > 0;
        if (tooFar && !differs) {
            log.atWarn()
                    .addKeyValue("peer", peer)
                    .addKeyValue("ahead", distance)
                    .log("The clocks of this service and of another differ (expected: at most 30 s); certificates and"
                            + " policies end too early or too late on one of them");
        } else if (differs && !tooFar) {
            log.atInfo()
                    .addKeyValue("peer", peer)
                    .addKeyValue("ahead", distance)
                    .log("The clocks agree again");
        }
        differs = tooFar;
    }

    @Override
    public void close() {
        looks.close();
    }
}
