package io.sallyport.accesslog;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sallyport.accesslog.queue.Spool;
import io.sallyport.accesslog.receive.AlsReceiver;
import io.sallyport.accesslog.receive.Intake;
import io.sallyport.accesslog.receive.Ledger;
import io.sallyport.accesslog.receive.Proxy;
import io.sallyport.accesslog.testing.Rows;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the gauges say of a spool and a ledger that are the real ones.
class CollectorMetersTest {

    private static final Proxy EDGE = new Proxy("istio-system", "edge");
    private static final Instant NOW = Rows.START.plusSeconds(600);
    private static final int SPOOL_BYTES = 64 << 10;

    @TempDir
    Path folder;

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Ledger ledger = new Ledger();
    private Spool spool;
    private Intake intake;

    @BeforeEach
    void register() throws IOException {
        spool = Spool.open(folder, SPOOL_BYTES, new Random(1));
        intake = new Intake(spool, ledger, () -> NOW);
        CollectorMeters.register(meters, new AlsReceiver(intake), spool, intake, ledger, () -> NOW);
    }

    @AfterEach
    void close() throws IOException {
        spool.close();
    }

    private double gauge(String name) {
        return meters.get("sallyport_accesslog_" + name).gauge().value();
    }

    private void take(Instant at, int count) {
        intake.take(EDGE, rows(at, count));
    }

    private static List<AccessLogEntry.Builder> rows(Instant at, int count) {
        return IntStream.range(0, count)
                .mapToObj(number -> Rows.row(at, "id-" + number))
                .toList();
    }

    private void told(Instant at, long written, long dropped) {
        ledger.told(EDGE, "run", true, at.getEpochSecond(), new Ledger.Totals(written, dropped, written));
    }

    @Test
    void bytesOfTheSpoolAreThoseOfItsFiles() throws IOException {
        assertThat(gauge("spool_bytes")).isZero();

        take(NOW, 40);

        assertThat(gauge("spool_rows")).isEqualTo(40);
        assertThat(gauge("spool_bytes")).isEqualTo((double) bytesOnDisk()).isGreaterThan(40);
    }

    private long bytesOnDisk() throws IOException {
        try (var files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".spool"))
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }

    @Test
    void withoutRowsThereIsNoRatio() {
        assertThat(gauge("completeness_ratio")).isNaN();

        take(NOW, 5);
        assertThat(gauge("completeness_ratio")).as("of the minute under way").isNaN();
    }

    @Test
    void allThatAProxyWroteAndNobodyLostIsOne() {
        take(Rows.START, 40);
        told(Rows.START, 40, 0);

        assertThat(gauge("completeness_ratio")).isEqualTo(1);
    }

    @Test
    void whatAProxyWroteAndNobodyGotIsMissing() {
        take(Rows.START, 30);
        told(Rows.START, 40, 0);

        assertThat(gauge("completeness_ratio")).isEqualTo(0.75);
    }

    @Test
    void whatAProxyDroppedIsMissing() {
        take(Rows.START, 30);
        told(Rows.START, 30, 10);

        assertThat(gauge("completeness_ratio")).isEqualTo(0.75);
    }

    @Test
    void whatWasLostHereIsMissingButWhatSamplingLeavesOutIsNot() {
        take(Rows.START, 40);
        told(Rows.START, 40, 0);
        IntStream.range(0, 10).forEach(_ -> ledger.lost(EDGE, Rows.START.getEpochSecond(), Intake.SPOOL_FULL));
        IntStream.range(0, 20).forEach(_ -> ledger.lost(EDGE, Rows.START.getEpochSecond(), "sampled"));

        assertThat(gauge("completeness_ratio")).isEqualTo(0.75);
    }

    @Test
    void whatIsLongPastCountsNoMore() {
        var before = NOW.minusSeconds(1_800);
        take(before, 30);
        told(before, 40, 0);
        take(Rows.START, 10);
        told(Rows.START, 50, 0);

        assertThat(gauge("completeness_ratio")).isEqualTo(1);
    }

    @Test
    void aSpoolThatIsFullIsSeenInBoth() {
        take(Rows.START, 2_000);

        var lost = meters.get("sallyport_accesslog_rows_lost")
                .tag("cause", Intake.SPOOL_FULL)
                .functionCounter()
                .count();
        assertThat(gauge("spool_bytes")).isBetween(SPOOL_BYTES * 0.9, (double) SPOOL_BYTES);
        assertThat(lost).isPositive();
        assertThat(gauge("completeness_ratio")).isEqualTo((2_000 - lost) / 2_000);
    }
}
