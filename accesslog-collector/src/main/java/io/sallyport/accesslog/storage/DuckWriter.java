package io.sallyport.accesslog.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.google.protobuf.util.Timestamps;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.duckdb.DuckDBConnection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Appends batches: rows, offsets and origins in one transaction.
///
/// The transaction is begun by a statement of its own, so that whatever way rows take into the file, a kill leaves
/// none without their offset.
final class DuckWriter implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(DuckWriter.class);
    private static final Duration ORIGIN_LIFE = Duration.ofDays(7);

    private record OriginKey(long spool, Place place) {}

    private record OriginMark(int attempt, long sequence, long seen) {

        boolean isBefore(int otherAttempt, long otherSequence) {
            return attempt < otherAttempt || (attempt == otherAttempt && sequence < otherSequence);
        }
    }

    private final DuckDBConnection connection;
    private final RowFeed feed;

    @GuardedBy("this") private Map<Place, Long> next = new HashMap<>();

    @GuardedBy("this") private final TreeMap<String, TopicIdentity> topics = new TreeMap<>();

    @GuardedBy("this") private Map<OriginKey, OriginMark> origins = new HashMap<>();

    @GuardedBy("this") private @Nullable DuckDay last;

    DuckWriter(DuckDBConnection connection) throws SQLException {
        this.connection = connection.duplicate();
        this.feed = RowFeed.registered(this.connection);
    }

    /// Learns what a day's file says. The newest offset of all files counts.
    synchronized void recover(DuckDay day) throws SQLException {
        try (var statement = connection.createStatement()) {
            try (var result = statement.executeQuery(
                    "SELECT kafka_topic, kafka_partition, next FROM " + day.catalog() + "." + DuckTables.OFFSETS)) {
                while (result.next()) {
                    next.merge(new Place(result.getString(1), result.getInt(2)), result.getLong(3), Math::max);
                }
            }
            try (var result = statement.executeQuery(
                    "SELECT kafka_topic, cluster, id FROM " + day.catalog() + "." + DuckTables.TOPICS)) {
                while (result.next()) {
                    topics.put(result.getString(1), new TopicIdentity(result.getString(2), result.getString(3)));
                }
            }
            try (var result =
                    statement.executeQuery("SELECT kafka_topic, kafka_partition, spool, attempt, sequence, seen FROM "
                            + day.catalog() + "." + DuckTables.ORIGINS)) {
                while (result.next()) {
                    var mark = new OriginMark(result.getInt(4), result.getLong(5), result.getLong(6));
                    origins.merge(
                            new OriginKey(result.getLong(3), new Place(result.getString(1), result.getInt(2))),
                            mark,
                            (old, found) -> old.isBefore(found.attempt, found.sequence) ? found : old);
                }
            }
        }
        last = day;
    }

    synchronized SortedMap<Integer, Long> next(String topic) {
        var known = new TreeMap<Integer, Long>();
        next.forEach((place, offset) -> {
            if (place.topic().equals(topic)) {
                known.put(place.partition(), offset);
            }
        });
        return known;
    }

    synchronized SortedMap<String, TopicIdentity> topics() {
        return new TreeMap<>(topics);
    }

    synchronized void identify(DuckDay day, String topic, TopicIdentity identity, Instant now) throws SQLException {
        append(day, topic, List.of(), Map.of(), now);
        transaction(_ -> upsert(day, Map.of(topic, identity)));
        topics.put(topic, identity);
    }

    synchronized void append(DuckDay day, String topic, List<KafkaRow> rows, Map<Integer, Long> upTo, Instant now)
            throws SQLException {
        var newNext = new HashMap<>(next);
        var newOrigins = new HashMap<>(origins);
        var kept = new ArrayList<KafkaRow>(rows.size());
        var from = next(topic);
        for (var row : rows) {
            if (row.offset() >= from.getOrDefault(row.partition(), 0L)
                    && isNew(topic, row, newOrigins, now.getEpochSecond())) {
                kept.add(row);
            }
        }
        upTo.forEach((partition, offset) -> newNext.merge(new Place(topic, partition), offset, Math::max));
        var isFirst = !day.equals(last);
        if (isFirst) {
            var oldest = now.minus(ORIGIN_LIFE).getEpochSecond();
            newOrigins.values().removeIf(mark -> mark.seen < oldest);
        }
        if (isFirst && last != null) {
            finish(last, now);
        }
        var sums = day.rollups().change(kept, now);
        var times = write(
                day,
                topic,
                kept,
                changed(newNext, next, isFirst),
                changed(newOrigins, origins, isFirst),
                isFirst ? topics : Map.of(),
                sums);
        sums.done();
        next = newNext;
        origins = newOrigins;
        last = day;
        if (!kept.isEmpty()) {
            day.holds(times[0], times[1]);
        }
    }

    // The sums of a file that gets no more rows. A transaction writes one file only, so it is one of its own.
    @GuardedBy("this") private void finish(DuckDay day, Instant now) throws SQLException {
        var reached = next;
        var rest = day.rollups().rest(now);
        transaction(_ -> rest.write(connection, reached));
        rest.done();
    }

    private static boolean isNew(String topic, KafkaRow row, Map<OriginKey, OriginMark> origins, long second) {
        if (!row.entry().hasOrigin()) {
            return true;
        }
        var origin = row.entry().getOrigin();
        var key = new OriginKey(origin.getSpool(), new Place(topic, row.partition()));
        var mark = origins.get(key);
        if (mark != null && !mark.isBefore(origin.getAttempt(), origin.getSequence())) {
            return false;
        }
        origins.put(key, new OriginMark(origin.getAttempt(), origin.getSequence(), second));
        return true;
    }

    // A new file gets everything, so that the old ones may be deleted.
    private static <K, V> Map<K, V> changed(Map<K, V> now, Map<K, V> before, boolean all) {
        if (all) {
            return now;
        }
        var changed = new HashMap<K, V>();
        now.forEach((key, value) -> {
            if (!value.equals(before.get(key))) {
                changed.put(key, value);
            }
        });
        return changed;
    }

    @GuardedBy("this") private long[] write(
            DuckDay day,
            String topic,
            List<KafkaRow> rows,
            Map<Place, Long> offsets,
            Map<OriginKey, OriginMark> marks,
            Map<String, TopicIdentity> identities,
            DuckRollups.Change sums)
            throws SQLException {
        var times = new long[] {Long.MAX_VALUE, Long.MIN_VALUE};
        var before = next;
        transaction(statement -> {
            appendRows(day, topic, rows, times);
            upsert(day, offsets, marks);
            upsert(day, identities);
            sums.write(connection, before);
        });
        return times;
    }

    /// What is done within a transaction.
    private interface Work {
        void run(Statement statement) throws SQLException;
    }

    private void transaction(Work work) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute("BEGIN TRANSACTION");
            var isCommitted = false;
            try {
                work.run(statement);
                statement.execute("COMMIT");
                isCommitted = true;
            } finally {
                if (!isCommitted) {
                    rollBack();
                }
            }
        }
    }

    private void rollBack() {
        try (var statement = connection.createStatement()) {
            statement.execute("ROLLBACK");
        } catch (SQLException e) {
            // A failed COMMIT has rolled back already.
            log.atDebug().setCause(e).log("Nothing to roll back");
        }
    }

    private void upsert(DuckDay day, Map<String, TopicIdentity> identities) throws SQLException {
        try (var topic = connection.prepareStatement(
                "INSERT OR REPLACE INTO " + day.catalog() + "." + DuckTables.TOPICS + " VALUES (?, ?, ?)")) {
            for (var entry : identities.entrySet()) {
                topic.setString(1, entry.getKey());
                topic.setString(2, entry.getValue().cluster());
                topic.setString(3, entry.getValue().id());
                topic.execute();
            }
        }
    }

    private void upsert(DuckDay day, Map<Place, Long> offsets, Map<OriginKey, OriginMark> marks) throws SQLException {
        try (var offset = connection.prepareStatement(
                "INSERT OR REPLACE INTO " + day.catalog() + "." + DuckTables.OFFSETS + " VALUES (?, ?, ?)")) {
            for (var entry : offsets.entrySet()) {
                offset.setString(1, entry.getKey().topic());
                offset.setInt(2, entry.getKey().partition());
                offset.setLong(3, entry.getValue());
                offset.execute();
            }
        }
        try (var mark = connection.prepareStatement(
                "INSERT OR REPLACE INTO " + day.catalog() + "." + DuckTables.ORIGINS + " VALUES (?, ?, ?, ?, ?, ?)")) {
            for (var entry : marks.entrySet()) {
                mark.setString(1, entry.getKey().place().topic());
                mark.setLong(2, entry.getKey().spool());
                mark.setInt(3, entry.getKey().place().partition());
                mark.setInt(4, entry.getValue().attempt());
                mark.setLong(5, entry.getValue().sequence());
                mark.setLong(6, entry.getValue().seen());
                mark.execute();
            }
        }
    }

    private void appendRows(DuckDay day, String topic, List<KafkaRow> rows, long[] times) throws SQLException {
        if (rows.isEmpty()) {
            return;
        }
        feed.insert(connection, day.catalog(), topic, rows);
        for (var row : rows) {
            var time = Timestamps.toMicros(row.entry().getStartTime());
            times[0] = Math.min(times[0], time);
            times[1] = Math.max(times[1], time);
        }
    }

    @Override
    public synchronized void close() throws SQLException {
        connection.close();
    }
}
