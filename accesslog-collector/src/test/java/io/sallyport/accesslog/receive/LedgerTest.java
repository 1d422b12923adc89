package io.sallyport.accesslog.receive;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("B9")
class LedgerTest {

    private static final Proxy EDGE = new Proxy("istio-system", "edge");
    private static final Instant NOW = Instant.parse("2026-11-21T10:00:00Z");
    private static final long SECOND = NOW.getEpochSecond();

    @TempDir
    Path folder;

    @Test
    void whatAnEnvoyCountedBeforeIsTakenOff() {
        var ledger = new Ledger();

        ledger.told(EDGE, "7@1", true, SECOND, new Ledger.Totals(10, 1, 12));
        ledger.told(EDGE, "7@1", true, SECOND + 5, new Ledger.Totals(25, 1, 30));
        ledger.told(EDGE, "7@1", true, SECOND + 65, new Ledger.Totals(26, 3, 31));
        // A new run begins at 0.
        ledger.told(EDGE, "8@1", true, SECOND + 66, new Ledger.Totals(4, 0, 4));

        assertThat(ledger.lines(SECOND, SECOND + 120))
                .extracting(Ledger.Line::written, Ledger.Line::dropped, Ledger.Line::served)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(OptionalLong.of(25), 1L, OptionalLong.of(30)),
                        org.assertj.core.groups.Tuple.tuple(OptionalLong.of(5), 2L, OptionalLong.of(5)));
    }

    @Test
    void ofAnEnvoyThatNobodyAskedBeforeOnlyWhatComesCounts() {
        var ledger = new Ledger();

        ledger.told(EDGE, "7@1", false, SECOND, new Ledger.Totals(1_000, 0, 1_000));
        ledger.told(EDGE, "7@1", false, SECOND, new Ledger.Totals(1_003, 0, 1_003));

        assertThat(ledger.lines(SECOND, SECOND + 60).getFirst().written()).isEqualTo(OptionalLong.of(3));
    }

    @Test
    void anotherProcessGoesOnWhereTheFirstEnded() throws Exception {
        var first = new Ledger();
        try (var _ = LedgerFolder.open(folder, first, Duration.ofDays(7), () -> NOW)) {
            first.told(EDGE, "7@1", true, SECOND, new Ledger.Totals(10, 0, 10));
            first.received(EDGE, SECOND);
            first.lost(EDGE, SECOND, "spool_full");
            first.received(EDGE, SECOND - 7_200);
        }
        var second = new Ledger();
        try (var _ = LedgerFolder.open(folder, second, Duration.ofDays(7), () -> NOW)) {
            second.told(EDGE, "7@1", false, SECOND + 1, new Ledger.Totals(40, 0, 40));
            second.received(EDGE, SECOND);
        }
        var third = new Ledger();
        try (var _ = LedgerFolder.open(folder, third, Duration.ofDays(7), () -> NOW)) {
            assertThat(third.lines(0, SECOND + 60))
                    .containsExactly(
                            new Ledger.Line(
                                    EDGE, SECOND - 7_200, 1, OptionalLong.empty(), 0, OptionalLong.empty(), Map.of()),
                            new Ledger.Line(
                                    EDGE,
                                    SECOND,
                                    2,
                                    OptionalLong.of(40),
                                    0,
                                    OptionalLong.of(40),
                                    Map.of("spool_full", 1L)));
        }
    }

    @Test
    void hoursThatAreTooOldAreDeleted() throws Exception {
        var ledger = new Ledger();
        try (var _ = LedgerFolder.open(folder, ledger, Duration.ofDays(7), () -> NOW)) {
            ledger.received(EDGE, SECOND - 8 * 86_400);
            ledger.received(EDGE, SECOND);
        }
        var later = new Ledger();
        try (var _ = LedgerFolder.open(folder, later, Duration.ofDays(7), () -> NOW)) {
            assertThat(later.lines(0, SECOND + 60)).hasSize(1);
        }
        try (var files = Files.list(folder)) {
            assertThat(files).hasSize(1);
        }
    }
}
