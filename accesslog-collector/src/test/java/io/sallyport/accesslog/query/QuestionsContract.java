package io.sallyport.accesslog.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.util.Timestamps;
import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.storage.BoundExceededException;
import io.sallyport.accesslog.storage.KafkaRow;
import io.sallyport.accesslog.storage.LogStore;
import io.sallyport.accesslog.testing.Rows;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.assertj.core.api.recursive.comparison.RecursiveComparisonConfiguration;
import org.assertj.core.data.Offset;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The answers to every question, on whichever engine, against what Java counts.
abstract class QuestionsContract {

    private static final int COUNT = 3_000;
    private static final long FROM = Rows.START.getEpochSecond() * 1_000_000;
    private static final long TO = FROM + 3_600_000_000L;
    private static final List<AccessLogEntry> ROWS = Rows.many(COUNT, 3);

    private LogStore store;
    private Questions questions;

    abstract LogStore open() throws Exception;

    @BeforeEach
    void fill() throws Exception {
        store = open();
        store.append(
                KafkaSettings.TOPIC,
                IntStream.range(0, COUNT)
                        .mapToObj(i -> new KafkaRow(i % 2, i / 2, ROWS.get(i)))
                        .toList(),
                Map.of(0, COUNT / 2L, 1, COUNT / 2L));
        questions = new Questions(store);
    }

    @AfterEach
    void close() throws Exception {
        store.close();
    }

    private static Selection where(String filter) throws QueryException {
        return new Selection(new CelReader().read(filter), FROM, TO, Optional.empty());
    }

    private static List<AccessLogEntry> expected(String filter) throws QueryException {
        return ROWS.stream().filter(new RowTest(new CelReader().read(filter))).toList();
    }

    @Test
    void aSearchGivesTheNewestFirstPageByPage() throws Exception {
        var ids = new ArrayList<String>();
        Optional<Questions.Cursor> after = Optional.empty();
        do {
            var page = questions.search(where("response.code >= 500"), 100, after);
            page.forEach(row -> ids.add(row.entry().getRequestId()));
            after = page.size() < 100 ? Optional.empty() : Optional.of(Questions.Cursor.of(page.getLast()));
        } while (after.isPresent());

        var expected = expected("response.code >= 500").stream()
                .sorted(Comparator.comparing(AccessLogEntry::getStartTime, Timestamps.comparator())
                        .reversed())
                .map(AccessLogEntry::getRequestId)
                .toList();
        assertThat(ids).containsExactlyElementsOf(expected);
    }

    @Test
    void rowsOfTwoTopicsThatAgreeInTheRestAreSeenOnceEach() throws Exception {
        var twins = new ArrayList<KafkaRow>();
        for (var i = 0; i < 12; i++) {
            var id = "twin-" + i;
            twins.add(new KafkaRow(
                    i % 2, i / 2, ROWS.get(i).toBuilder().setRequestId(id).build()));
        }
        store.append("twins", twins, Map.of(0, 6L, 1, 6L));
        var range = new Selection(new CelReader().read(""), FROM, FROM + 120_000, Optional.empty());

        var ids = new ArrayList<String>();
        for (var page = questions.search(range, 5, Optional.empty());
                !page.isEmpty();
                page = questions.search(range, 5, Optional.of(Questions.Cursor.of(page.getLast())))) {
            page.forEach(row -> ids.add(row.entry().getRequestId()));
        }

        var newestFirst = new ArrayList<String>();
        for (var i = 11; i >= 0; i--) {
            newestFirst.add("twin-" + i);
            newestFirst.add("id-" + i);
        }
        assertThat(ids).containsExactlyElementsOf(newestFirst);
    }

    @Test
    void rowsOfOneMicrosecondAreSeenOnceEachInTheOrderOfTheirPlaces() throws Exception {
        var crowd = new ArrayList<KafkaRow>();
        for (var i = 0; i < 60; i++) {
            crowd.add(new KafkaRow(
                    i % 3,
                    i / 3,
                    ROWS.get(5).toBuilder().setRequestId("crowd-" + i).build()));
        }
        store.append("crowd", crowd, Map.of(0, 20L, 1, 20L, 2, 20L));
        var range = new Selection(new CelReader().read("request.id.startsWith(\"crowd\")"), FROM, TO, Optional.empty());

        var ids = new ArrayList<String>();
        for (var page = questions.search(range, 7, Optional.empty());
                !page.isEmpty();
                page = questions.search(range, 7, Optional.of(Questions.Cursor.of(page.getLast())))) {
            page.forEach(row -> ids.add(row.entry().getRequestId()));
        }

        var expected = crowd.stream()
                .sorted(Comparator.comparingInt(KafkaRow::partition)
                        .thenComparingLong(KafkaRow::offset)
                        .reversed())
                .map(row -> row.entry().getRequestId())
                .toList();
        assertThat(ids).containsExactlyElementsOf(expected);
    }

    @Test
    void aPlaceWithoutATopicIsBehindTheRowsOfAllTopics() throws Exception {
        store.append("twins", List.of(new KafkaRow(1, 2, ROWS.get(5))), Map.of(1, 3L));
        var range = new Selection(new CelReader().read(""), FROM, FROM + 120_000, Optional.empty());
        var older = new Questions.Cursor(FROM + 50_000, 1, 2, "");

        assertThat(questions.search(range, 10, Optional.of(older)))
                .extracting(row -> row.entry().getRequestId())
                .containsExactly("id-4", "id-3", "id-2", "id-1", "id-0");
    }

    @Test
    void aRowIsFoundByItsTopic() throws Exception {
        var twin = ROWS.get(5).toBuilder().setRequestId("twin").build();
        store.append("twins", List.of(new KafkaRow(1, 2, twin)), Map.of(1, 3L));

        for (var topic : List.of("twins", KafkaSettings.TOPIC, "")) {
            var found = questions.row(new Questions.Cursor(FROM + 50_000, 1, 2, topic), Optional.empty());

            assertThat(found).map(row -> row.entry().getRequestId()).contains(topic.equals("twins") ? "twin" : "id-5");
        }
        var nowhere = new Questions.Cursor(FROM + 50_000, 1, 3, "");
        assertThat(questions.row(nowhere, Optional.empty())).isEmpty();
    }

    @Test
    void aHistogramCountsByClass() throws Exception {
        var bars = questions.histogram(where("true"), 5_000_000);

        var sum = new TreeMap<Long, Double>();
        bars.forEach(bar -> bar.classes().forEach((code, count) -> sum.merge(code, count, Double::sum)));
        assertThat(bars).hasSize(6).extracting(Questions.Bar::start).startsWith(FROM, FROM + 5_000_000);
        assertThat(sum.get(5L)).isEqualTo(expected("response.code >= 500").size());
        assertThat(sum.values().stream().mapToDouble(each -> each).sum()).isEqualTo(COUNT);
    }

    @Test
    void topValuesHaveRatesAndPercentiles() throws Exception {
        var groups = questions.top(where("request.method == \"GET\""), "request.host", 2);

        assertThat(groups).hasSize(2);
        for (var group : groups) {
            var host = group.value().replace("\\", "\\\\").replace("\"", "\\\"");
            var rows = expected("request.method == \"GET\" && request.host == \"" + host + "\"");
            assertThat(group.count()).isEqualTo(rows.size());
            assertThat(group.errors())
                    .isEqualTo(rows.stream()
                                    .filter(row -> row.getResponseCode() >= 500)
                                    .count()
                            * 1.0);
            assertThat(group.p99()).isCloseTo(quantile(rows, 0.99), Offset.offset(1.0));
            assertThat(group.firstSeen())
                    .isEqualTo(Timestamps.toMicros(rows.getFirst().getStartTime()));
            assertThat(group.lastSeen())
                    .isEqualTo(Timestamps.toMicros(rows.getLast().getStartTime()));
        }
        assertThat(groups.get(0).count()).isGreaterThanOrEqualTo(groups.get(1).count());
    }

    @Test
    void percentilesAreExact() throws Exception {
        var all = questions.percentiles(
                where("true"), "request.duration", List.of(0.0, 0.5, 0.95, 0.99, 1.0), Optional.empty(), 20);
        var byCode =
                questions.percentiles(where("true"), "response.size", List.of(0.5), Optional.of("response.code"), 20);

        assertThat(all).hasSize(1);
        for (var i = 0; i < 5; i++) {
            var quantile = List.of(0.0, 0.5, 0.95, 0.99, 1.0).get(i);
            assertThat(all.getFirst().values().get(i))
                    .isCloseTo(quantile(ROWS, quantile) / 1_000_000, Offset.offset(1e-6));
        }
        assertThat(byCode)
                .extracting(Questions.Percentiles::value)
                .containsExactlyInAnyOrder("0", "200", "204", "301", "404", "500", "503");
    }

    @Test
    void aRowThatStandsForSeveralCountsAsThatMany() throws Exception {
        var kept = new ArrayList<KafkaRow>();
        var each = new ArrayList<KafkaRow>();
        for (var i = 0; i < 500; i++) {
            var row = ROWS.get(i).toBuilder();
            var weight = 1 + i % 7;
            kept.add(new KafkaRow(2, i, at(row, 2).setWeight(weight).build()));
            for (var k = 0; k < weight; k++) {
                each.add(new KafkaRow(3, each.size(), at(row, 3).setWeight(1).build()));
            }
        }
        store.append(KafkaSettings.TOPIC, kept, Map.of(2, 500L));
        store.append(KafkaSettings.TOPIC, each, Map.of(3, (long) each.size()));
        var quantiles = List.of(0.0, 0.1, 0.25, 0.5, 0.95, 0.99, 1.0);

        for (var by : List.of(Optional.<String>empty(), Optional.of("request.host"), Optional.of("response.code"))) {
            for (var of : List.of("request.duration", "response.size")) {
                assertThat(questions.percentiles(hour(2), of, quantiles, by, 20))
                        .usingRecursiveFieldByFieldElementComparator(NEARLY)
                        .isEqualTo(questions.percentiles(hour(3), of, quantiles, by, 20));
            }
        }
        for (var attribute : List.of("request.host", "response.code", "request.method")) {
            assertThat(questions.top(hour(2), attribute, 10))
                    .extracting(QuestionsContract::figures)
                    .isEqualTo(questions.top(hour(3), attribute, 10).stream()
                            .map(QuestionsContract::figures)
                            .toList());
        }
        assertThat(figures(questions.total(hour(2)))).isEqualTo(figures(questions.total(hour(3))));
    }

    @Test
    void whatWasSampledAnswersNearTheTruth() throws Exception {
        var random = new Random(5);
        var truth = new ArrayList<KafkaRow>();
        var kept = new ArrayList<KafkaRow>();
        for (var i = 0; i < 20_000; i++) {
            var micros = (long) (2_000 * Math.exp(random.nextGaussian()));
            var row = ROWS.get(i % COUNT).toBuilder().setResponseCode(random.nextInt(20) == 0 ? 503 : 200);
            row.setDurationMicros(micros);
            truth.add(new KafkaRow(2, i, at(row, 2).build()));
            var isError = row.getResponseCode() == 503;
            if (isError || random.nextInt(10) == 0) {
                kept.add(new KafkaRow(
                        3, i, at(row, 3).setWeight(isError ? 1 : 10).build()));
            }
        }
        store.append(KafkaSettings.TOPIC, truth, Map.of(2, 20_000L));
        store.append(KafkaSettings.TOPIC, kept, Map.of(3, 20_000L));

        var right = questions.total(hour(2));
        var answer = questions.total(hour(3));
        // Five sigmas of a tenth of 19,000; the quantiles' own error is smaller than that of their ranks.
        assertThat(answer.errors()).isEqualTo(right.errors());
        assertThat(answer.count()).isCloseTo(right.count(), Offset.offset(2_100.0));
        assertThat(answer.p50()).isCloseTo(right.p50(), Percentage.withPercentage(15));
        assertThat(answer.p99()).isCloseTo(right.p99(), Percentage.withPercentage(40));
    }

    private static final RecursiveComparisonConfiguration NEARLY = RecursiveComparisonConfiguration.builder()
            .withComparatorForType(
                    (left, right) -> Math.abs(left - right) <= 1e-6 * Math.max(1, Math.abs(left))
                            ? 0
                            : Double.compare(left, right),
                    Double.class)
            .build();

    private static List<Long> figures(Questions.Group group) {
        return List.of(
                Math.round(group.count()),
                Math.round(group.errors()),
                Math.round(group.p50() * 100),
                Math.round(group.p99() * 100));
    }

    // The same time of another hour.
    private static AccessLogEntry.Builder at(AccessLogEntry.Builder row, int hour) {
        var seconds = row.getStartTime().getSeconds() % 3_600;
        var start = Rows.START.getEpochSecond() / 3_600 * 3_600 + 3_600L * hour;
        row.getStartTimeBuilder().setSeconds(start + seconds);
        return row;
    }

    private static Selection hour(int hour) {
        var from = (Rows.START.getEpochSecond() / 3_600 + hour) * 3_600_000_000L;
        return new Selection(new Condition.All(List.of()), from, from + 3_600_000_000L, Optional.empty());
    }

    // Interpolated between the two nearest, as quantile_cont and quantileExactInclusive do.
    private static double quantile(List<AccessLogEntry> rows, double quantile) {
        var sorted = rows.stream()
                .mapToLong(AccessLogEntry::getDurationMicros)
                .sorted()
                .toArray();
        var place = quantile * (sorted.length - 1);
        var below = (int) Math.floor(place);
        var above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (place - below) * (double) (sorted[above] - sorted[below]);
    }

    @Test
    void distinctValuesAreCounted() throws Exception {
        assertThat(questions.distinct(where("true"), "request.id")).isEqualTo(COUNT);
        assertThat(questions.distinct(where("true"), "request.host")).isEqualTo(4);
        assertThat(questions.distinct(where("false"), "request.host")).isZero();
    }

    @Test
    void noRowsAreAnAnswerToo() throws Exception {
        assertThat(questions.search(where("false"), 10, Optional.empty())).isEmpty();
        assertThat(questions.histogram(where("false"), 5_000_000)).isEmpty();
        assertThat(questions.top(where("false"), "request.host", 10)).isEmpty();
        assertThat(questions.total(where("false")).count()).isZero();
    }

    @Test
    @Tag("V22")
    @Tag("H85")
    void aCallerLearnsOfItsNamespacesOnly() throws Exception {
        var mine = new TreeSet<>(List.of("pay"));
        for (var filter : List.of("true", "namespace == \"shop\" || true", "!(namespace == \"pay\") || true")) {
            var selection = new Selection(new CelReader().read(filter), FROM, TO, Optional.of(mine));
            var expected = expected("namespace == \"pay\"").size();

            assertThat(questions.total(selection).count()).isEqualTo(expected);
            assertThat(questions.top(selection, "namespace", 10))
                    .extracting(Questions.Group::value)
                    .containsExactly("pay");
            assertThat(questions.distinct(selection, "request.id")).isEqualTo(expected);
            assertThat(questions.search(selection, 1_000, Optional.empty()))
                    .allMatch(row -> row.entry().getNamespace().equals("pay"));
            assertThat(questions.perMinute(selection).values().stream()
                            .flatMap(minutes -> minutes.values().stream())
                            .mapToLong(each -> each)
                            .sum())
                    .isEqualTo(expected);
        }
    }

    @Test
    @Tag("H83")
    void whatAsksForTooMuchIsAnErrorThatNamesTheBound() throws Exception {
        var decade = new Selection(new Condition.All(List.of()), 0, TO, Optional.empty());

        assertThatThrownBy(() -> questions.total(decade))
                .isInstanceOf(QueryException.class)
                .hasMessageContaining("h (expected: at most 31 days, which are 744 h");
        assertThatThrownBy(() -> questions.search(where("true"), 1_001, Optional.empty()))
                .hasMessageContaining("limit 1001 (expected: 1 to 1000)");
        assertThatThrownBy(() -> questions.histogram(where("true"), 1_000))
                .hasMessageContaining("step 0.001s (expected: at most 1,500 bars");
        assertThatThrownBy(() -> questions.top(where("true"), "request.hots", 5))
                .hasMessageContaining("\"request.hots\" does not exist (expected: \"request.host\"?)");
        assertThatThrownBy(
                        () -> questions.percentiles(where("true"), "request.host", List.of(0.5), Optional.empty(), 5))
                .hasMessageContaining("is a string (expected: an int, double or duration)");
        assertThatThrownBy(() -> questions.export(where("true"), new Questions.Extent(100, false), _ -> true))
                .isInstanceOf(BoundExceededException.class)
                .hasMessageContaining("more than 100 rows");
    }

    @Test
    void aPartOfAnExportIsItsOldestRows() throws Exception {
        var all = new ArrayList<KafkaRow>();
        var part = new ArrayList<KafkaRow>();
        questions.export(where("response.code >= 500"), new Questions.Extent(100_000, false), all::add);
        questions.export(where("response.code >= 500"), new Questions.Extent(7, true), part::add);

        assertThat(all).hasSizeGreaterThan(7);
        assertThat(part).isEqualTo(all.subList(0, 7));
    }

    @Test
    @Tag("V21")
    @Tag("H79")
    void hostileNamesOfAttributesAreOnlyNames() throws Exception {
        for (var name : List.of("host", "request.host; DROP TABLE rows", "*", "1", "request_id", "(SELECT 1)", " ")) {
            assertThatThrownBy(() -> questions.top(where("true"), name, 5))
                    .isInstanceOf(QueryException.class)
                    .hasMessageContaining("does not exist");
        }
    }

    @Test
    @Tag("H82")
    void aPatternThatIsSlowElsewhereIsAnsweredAndALongOneRefused() throws Exception {
        var slow = where("request.useragent.matches(\"(a+)+$\") || request.path.matches(\"(/[a-z0-9]*)*x$\")");

        assertThat(questions.total(slow).count()).isZero();
        assertThat(questions.total(where("request.path.contains(\"\")")).count())
                .isEqualTo(COUNT);
        assertThatThrownBy(() -> where("request.path.matches(\"" + "a".repeat(1_100) + "\")"))
                .isInstanceOf(QueryException.class);
        assertThatThrownBy(() -> where("request.path.matches(\"" + "a".repeat(1 << 20) + "\")"))
                .isInstanceOf(QueryException.class);
    }

    @Test
    @Tag("H81")
    void anEndlessFilterIsRefusedAtOnce() {
        var chain = "response.code == 1" + " || response.code == 1".repeat(10_000);
        var deep = "!(".repeat(200) + "true" + ")".repeat(200);
        var brackets = "(".repeat(1_000) + "true" + ")".repeat(1_000);
        for (var filter : List.of(chain, deep, brackets, "request.host == \"" + "a".repeat(1 << 20) + "\"")) {
            assertThatThrownBy(() -> where(filter)).isInstanceOf(QueryException.class);
        }
    }
}
