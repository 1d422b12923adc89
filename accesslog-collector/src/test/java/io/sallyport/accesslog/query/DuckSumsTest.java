package io.sallyport.accesslog.query;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.storage.DuckSettings;
import io.sallyport.accesslog.storage.DuckStore;
import io.sallyport.accesslog.storage.KafkaRow;
import io.sallyport.accesslog.storage.LogStore;
import io.sallyport.accesslog.testing.Rows;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DuckSumsTest extends SumsContract {

    private static final Instant DAY = Instant.parse("2026-11-21T00:00:00Z");
    private static final long FROM = DAY.getEpochSecond() * 1_000_000;
    private static final long HOUR = 3_600_000_000L;

    @TempDir
    Path folder;

    @Override
    LogStore open() throws Exception {
        return DuckStore.open(
                new DuckSettings(folder, 256, 2, Duration.ofDays(3), 1L << 30), () -> now, KafkaSettings.TOPIC);
    }

    @Test
    @Tag("F11")
    void sumsAreRightThroughMinutesHoursDaysAndStarts() throws Exception {
        for (var i = 0; i < 45; i++) {
            now = now.plus(Duration.ofMinutes(i % 7 == 0 ? 55 : 31));
            store(30, now, Duration.ofMinutes(55), i % 3 == 0);
            if (i % 7 == 3) {
                store.close();
                store = open();
            }
            assertCountsAreThoseOfTheRows(FROM - HOUR, FROM + 40 * HOUR);
        }

        assertSumsAreThoseOfTheRows(FROM, FROM + 24 * HOUR);
        assertSumsAreThoseOfTheRows(FROM + HOUR / 2, FROM + 25 * HOUR + HOUR / 60);
        assertSumsAreThoseOfTheRows(FROM + 4 * HOUR + HOUR / 60, FROM + 23 * HOUR - HOUR / 60);
    }

    @Test
    void sumsGoWithTheDaysTheyAreOf() throws Exception {
        for (var day = 0; day < 6; day++) {
            now = DAY.plus(Duration.ofDays(day)).plus(Duration.ofHours(5));
            store(50, now, Duration.ofHours(2), false);
        }

        assertSumsAreThoseOfTheRows(FROM, FROM + 6 * 24 * HOUR);
        assertThat(questions()
                        .total(new Selection(
                                new Condition.All(List.of()), FROM, FROM + 6 * 24 * HOUR, Optional.empty()))
                        .count())
                .isEqualTo(4 * 50.0);
    }

    @Test
    @Tag("H83")
    void aClientThatMakesUpHostsMakesNoSums() throws Exception {
        var rows = new ArrayList<KafkaRow>();
        for (var i = 0; i < 5_000; i++) {
            rows.add(new KafkaRow(
                    1,
                    i,
                    Rows.row(DAY.plusSeconds(7), "x" + i)
                            .setHost("made-up-" + i)
                            .build()));
        }
        store.append(KafkaSettings.TOPIC, rows, Map.of(1, 5_000L));
        var hour = new Selection(new Condition.All(List.of()), FROM, FROM + HOUR, Optional.empty());

        assertThat(dashboards().top(hour, "request.host", 5)).isEmpty();
        assertThat(dashboards().top(hour, "config.object", 5).orElseThrow().total())
                .isEqualTo(5_000);

        now = now.plus(Duration.ofMinutes(90));
        store(10, now, Duration.ofMinutes(1), false);
        now = now.plus(Duration.ofMinutes(90));
        store(10, now, Duration.ofMinutes(1), false);
        assertThat(dashboards().top(hour, "request.host", 5)).isEmpty();
    }

    @Test
    void aFileFromBeforeThereWereSumsIsAskedForItsRows() throws Exception {
        store(50, DAY.plus(Duration.ofHours(1)), Duration.ofHours(1), false);
        store.close();
        try (var old = DriverManager.getConnection("jdbc:duckdb:" + folder.resolve("rows-2026-11-21.duckdb"));
                var statement = old.createStatement()) {
            for (var table : List.of("minute_sums", "hour_sums", "six_hour_sums", "day_sums", "sums_reach")) {
                statement.execute("DROP TABLE " + table);
            }
            // What sums were once, in another form.
            statement.execute("CREATE TABLE sums_of_minutes (start BIGINT, attribute VARCHAR, page BLOB)");
            statement.execute("INSERT INTO sums_of_minutes VALUES (0, 'request.host', '\\x00'::BLOB)");
            statement.execute("CREATE TABLE hours (start BIGINT, attribute VARCHAR, generation BIGINT, page BLOB)");
            statement.execute("CREATE TABLE topic_summed (kafka_topic VARCHAR, kafka_partition INTEGER, next BIGINT)");
            statement.execute("CREATE TABLE rolled (kafka_partition INTEGER PRIMARY KEY, next BIGINT)");
        }
        store = open();
        store(50, DAY.plus(Duration.ofHours(1)), Duration.ofHours(1), false);
        var hour = new Selection(new Condition.All(List.of()), FROM, FROM + HOUR, Optional.empty());

        assertThat(dashboards().top(hour, "request.host", 5)).isEmpty();
        assertThat(questions().total(hour).count()).isEqualTo(100);
    }
}
