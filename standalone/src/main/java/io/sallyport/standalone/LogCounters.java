package io.sallyport.standalone;

import io.sallyport.accesslog.receive.Ledger;
import io.sallyport.accesslog.receive.Proxy;
import io.sallyport.standalone.envoy.AdminSocket;
import io.sallyport.standalone.envoy.EnvoyFleet;
import io.sallyport.standalone.envoy.EnvoyStatus;
import io.sallyport.standalone.envoy.ProcessMark;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Asks our own Envoys every five seconds how many rows they have written to their log streams and how many they
/// had to drop, so that the collector can tell what never reached it.
final class LogCounters implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(LogCounters.class);
    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final long EVERY_SECONDS = 5;
    // ^(access_logs\.grpc_access_log|listener\..*\.http\..*\.downstream_rq_completed$)
    private static final String STATS = "/stats?filter=%5E(access_logs%5C.grpc_access_log"
            + "%7Clistener%5C..*%5C.http%5C..*%5C.downstream_rq_completed%24)";
    private static final String ADMIN = "listener.admin.";

    private final EnvoyFleet fleet;
    private final Ledger ledger;
    private final InstantSource clock;
    private final Instant started;
    private final CountDownLatch stop = new CountDownLatch(1);

    private LogCounters(EnvoyFleet fleet, Ledger ledger, InstantSource clock) {
        this.fleet = fleet;
        this.ledger = ledger;
        this.clock = clock;
        this.started = clock.instant();
    }

    static LogCounters start(EnvoyFleet fleet, Ledger ledger, InstantSource clock) {
        var counters = new LogCounters(fleet, ledger, clock);
        Thread.ofVirtual().name("log-counters").start(counters::run);
        return counters;
    }

    private void run() {
        try {
            while (!stop.await(EVERY_SECONDS, TimeUnit.SECONDS)) {
                for (var name : fleet.wanted()) {
                    fleet.status(name).filter(EnvoyStatus::isRunning).ifPresent(this::ask);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void ask(EnvoyStatus envoy) {
        try {
            var now = counts(new AdminSocket(envoy.adminSocket(), PATIENCE).get(STATS));
            ledger.told(
                    new Proxy(envoy.proxy().namespace(), envoy.proxy().name()),
                    run(envoy.pid()),
                    // Of one that ran before us and that nobody ever asked, we cannot know what is ours.
                    !envoy.since().isBefore(started),
                    clock.instant().getEpochSecond(),
                    now);
        } catch (IOException e) {
            // It is asked again in five seconds, and its counters have not been reset by then.
            log.atDebug().setCause(e).log("Envoy does not tell its counters");
        }
    }

    // An Envoy that we take over from an earlier `up` is the same one. The JDK's start time is not: it counts from when
    // the machine booted by a clock that may have been set since.
    private static String run(long pid) {
        return pid + "@" + ProcessMark.of(pid).map(ProcessMark::started).orElse("");
    }

    // `logs_written` counts the rows of requests alone, though the same stream carries those of connections, and
    // `grpc_entries_flushed` both, once they have left (Envoy 1.40). So a row that left and is none of a request's is
    // one of a connection, which is then served and written. Connections that nobody logs are not known: Envoy's
    // statistics do not tell those apart that carry requests.
    static Ledger.Totals counts(String stats) {
        var written = 0L;
        var dropped = 0L;
        var served = 0L;
        var left = 0L;
        for (var line : stats.lines().toList()) {
            var colon = line.lastIndexOf(": ");
            if (colon < 0 || line.startsWith(ADMIN)) {
                continue;
            }
            var value = Long.parseLong(line.substring(colon + 2).strip());
            if (line.startsWith("logs_written", colon - "logs_written".length())) {
                written += value;
            } else if (line.startsWith("logs_dropped", colon - "logs_dropped".length())) {
                dropped += value;
            } else if (line.startsWith("grpc_entries_flushed", colon - "grpc_entries_flushed".length())) {
                left += value;
            } else if (!line.startsWith("access_logs.")) {
                served += value;
            }
        }
        var connections = Math.max(0, left - written);
        return new Ledger.Totals(written + connections, dropped, served + connections);
    }

    @Override
    public void close() {
        stop.countDown();
    }
}
