package io.sallyport.accesslog.rollup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.accesslog.testing.Rows;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class RollupSumTest {

    private static final Instant DAY = Instant.parse("2026-11-21T00:00:00Z");
    private static final long FROM = DAY.getEpochSecond() * 1_000_000;
    private static final Step.Span ALL = new Step.Span(Step.DAY, FROM, FROM + Step.DAY.micros());
    private static final List<Double> QUANTILES = List.of(0.0, 0.5, 0.9, 0.99, 1.0);

    private final Random random = new Random(5);

    private List<AccessLogEntry> rows(int count, long least) {
        var rows = new ArrayList<AccessLogEntry>();
        for (var i = 0; i < count; i++) {
            rows.add(Rows.row(DAY.plusSeconds(random.nextInt(86_400)), "r" + i)
                    .setHost("h" + i % 3)
                    .setWeight(List.of(1.0, 1.0, 2.5, 100.0).get(random.nextInt(4)))
                    .setDurationMicros(i % 17 == 0 ? 0 : least + random.nextInt(100_000))
                    .build());
        }
        return rows;
    }

    private static RollupSum asked() {
        return new RollupSum(new RollupQuestion("request.host", ALL.from(), ALL.to(), 0, Optional.empty(), 10));
    }

    private static List<Object> told(RollupSum sum) {
        return sum.answer().groups().stream()
                .<Object>map(group -> List.of(
                        group.value(),
                        group.count(),
                        group.errors(),
                        group.first(),
                        group.last(),
                        group.durations().quantiles(QUANTILES)))
                .toList();
    }

    private static List<Object> told(Rollup rollup) {
        var sum = asked();
        sum.add(rollup, ALL);
        return told(sum);
    }

    @Test
    void anAnswerIsOfTheMomentInWhichItWasAsked() {
        var rollup = new Rollup(Step.DAY);
        rollup.add(rows(300, 1_000));
        var before = told(rollup);
        var sum = asked();
        sum.add(rollup, ALL);
        var more = new Rollup(Step.DAY);
        more.add(rows(300, 1_000));

        rollup.add(rows(300, 500));
        rollup.addAll(more);

        assertThat(told(sum)).isEqualTo(before).isNotEqualTo(told(rollup));
    }

    @Test
    void pagesSayWhatWasWritten() {
        var rollup = new Rollup(Step.DAY);
        var parts = new TreeMap<Step, RollupSum>();
        for (var step : Step.values()) {
            parts.put(step, asked());
        }
        for (var i = 0; i < 4; i++) {
            var some = rows(200, 1_000L << (4 * i));
            rollup.add(some);
            parts.forEach((step, sum) -> {
                var part = new Rollup(step);
                part.add(some);
                part.pages().forEach((place, page) -> {
                    if (place.attribute().equals("request.host")) {
                        sum.add(place.start(), page);
                    }
                });
            });
        }

        assertThat(parts.values()).allSatisfy(sum -> assertThat(told(sum)).isEqualTo(told(rollup)));
    }

    @Test
    void aPageThatIsNoneIsTold() {
        var rollup = new Rollup(Step.DAY);
        rollup.add(rows(50, 1_000));
        var page = rollup.pages().getOrDefault(new Rollup.Place(FROM, "request.host"), new byte[0]);

        for (var length : List.of(0, 5, 20, page.length - 1)) {
            assertThatThrownBy(() -> {
                        var sum = asked();
                        sum.add(FROM, Arrays.copyOf(page, length));
                        sum.answer();
                    })
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("page of sums (expected: as it was written)");
        }
    }
}
