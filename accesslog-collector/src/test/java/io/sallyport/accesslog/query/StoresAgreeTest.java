package io.sallyport.accesslog.query;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.Timestamps;
import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.storage.ClickHouseStore;
import io.sallyport.accesslog.storage.Column;
import io.sallyport.accesslog.storage.DuckSettings;
import io.sallyport.accesslog.storage.DuckStore;
import io.sallyport.accesslog.storage.KafkaRow;
import io.sallyport.accesslog.storage.LogStore;
import io.sallyport.accesslog.testing.Rows;
import io.sallyport.accesslog.testing.TestClickHouse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.assertj.core.api.recursive.comparison.RecursiveComparisonConfiguration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The same rows and the same questions, on both real engines: their answers are compared with each other, to the
/// last row and figure. Some rows stand for several requests, some came twice, and their texts are as hostile as
/// texts get.
@Tag("V21")
@Tag("V22")
class StoresAgreeTest {

    private static final long FROM = Rows.START.getEpochSecond() * 1_000_000;
    private static final long TO = FROM + 3_600_000_000L;
    private static final int COUNT = 4_000;
    private static final List<String> FILTERS = List.of(
            "true",
            "false",
            "response.code >= 500",
            "request.host.endsWith(\".example.com\") && !(request.method == \"GET\")",
            "request.headers[\"x-team\"] == \"red\" || response.code == 404",
            "!(request.headers[\"x-team\"] == \"red\")",
            "request.headers[\"x-team\"] in [\"red\", \"blue\"]",
            "!(request.headers[\"x-team\"] in [\"red\", \"blue\"])",
            "request.headers[\"x-team\"] in response.flags",
            "\"\" in response.flags",
            "\"UF\" in response.flags || request.duration > duration(\"900ms\")",
            "request.path.contains(\"%\") || request.path.contains(\"_\")",
            "request.useragent.matches(\"^agent [0-3]$\")",
            "request.useragent.lowerAscii().startsWith(\"agent\") && size(request.host) > 15",
            "request.host < \"p\" && row.weight > 1.0");

    // Sums of weights are added in another order; everything else is equal.
    private static final RecursiveComparisonConfiguration NEARLY = RecursiveComparisonConfiguration.builder()
            .withComparatorForType(
                    (left, right) -> Math.abs(left - right) <= 1e-9 * Math.max(1, Math.abs(left))
                            ? 0
                            : Double.compare(left, right),
                    Double.class)
            .build();

    @TempDir
    static Path folder;

    private static LogStore duck;
    private static LogStore clickHouse;

    @BeforeAll
    static void fill() throws Exception {
        duck = DuckStore.open(DuckSettings.local(folder), () -> Rows.START, KafkaSettings.TOPIC);
        clickHouse = ClickHouseStore.open(TestClickHouse.database(), () -> Rows.START, KafkaSettings.TOPIC);
        var random = new Random(11);
        var rows = new ArrayList<KafkaRow>();
        for (var entry : Rows.many(COUNT, 11)) {
            var row = entry.toBuilder();
            if (random.nextInt(3) == 0) {
                row.setWeight(1 + random.nextInt(20));
            }
            if (random.nextInt(50) == 0) {
                row.setPath("/%_\\\t\n\0'\"`{p0:String}/\ud83d\ude00").putTags("k'\\\t", "v\n\0");
            }
            // The same moment, so that partition and offset decide.
            row.setStartTime(Timestamps.fromMicros(FROM + random.nextInt(COUNT / 4) * 10_000L));
            rows.add(new KafkaRow(rows.size() % 3, rows.size() / 3, row.build()));
        }
        for (var store : List.of(duck, clickHouse)) {
            for (var from = 0; from < COUNT; from += 900) {
                // Portions overlap by a hundred.
                var part = rows.subList(Math.max(0, from - 100), Math.min(COUNT, from + 900));
                var next = new TreeMap<Integer, Long>();
                part.forEach(row -> next.merge(row.partition(), row.offset() + 1, Math::max));
                store.append(KafkaSettings.TOPIC, part, next);
            }
        }
    }

    @AfterAll
    static void close() throws Exception {
        duck.close();
        clickHouse.close();
    }

    private interface Ask<T> {
        T of(Questions questions, Selection selection) throws Exception;
    }

    private static void agree(String what, Ask<?> question) throws Exception {
        for (var filter : FILTERS) {
            agree(what, question, filter, Optional.empty());
        }
        agree(what, question, "true", Optional.of(new TreeSet<>(List.of("pay"))));
        agree(what, question, "namespace == \"shop\" || true", Optional.of(new TreeSet<>(List.of("pay"))));
    }

    private static void agree(String what, Ask<?> question, String filter, Optional<SortedSet<String>> namespaces)
            throws Exception {
        var selection = new Selection(new CelReader().read(filter), FROM, TO, namespaces);
        assertThat(question.of(new Questions(clickHouse), selection))
                .as(what + " of " + filter + " for " + namespaces)
                .usingRecursiveComparison(NEARLY)
                .isEqualTo(question.of(new Questions(duck), selection));
    }

    @Test
    void onWhereToGoOn() throws Exception {
        assertThat(clickHouse.next(KafkaSettings.TOPIC))
                .isEqualTo(duck.next(KafkaSettings.TOPIC))
                .hasSize(3);
    }

    @Test
    void onSearchesAndTheirPages() throws Exception {
        agree("search", (questions, selection) -> {
            var found = new ArrayList<KafkaRow>();
            Optional<Questions.Cursor> after = Optional.empty();
            for (var n = 0; n < 3; n++) {
                var page = questions.search(selection, 70, after);
                found.addAll(page);
                if (page.isEmpty()) {
                    break;
                }
                var last = page.getLast();
                after = Optional.of(Questions.Cursor.of(last));
            }
            return found.stream().map(KafkaRow::toString).toList();
        });
    }

    @Test
    void onExports() throws Exception {
        var selection = new Selection(new CelReader().read("true"), FROM, TO, Optional.empty());
        var both = new ArrayList<List<KafkaRow>>();
        for (var store : List.of(duck, clickHouse)) {
            var rows = new ArrayList<KafkaRow>();
            new Questions(store).export(selection, new Questions.Extent(COUNT, false), rows::add);
            both.add(rows);
        }

        assertThat(both.getLast()).hasSize(COUNT).isEqualTo(both.getFirst());
    }

    @Test
    void onParquetFiles() throws Exception {
        var selection = new Selection(new CelReader().read("response.code >= 500"), FROM, TO, Optional.empty());
        var sums = new ArrayList<List<String>>();
        for (var store : List.of(duck, clickHouse)) {
            new Questions(store).parquet(selection, new Questions.Extent(COUNT, false), file -> {
                assertThat(Files.size(file)).isPositive();
                try (var engine = DriverManager.getConnection("jdbc:duckdb:");
                        var statement = engine.createStatement();
                        var found = statement.executeQuery("SELECT count(*), sum(response_code), min(host), max(host),"
                                + " sum(weight), max(path), string_agg(request_id, ',' ORDER BY request_id) FROM '"
                                + file + "'")) {
                    found.next();
                    var values = new ArrayList<String>();
                    for (var i = 1; i <= 7; i++) {
                        values.add(found.getString(i));
                    }
                    sums.add(values);
                } catch (java.sql.SQLException e) {
                    throw new java.io.IOException(e);
                }
            });
        }

        assertThat(sums.getLast()).isEqualTo(sums.getFirst());
    }

    @Test
    void onHistograms() throws Exception {
        agree("histogram", (questions, selection) -> questions.histogram(selection, 7_000_000));
    }

    @Test
    void onTopValuesTheirRatesAndPercentiles() throws Exception {
        for (var attribute : List.of("request.host", "response.code")) {
            agree("top " + attribute, (questions, selection) -> questions.top(selection, attribute, 3));
        }
        agree("total", Questions::total);
    }

    @Test
    void onPercentiles() throws Exception {
        var quantiles = List.of(0.0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0);
        for (var by : List.of(Optional.<String>empty(), Optional.of("request.path"))) {
            agree(
                    "percentiles by " + by,
                    (questions, selection) -> questions.percentiles(selection, "request.duration", quantiles, by, 50));
        }
    }

    @Test
    void onDistinctValues() throws Exception {
        for (var column : Column.ALL) {
            if (column.type() == Column.Type.TEXT || column.type() == Column.Type.NUMBER) {
                var all = new Selection(new CelReader().read("true"), FROM, TO, Optional.empty());
                assertThat(new Questions(clickHouse).distinct(all, column.attribute()))
                        .as(column.attribute())
                        .isEqualTo(new Questions(duck).distinct(all, column.attribute()));
            }
        }
    }

    @Test
    void onRulesAndOnWhatIsStoredByMinute() throws Exception {
        agree("rules", Questions::rules);
        agree("minutes", Questions::perMinute);
    }

    @Test
    void onRowsByRequestId() throws Exception {
        for (var id : List.of("id-0", "id-1777", "id-3999", "nobody's")) {
            var filter = "request.id == \"" + id + "\"";
            var selection = new Selection(new CelReader().read(filter), FROM, TO, Optional.empty());
            assertThat(new Questions(clickHouse).search(selection, 2, Optional.empty()))
                    .isEqualTo(new Questions(duck).search(selection, 2, Optional.empty()))
                    .hasSize(id.startsWith("id-") ? 1 : 0);
        }
    }
}
