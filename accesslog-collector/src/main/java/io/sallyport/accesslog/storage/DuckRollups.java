package io.sallyport.accesslog.storage;

import com.google.common.collect.ImmutableList;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.google.protobuf.util.Timestamps;
import io.sallyport.accesslog.rollup.Rollup;
import io.sallyport.accesslog.rollup.RollupSum;
import io.sallyport.accesslog.rollup.Step;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;

/// The sums of one day's file, so that they are exactly those of its rows, whatever dies in between.
///
/// What has come since the last page is held here, of each [Step] everything that is in no page of
/// its own; from time to time a batch's transaction writes it as pages of a new generation, and how far the rows are in
/// them. A start reads the rows behind that, and has what was lost. Pages are only ever added: a question takes those
/// up to the generation that it has seen here, so nothing has to wait for it.
///
/// A file that older rows are in, or whose sums are written as they were before, has none, and its rows are asked.
final class DuckRollups {

    private static final long MAX_ROWS = 250_000;
    private static final int MAX_SUMS = 30_000;
    private static final int SOME = 2_048;

    // What a start reads of each row.
    private static final ImmutableList<Column> READ = Stream.concat(
                    Rollup.MEASURED.stream(), Rollup.ATTRIBUTES.stream().filter(name -> !name.equals(Rollup.CLASS)))
            .distinct()
            .map(Column::named)
            .collect(ImmutableList.toImmutableList());

    // As sums were kept before.
    private static final ImmutableList<String> OLD = ImmutableList.of(
            "sums_of_minutes",
            "sums_of_hours",
            "sums_of_days",
            "rolled",
            "minutes",
            "hours",
            "days",
            "summed",
            "topic_summed");

    private final String catalog;
    private final boolean isWhole;

    @GuardedBy("this") private final EnumMap<Step, Rollup> held = new EnumMap<>(Step.class);

    @GuardedBy("this") private final EnumMap<Step, Instant> since = new EnumMap<>(Step.class);

    // Of the newest page of each.
    @GuardedBy("this") private final EnumMap<Step, Long> newest = new EnumMap<>(Step.class);

    @GuardedBy("this") private long generation;

    @GuardedBy("this") private long rows;

    private DuckRollups(String catalog, boolean isWhole) {
        this.catalog = catalog;
        this.isWhole = isWhole;
        for (var step : Step.values()) {
            held.put(step, new Rollup(step));
        }
    }

    /// Makes the tables of a file that has no rows yet, or reads what they say.
    static DuckRollups prepared(Connection connection, String catalog, boolean hasRows) throws SQLException {
        try (var statement = connection.createStatement()) {
            var isThere = DuckTables.tables(statement, catalog).contains(DuckTables.SUMMED);
            for (var old : OLD) {
                statement.execute("DROP TABLE IF EXISTS " + catalog + "." + old);
            }
            if (hasRows && !isThere) {
                return new DuckRollups(catalog, false);
            }
            for (var step : Step.values()) {
                statement.execute("CREATE TABLE IF NOT EXISTS " + table(catalog, step)
                        + " (start BIGINT, attribute VARCHAR, generation BIGINT,"
                        // Packed, 2,048 pages are unpacked for each that is asked for.
                        + " page BLOB USING COMPRESSION uncompressed)");
            }
            DuckTables.summed(statement, catalog);
        }
        var rollups = new DuckRollups(catalog, true);
        rollups.recover(connection);
        return rollups;
    }

    private static String table(String catalog, Step step) {
        return catalog + "." + name(step);
    }

    // Of its generation among those of a transaction.
    private static int place(Step step) {
        return switch (step) {
            case MINUTE -> 1;
            case HOUR -> 2;
            case SIX_HOURS -> 3;
            case DAY -> 4;
        };
    }

    private static String name(Step step) {
        return switch (step) {
            case MINUTE -> "minute_sums";
            case HOUR -> "hour_sums";
            case SIX_HOURS -> "six_hour_sums";
            case DAY -> "day_sums";
        };
    }

    // How long sums are held before they are a page.
    private static Duration life(Step step) {
        return switch (step) {
            case MINUTE -> Duration.ofMinutes(1);
            case HOUR -> Duration.ofMinutes(30);
            case SIX_HOURS -> Duration.ofHours(3);
            case DAY -> Duration.ofHours(6);
        };
    }

    private synchronized void recover(Connection connection) throws SQLException {
        for (var step : Step.values()) {
            newest.put(step, newest(connection, step));
        }
        generation = Collections.max(newest.values());
        var columns = READ.stream().map(column -> "r." + column.name()).collect(Collectors.joining(", "));
        try (var statement = connection.createStatement();
                var result = statement.executeQuery("SELECT " + columns + " FROM " + catalog + ".rows r LEFT JOIN "
                        + catalog + "." + DuckTables.SUMMED + " o USING (kafka_topic, kafka_partition) WHERE r."
                        + Column.OFFSET
                        + " >= coalesce(o.next, 0)")) {
            var some = new ArrayList<AccessLogEntry>(SOME);
            while (result.next()) {
                some.add(entry(result));
                rows++;
                if (some.size() == SOME) {
                    held(Step.MINUTE).add(some);
                    some.clear();
                }
            }
            held(Step.MINUTE).add(some);
        }
        // A page has what was there before its own generation.
        var shorter = Step.MINUTE;
        for (var step : EnumSet.range(Step.HOUR, Step.DAY)) {
            addPages(connection, shorter, newest(step), held(step));
            held(step).addAll(held(shorter));
            shorter = step;
        }
    }

    @GuardedBy("this") private long newest(Step step) {
        return newest.getOrDefault(step, 0L);
    }

    @GuardedBy("this") private Rollup held(Step step) {
        return held.computeIfAbsent(step, Rollup::new);
    }

    private long newest(Connection connection, Step step) throws SQLException {
        try (var statement = connection.createStatement();
                var result =
                        statement.executeQuery("SELECT coalesce(max(generation), 0) FROM " + table(catalog, step))) {
            return result.next() ? result.getLong(1) : 0;
        }
    }

    private void addPages(Connection connection, Step step, long from, Rollup into) throws SQLException {
        try (var statement = connection.createStatement();
                var result = statement.executeQuery("SELECT start, attribute, page FROM " + table(catalog, step)
                        + " WHERE generation >= " + from)) {
            while (result.next()) {
                into.add(new Rollup.Place(result.getLong(1), result.getString(2)), page(result, 3));
            }
        }
    }

    private static AccessLogEntry entry(ResultSet result) throws SQLException {
        var entry = AccessLogEntry.newBuilder();
        for (var i = 0; i < READ.size(); i++) {
            var column = READ.get(i);
            switch (column.type()) {
                case TEXT, WORDS -> entry.setField(column.field(), result.getString(i + 1));
                case NUMBER, DURATION -> entry.setField(column.field(), result.getLong(i + 1));
                case REAL -> entry.setField(column.field(), result.getDouble(i + 1));
                case TIME -> entry.setField(column.field(), Timestamps.fromMicros(result.getLong(i + 1)));
                case TEXTS -> throw new IllegalStateException(column + " (expected: no map has sums)");
            }
        }
        return entry.build();
    }

    private static byte[] page(ResultSet result, int column) throws SQLException {
        var blob = result.getBlob(column);
        return blob.getBytes(1, Math.toIntExact(blob.length()));
    }

    /// What a transaction is to write, and what is to be held when it is through.
    final class Change {

        private final List<KafkaRow> batch;
        private final EnumMap<Step, Map<Rollup.Place, byte[]>> pages = new EnumMap<>(Step.class);
        private final Instant now;

        private Change(List<KafkaRow> batch, Instant now) {
            this.batch = batch;
            this.now = now;
        }

        /// Writes within the transaction of the batch.
        ///
        /// @param next the offsets of the rows before those of the batch: how far the pages go
        void write(DuckDBConnection connection, Map<Place, Long> next) throws SQLException {
            if (pages.isEmpty()) {
                return;
            }
            for (var step : pages.entrySet()) {
                // Its rows are of the transaction, since that was begun by a statement.
                try (var appender = connection.createAppender(catalog, "main", name(step.getKey()))) {
                    write(appender, generation() + place(step.getKey()), step.getValue());
                }
            }
            try (var upsert = connection.prepareStatement(
                    "INSERT OR REPLACE INTO " + catalog + "." + DuckTables.SUMMED + " VALUES (?, ?, ?)")) {
                for (var entry : next.entrySet()) {
                    upsert.setString(1, entry.getKey().topic());
                    upsert.setInt(2, entry.getKey().partition());
                    upsert.setLong(3, entry.getValue());
                    upsert.execute();
                }
            }
        }

        // Longer pieces have the shorter ones of the same transaction in them, so those are of an earlier generation.
        private void write(DuckDBAppender appender, long next, Map<Rollup.Place, byte[]> written) throws SQLException {
            for (var page : written.entrySet()) {
                appender.beginRow();
                appender.append(page.getKey().start());
                appender.append(page.getKey().attribute());
                appender.append(next);
                appender.append(page.getValue());
                appender.endRow();
            }
        }

        /// The transaction is through.
        void done() {
            var more = new Rollup(Step.MINUTE);
            if (isWhole) {
                more.add(batch.stream().map(KafkaRow::entry).toList());
            }
            synchronized (DuckRollups.this) {
                for (var step : pages.keySet()) {
                    newest.put(step, generation + place(step));
                    held.put(step, new Rollup(step));
                    since.put(step, now);
                }
                if (!pages.isEmpty()) {
                    generation += Step.values().length;
                    rows = 0;
                }
                for (var step : Step.values()) {
                    held(step).addAll(more);
                }
                rows += isWhole ? batch.size() : 0;
            }
        }
    }

    private synchronized long generation() {
        return generation;
    }

    /// Takes a batch; what has been held for long enough is to be written with it.
    Change change(List<KafkaRow> batch, Instant now) {
        var change = new Change(batch, now);
        synchronized (this) {
            for (var step : Step.values()) {
                if (!isDue(step, now) && (step != Step.MINUTE || rows < MAX_ROWS)) {
                    break;
                }
                put(change, step);
            }
        }
        return change;
    }

    @GuardedBy("this") private boolean isDue(Step step, Instant now) {
        var begun = since.computeIfAbsent(step, _ -> now);
        return !now.isBefore(begun.plus(life(step))) || held(step).size() >= MAX_SUMS;
    }

    @GuardedBy("this") private void put(Change change, Step step) {
        if (!held(step).isEmpty()) {
            change.pages.put(step, held(step).pages());
        }
    }

    /// What is held of a file that gets no more rows.
    Change rest(Instant now) {
        var change = new Change(List.of(), now);
        synchronized (this) {
            for (var step : Step.values()) {
                put(change, step);
            }
        }
        return change;
    }

    /// The file is gone.
    synchronized void forget() {
        for (var step : Step.values()) {
            held.put(step, new Rollup(step));
        }
    }

    /// Adds what the rows of this file have to say; false: they were never added up.
    boolean addTo(RollupSum sum, Connection connection) throws SQLException {
        if (!isWhole) {
            return false;
        }
        var question = sum.question();
        var spans = Step.cover(question.from(), question.to(), question.longest());
        var written = new ArrayList<Step.Span>();
        long upTo;
        synchronized (this) {
            upTo = generation;
            for (var span : spans) {
                sum.add(held(span.step()), span);
                if (newest(span.step()) > 0) {
                    written.add(span);
                }
            }
        }
        if (!written.isEmpty()) {
            addPages(sum, connection, written, upTo);
        }
        return true;
    }

    // One statement for all: to be asked costs an engine more than to find a few pages.
    private void addPages(RollupSum sum, Connection connection, List<Step.Span> spans, long upTo) throws SQLException {
        var sql = spans.stream()
                .map(span -> "SELECT start, page FROM " + table(catalog, span.step())
                        + " WHERE attribute = ? AND generation <= ? AND start >= ? AND start < ?")
                .collect(Collectors.joining(" UNION ALL "));
        try (var statement = connection.prepareStatement(sql)) {
            var place = 1;
            for (var span : spans) {
                statement.setString(place++, sum.question().attribute());
                statement.setLong(place++, upTo);
                statement.setLong(place++, span.from());
                statement.setLong(place++, span.to());
            }
            try (var result = statement.executeQuery()) {
                while (result.next()) {
                    sum.add(result.getLong(1), page(result, 2));
                }
            }
        }
    }
}
