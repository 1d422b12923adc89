package io.sallyport.runtime.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.grpc.ManagedChannel;
import io.sallyport.runtime.BearerToken;
import io.sallyport.runtime.metric.Metrics;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

@Tag("F17")
class PeerClockTest {

    private static final Instant NOW = Instant.parse("2026-11-22T12:00:00Z");

    private final AtomicReference<Instant> there = new AtomicReference<>(NOW);
    private final Metrics metrics = new Metrics();
    private final ListAppender<ILoggingEvent> said = new ListAppender<>();
    private final Logger logger = (Logger) LoggerFactory.getLogger(PeerClock.class);
    private GrpcServer server;
    private ManagedChannel channel;
    private PeerClock clock;

    @BeforeEach
    void start() throws IOException {
        server = GrpcServer.on(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), ServerLimits.api())
                .with(new TokenInterceptor(BearerToken.of("0123456789abcdef0123456789abcdef")))
                .telling(there::get)
                .start("peer");
        said.start();
        logger.addAppender(said);
        channel = Channels.to("127.0.0.1", server.port());
        clock = PeerClock.follow(
                "config", channel, InstantSource.fixed(NOW), metrics.registry(), Duration.ofMillis(10));
    }

    @AfterEach
    void stop() {
        clock.close();
        channel.shutdownNow();
        server.close();
        logger.detachAppender(said);
        metrics.close();
    }

    @Test
    void warnsWhileTheClocksDifferByMoreThanHalfAMinute() {
        awaitGauge(0);
        assertThat(lines()).isEmpty();

        there.set(NOW.minusSeconds(45));
        awaitGauge(-45);
        await().until(() -> lines().stream().anyMatch(line -> line.startsWith("WARN The clocks of this service")));

        there.set(NOW.plusSeconds(20));
        awaitGauge(20);
        await().until(() -> lines().getLast().equals("INFO The clocks agree again"));
    }

    @Test
    void isUnknownWhileThePeerIsAway() {
        awaitGauge(0);
        server.close();

        await().until(() -> Double.isNaN(gauge()));
    }

    // The answer took a while, of which half counts.
    private void awaitGauge(double seconds) {
        await().until(this::gauge, value -> Math.abs(value - seconds) < 5);
    }

    private double gauge() {
        return metrics.registry()
                .get("sallyport_peer_clock_ahead")
                .tag("peer", "config")
                .timeGauge()
                .value(TimeUnit.SECONDS);
    }

    private List<String> lines() {
        return List.copyOf(said.list).stream()
                .map(event -> event.getLevel() + " " + event.getMessage())
                .toList();
    }
}
