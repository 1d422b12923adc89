package io.sallyport.accesslog.query;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.storage.ClickHouseStore;
import io.sallyport.accesslog.storage.DuckSettings;
import io.sallyport.accesslog.storage.DuckStore;
import io.sallyport.accesslog.storage.KafkaRow;
import io.sallyport.accesslog.storage.LogStore;
import io.sallyport.accesslog.testing.Rows;
import io.sallyport.accesslog.testing.TestClickHouse;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Each file: a filter, the tree that it becomes, the SQL that this is rendered to for each engine, and how many of
/// a thousand rows it finds in both; or why it is none. The rows are also those that [RowTest] finds.
@Tag("V21")
@Tag("H78")
@Tag("H79")
@Tag("H80")
@Tag("H84")
@Tag("H86")
class QueryFilesTest {

    private static final Path FOLDER = Path.of("src/test/resources/queries");
    private static final List<AccessLogEntry> ROWS = Rows.many(1_000, 7);

    @TempDir
    static Path temporary;

    private static LogStore duck;
    private static LogStore clickHouse;

    @BeforeAll
    static void fill() throws Exception {
        duck = DuckStore.open(DuckSettings.local(temporary), () -> Rows.START, KafkaSettings.TOPIC);
        clickHouse = ClickHouseStore.open(TestClickHouse.database(), () -> Rows.START, KafkaSettings.TOPIC);
        var rows = IntStream.range(0, ROWS.size())
                .mapToObj(i -> new KafkaRow(0, i, ROWS.get(i)))
                .toList();
        for (var store : List.of(duck, clickHouse)) {
            store.append(KafkaSettings.TOPIC, rows, Map.of(0, (long) rows.size()));
        }
    }

    @AfterAll
    static void close() throws Exception {
        duck.close();
        clickHouse.close();
    }

    static Stream<String> queries() throws IOException {
        try (var files = Files.list(FOLDER)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("queries")
    void aFilterBecomesWhatTheFileSays(String file) throws Exception {
        var path = FOLDER.resolve(file);
        var written = Files.readString(path);
        var filter = written.lines().findFirst().orElseThrow().substring("filter: ".length());

        var found = "filter: " + filter + "\n" + answer(filter);

        if (Boolean.getBoolean("sallyport.golden")) {
            Files.writeString(path, found);
        }
        assertThat(found).isEqualTo(written);
    }

    private static String answer(String filter) {
        try {
            var condition = new CelReader().read(filter);
            var found = rows(duck, condition);
            assertThat(rows(clickHouse, condition)).as("rows of ClickHouse").isEqualTo(found);
            return "tree: " + TreeText.of(condition) + "\nduckdb: " + new SqlText(duck.dialect()).of(condition)
                    + "\nclickhouse: " + new SqlText(clickHouse.dialect()).of(condition) + "\nrows: " + found + "\n";
        } catch (QueryException e) {
            return "error: " + e.getMessage() + "\n";
        }
    }

    private static int rows(LogStore store, Condition condition) {
        var from = Rows.START.getEpochSecond() * 1_000_000;
        var selection = new Selection(condition, from, from + 3_600_000_000L, Optional.empty());
        try {
            var ids = new ArrayList<String>();
            for (var row : new Questions(store).search(selection, 1_000, Optional.empty())) {
                ids.add(row.entry().getRequestId());
            }
            assertThat(ids)
                    .containsExactlyInAnyOrderElementsOf(ROWS.stream()
                            .filter(new RowTest(condition))
                            .map(AccessLogEntry::getRequestId)
                            .toList());
            return ids.size();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
