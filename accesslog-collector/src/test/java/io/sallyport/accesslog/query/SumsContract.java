package io.sallyport.accesslog.query;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.rollup.Rollup;
import io.sallyport.accesslog.storage.KafkaRow;
import io.sallyport.accesslog.storage.LogStore;
import io.sallyport.accesslog.testing.Rows;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeSet;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// What dashboards are told from sums is what the rows say, on whichever engine: counts to the row, percentiles within
/// the error that is promised.
abstract class SumsContract {

    private static final Instant START = Instant.parse("2026-11-21T00:00:00Z");
    private static final long FROM = START.getEpochSecond() * 1_000_000;
    private static final long MINUTE = 60_000_000L;
    private static final long HOUR = 60 * MINUTE;
    private static final long DAY = 24 * HOUR;
    private static final List<Double> QUANTILES = List.of(0.0, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0);

    private final Random random = new Random(17);
    Instant now = START;
    LogStore store;
    private long offset;

    abstract LogStore open() throws Exception;

    @BeforeEach
    void begin() throws Exception {
        store = open();
    }

    @AfterEach
    void end() throws Exception {
        store.close();
    }

    private AccessLogEntry row(Instant time, boolean isWeighted) {
        var code = List.of(200, 200, 200, 301, 404, 500, 503, 0).get(random.nextInt(8));
        var route = random.nextInt(6);
        return Rows.row(time, "r" + offset)
                .setWeight(isWeighted && random.nextInt(3) == 0 ? 10 : 1)
                .setNamespace(route % 3 == 0 ? "pay" : "shop")
                .setHost("h" + route % 4 + ".test")
                .setRouteName("route-" + route)
                .setRouteObject("VirtualService shop/v" + route % 5)
                .setRule("http[" + route + "]")
                .setRevision(1 + route % 2)
                .setMethod(route % 2 == 0 ? "GET" : "POST")
                .setResponseCode(code)
                .setResponseFlagsList(code == 503 ? "UF,URX" : "")
                .setDurationMicros(
                        random.nextInt(50) == 0
                                ? 0
                                : random.nextInt(60) == 0
                                        ? 15_000_000
                                        : (long) (2_000 * Math.exp(1.5 * random.nextGaussian())))
                .build();
    }

    /// Stores rows whose requests began in the minutes before `end`.
    final void store(int count, Instant end, Duration span, boolean isWeighted) throws Exception {
        var rows = new ArrayList<KafkaRow>();
        for (var i = 0; i < count; i++) {
            var time = end.minusNanos((long) (random.nextDouble() * span.toNanos()) / 1_000 * 1_000);
            rows.add(new KafkaRow(0, offset++, row(time, isWeighted)));
        }
        store.append(KafkaSettings.TOPIC, rows, Map.of(0, offset));
        if (random.nextInt(4) == 0) {
            // Kafka gives a batch again.
            store.append(KafkaSettings.TOPIC, rows, Map.of(0, offset));
        }
    }

    private static Selection all(long from, long to, Optional<SortedSet<String>> namespaces) {
        return new Selection(new Condition.All(List.of()), from, to, namespaces);
    }

    /// Asks twice, of the sums and of the rows.
    final void assertCountsAreThoseOfTheRows(long from, long to) throws Exception {
        var all = all(from, to, Optional.empty());
        assertThat(dashboards().histogram(all, HOUR)).contains(questions().histogram(all, HOUR));
    }

    /// Asks everything twice, of the sums and of the rows.
    final void assertSumsAreThoseOfTheRows(long from, long to) throws Exception {
        for (var namespaces :
                List.of(Optional.<SortedSet<String>>empty(), Optional.of(new TreeSet<>(List.of("pay", "x"))))) {
            var all = all(from, to, Optional.ofNullable(namespaces.orElse(null)));
            for (var step : List.of(MINUTE, HOUR)) {
                if ((to - from) / step < 1_500) {
                    var bars = dashboards().histogram(all, step);
                    assertThat(bars).as("bars of " + step).contains(questions().histogram(all, step));
                }
            }
            for (var attribute : List.of("request.host", "xds.route_name")) {
                var top = dashboards().top(all, attribute, 20).orElseThrow();
                assertThat(top.total()).isEqualTo(questions().total(all).count());
                var groups = questions().top(all, attribute, 20);
                assertThat(top.groups())
                        .extracting(SumsContract::exact)
                        .containsExactlyElementsOf(
                                groups.stream().map(SumsContract::exact).toList());
                var sketched = dashboards()
                        .percentiles(all, "request.duration", QUANTILES, Optional.of(attribute), 20)
                        .orElseThrow();
                var true_ = questions().percentiles(all, "request.duration", QUANTILES, Optional.of(attribute), 20);
                assertThat(sketched).hasSameSizeAs(true_);
                for (var i = 0; i < true_.size(); i++) {
                    assertNear(sketched.get(i), true_.get(i));
                }
            }
        }
    }

    private static void assertNear(Questions.Percentiles sketched, Questions.Percentiles exact) {
        assertThat(sketched.value()).isEqualTo(exact.value());
        for (var i = 0; i < QUANTILES.size(); i++) {
            assertThat(sketched.values().get(i))
                    .as(exact.value() + " at " + QUANTILES.get(i))
                    .isCloseTo(exact.values().get(i), Percentage.withPercentage(1.000001));
        }
    }

    private static List<Object> exact(Questions.Group group) {
        return List.of(group.value(), group.count(), group.errors(), group.firstSeen(), group.lastSeen());
    }

    private static Selection where(String filter) throws QueryException {
        return new Selection(new CelReader().read(filter), FROM, FROM + HOUR, Optional.empty());
    }

    final Dashboards dashboards() {
        return new Dashboards(store);
    }

    final Questions questions() {
        return new Questions(store);
    }

    @Test
    void countsAreThoseOfTheRowsAndPercentilesWithinTheirError() throws Exception {
        store(2_000, START.plus(Duration.ofHours(3)), Duration.ofHours(3), false);

        assertCountsAreThoseOfTheRows(FROM, FROM + 3 * HOUR);
        assertSumsAreThoseOfTheRows(FROM + HOUR, FROM + 2 * HOUR);
    }

    @Test
    void sampledRowsCountAsWhatTheyStandFor() throws Exception {
        store(2_000, START.plus(Duration.ofHours(2)), Duration.ofHours(2), true);

        assertSumsAreThoseOfTheRows(FROM, FROM + 2 * HOUR);
    }

    @Test
    void rowsThatComeLateAndBatchesThatComeAgainAreCountedOnce() throws Exception {
        for (var i = 0; i < 4; i++) {
            now = START.plus(Duration.ofMinutes(40L * i));
            store(200, now, Duration.ofMinutes(40), i > 2);
            store(20, now, Duration.ofHours(6), false);
            if (i % 2 == 1) {
                store.close();
                store = open();
            }
        }

        assertCountsAreThoseOfTheRows(FROM, FROM + 2 * HOUR);
        assertSumsAreThoseOfTheRows(FROM - DAY, FROM + DAY);
    }

    @Test
    @Tag("V22")
    void sumsOfOtherNamespacesAreNotShown() throws Exception {
        store(600, START.plus(Duration.ofHours(1)), Duration.ofHours(1), false);
        var stranger = all(FROM, FROM + HOUR, Optional.of(new TreeSet<>(List.of("elsewhere"))));
        var mine = all(FROM, FROM + HOUR, Optional.of(new TreeSet<>(List.of("pay"))));

        assertThat(dashboards().histogram(stranger, MINUTE)).contains(List.of());
        assertThat(dashboards().top(stranger, "request.host", 20)).contains(new Dashboards.Top(0, List.of()));
        assertThat(dashboards().top(mine, "xds.route_name", 20).orElseThrow().groups())
                .extracting(Questions.Group::value)
                .containsExactlyInAnyOrder("route-0", "route-3");
    }

    @Test
    void whatSumsDoNotKnowIsNotAnswered() throws Exception {
        store(10, START.plus(Duration.ofHours(1)), Duration.ofHours(1), false);
        var hour = all(FROM, FROM + HOUR, Optional.empty());
        var part = all(FROM + 1, FROM + HOUR, Optional.empty());
        var filtered = where("response.code >= 500");

        assertThat(dashboards().histogram(part, MINUTE)).isEmpty();
        assertThat(dashboards().histogram(hour, MINUTE / 2)).isEmpty();
        assertThat(dashboards().histogram(filtered, MINUTE)).isEmpty();
        assertThat(dashboards().histogram(where("true"), MINUTE)).isEmpty();
        assertThat(dashboards().histogram(where(""), MINUTE)).isPresent();
        assertThat(dashboards().top(hour, "request.id", 20)).isEmpty();
        assertThat(dashboards().percentiles(hour, "response.size", QUANTILES, Optional.of("request.host"), 20))
                .isEmpty();
        assertThat(Rollup.ATTRIBUTES).doesNotContain("request.id", "request.path", "source.address");
    }
}
