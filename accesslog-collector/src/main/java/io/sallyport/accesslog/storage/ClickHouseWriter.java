package io.sallyport.accesslog.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.sallyport.accesslog.storage.LogStore.ReadBounds;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/// Stores batches in ClickHouse so that each row of Kafka is there once, though ClickHouse has no transaction that
/// spans the rows and the offsets, and a batch that got no answer may still be stored minutes later.
///
/// The batches of a Kafka partition are a chain: each says where it begins and where the next one does, in its own
/// rows, and its token is the place where it begins. ClickHouse takes one batch for a token, so of all that are
/// ever sent for one place, by us, by us before a kill, or by another collector, one is stored; which one is then
/// read. Boundaries need not be the same for that, and a batch need not be remembered before it is sent.
final class ClickHouseWriter {

    private static final ReadBounds BOUNDS = new ReadBounds(1_000_000, 60);
    private static final int MAX_BATCH_BYTES = 32 << 20;
    private static final int MAX_TRIES = 1_000;
    private static final int MAX_GHOSTS = 5;
    private static final long NOTE_SECONDS = 60;

    private final ClickHouseServer server;
    private final InstantSource clock;
    private final String older;

    // Where the chain of each partition ends.
    @GuardedBy("this") private Map<Place, Long> ends = new HashMap<>();

    // How far each partition was read: further than its chain where what came last was no row.
    @GuardedBy("this") private Map<Place, Long> read = new HashMap<>();

    @GuardedBy("this") private Origins origins = new Origins();

    @GuardedBy("this") private Instant noted;

    /// @param older the topic of the batches that were stored before topics were told apart; `""`: there are none
    ClickHouseWriter(ClickHouseServer server, InstantSource clock, String older) {
        this.older = older;
        this.server = server;
        this.clock = clock;
        this.noted = clock.instant();
    }

    /// What the store says, whoever wrote it.
    synchronized SortedMap<Integer, Long> next(String topic) throws StoreException {
        recover();
        var next = new TreeMap<Integer, Long>();
        for (var known : List.of(ends, read)) {
            known.forEach((place, offset) -> {
                if (place.topic().equals(topic)) {
                    next.merge(place.partition(), offset, Math::max);
                }
            });
        }
        return next;
    }

    /// Of two collectors that have told at once the first is believed.
    SortedMap<String, TopicIdentity> topics() throws StoreException {
        var topics = new TreeMap<String, TopicIdentity>();
        ask(
                "SELECT kafka_topic, tupleElement(min((made, cluster, id)), 2), tupleElement(min((made, cluster, id)), 3)"
                        + " FROM " + ClickHouseSchema.TOPICS + " GROUP BY kafka_topic",
                List.of(),
                values -> {
                    topics.put(
                            (String) values.get(0), new TopicIdentity((String) values.get(1), (String) values.get(2)));
                    return true;
                });
        return topics;
    }

    void identify(String topic, TopicIdentity identity) throws StoreException {
        server.execute("INSERT INTO " + ClickHouseSchema.TOPICS + " SELECT " + ClickHouseSchema.quoted(topic) + ", "
                + ClickHouseSchema.quoted(identity.cluster()) + ", " + ClickHouseSchema.quoted(identity.id())
                + ", now64(3)");
    }

    @GuardedBy("this") private void recover() throws StoreException {
        var foundEnds = new HashMap<Place, Long>();
        var foundRead = new HashMap<Place, Long>();
        var foundOrigins = new Origins();
        ask(
                "SELECT kafka_topic, kafka_partition, origin_spool, max(batch_next),"
                        + " tupleElement(max((origin_attempt, origin_sequence)), 1),"
                        + " tupleElement(max((origin_attempt, origin_sequence)), 2) FROM " + ClickHouseSchema.ROWS
                        + " GROUP BY kafka_topic, kafka_partition, origin_spool",
                List.of(),
                values -> {
                    var place = new Place((String) values.get(0), Math.toIntExact((long) values.get(1)));
                    foundEnds.merge(place, (long) values.get(3), Math::max);
                    if ((long) values.get(2) != 0) {
                        foundOrigins.put(place, (long) values.get(2), (long) values.get(4), (long) values.get(5));
                    }
                    return true;
                });
        ask(
                "SELECT kafka_topic, kafka_partition, max(next) FROM " + ClickHouseSchema.OFFSETS
                        + " GROUP BY kafka_topic, kafka_partition",
                List.of(),
                values -> {
                    foundRead.put(new Place((String) values.get(0), Math.toIntExact((long) values.get(1))), (long)
                            values.get(2));
                    return true;
                });
        ends = foundEnds;
        read = foundRead;
        origins = foundOrigins;
    }

    private void ask(String sql, List<Object> parameters, LogStore.RowVisitor visitor) throws StoreException {
        try {
            server.read(sql, parameters, BOUNDS, visitor);
        } catch (BoundExceededException e) {
            throw new StoreException("where the stored rows end cannot be read: " + e.getMessage(), e);
        }
    }

    synchronized void append(String topic, List<KafkaRow> rows, Map<Integer, Long> next) throws StoreException {
        var byPartition = new TreeMap<Integer, List<KafkaRow>>();
        next.keySet().forEach(partition -> byPartition.put(partition, new ArrayList<>()));
        rows.forEach(row -> byPartition
                .computeIfAbsent(row.partition(), _ -> new ArrayList<>())
                .add(row));
        var wasOnlyRead = false;
        for (var partition : byPartition.entrySet()) {
            var of = partition.getValue();
            var upTo = Math.max(
                    next.getOrDefault(partition.getKey(), 0L),
                    of.isEmpty() ? 0L : of.getLast().offset() + 1);
            wasOnlyRead |= !store(new Place(topic, partition.getKey()), of, upTo);
        }
        note(wasOnlyRead);
    }

    // Whether the chain ends at `upTo` now: not if the last ones are no rows to be stored.
    @GuardedBy("this") private boolean store(Place place, List<KafkaRow> rows, long upTo) throws StoreException {
        var ghosts = 0;
        for (var n = 0; n < MAX_TRIES; n++) {
            var known = origins.copy();
            var end = ends.getOrDefault(place, 0L);
            var batch = batch(place, rows, upTo, known);
            if (batch.rows().isEmpty()) {
                read.merge(place, upTo, Math::max);
                return end >= upTo;
            }
            server.insert(
                    ClickHouseSchema.ROWS,
                    ClickHouseSchema.columns(),
                    batch.bytes(clock.instant()),
                    token(batch, ghosts));
            var found = end(batch);
            if (found == batch.next()) {
                ends.put(place, found);
                read.merge(place, found, Math::max);
                origins = known;
                ghosts = 0;
                if (found >= upTo) {
                    return true;
                }
            } else if (found > batch.first()) {
                // Another collector was here, or a batch that we took for lost.
                recover();
            } else if (++ghosts > MAX_GHOSTS) {
                throw new StoreException("ClickHouse takes rows of partition " + place.partition()
                        + " and does not have them (expected: reads from where rows are written to)");
            }
        }
        throw new StoreException("rows of partition " + place.partition() + " are being stored by another collector");
    }

    // An engine that dies notes a token before its rows: then the token is known and nothing is there, and another
    // has to be used. Everybody begins with the first, so the rule of one batch for a place holds.
    private String token(ClickHouseBatch batch, int ghosts) {
        // A batch from before topics were told apart may still be on its way.
        var topic = batch.place().topic().equals(older) ? "" : batch.place().topic() + "-";
        return "sallyport-" + topic + batch.place().partition() + "-" + batch.first()
                + (ghosts == 0 ? "" : "-" + ghosts);
    }

    @GuardedBy("this") private ClickHouseBatch batch(Place place, List<KafkaRow> rows, long upTo, Origins known) {
        var first = ends.getOrDefault(place, 0L);
        var from = Math.max(first, read.getOrDefault(place, 0L));
        var kept = new ArrayList<KafkaRow>();
        var bytes = 0L;
        for (var row : rows) {
            if (row.offset() < from
                    || (row.entry().hasOrigin() && !known.add(place, row.entry().getOrigin()))) {
                continue;
            }
            kept.add(row);
            bytes += row.entry().getSerializedSize();
            if (bytes > MAX_BATCH_BYTES) {
                var next = row.equals(rows.getLast()) ? upTo : row.offset() + 1;
                return new ClickHouseBatch(place, first, next, ClickHouseBatch.day(kept.getFirst()), kept);
            }
        }
        var day = kept.isEmpty() ? ClickHouseBatch.FIRST_DAY : ClickHouseBatch.day(kept.getFirst());
        return new ClickHouseBatch(place, first, upTo, day, kept);
    }

    // Where the chain ends among the rows of the batch's day.
    private long end(ClickHouseBatch batch) throws StoreException {
        var found = new ArrayList<Object>();
        var topic = batch.place().topic();
        ask(
                "SELECT max(batch_next) FROM " + ClickHouseSchema.ROWS + " WHERE day = '" + batch.day()
                        + "' AND kafka_topic = " + new ClickHouseDialect().parameter(0, topic)
                        + " AND kafka_partition = " + batch.place().partition(),
                List.of(topic),
                found::addAll);
        return found.isEmpty() ? 0 : (long) found.getFirst();
    }

    // What was read without a row to store, and, when all rows are old and gone, how far everything was read. Only
    // a hint where to go on: which batch follows which is in the rows alone.
    @GuardedBy("this") private void note(boolean now) throws StoreException {
        var time = clock.instant();
        if (read.isEmpty() || (!now && time.isBefore(noted.plusSeconds(NOTE_SECONDS)))) {
            return;
        }
        var values = new ArrayList<String>();
        read.forEach((place, offset) -> values.add(
                "(" + ClickHouseSchema.quoted(place.topic()) + ", " + place.partition() + ", " + offset + ")"));
        server.execute("INSERT INTO " + ClickHouseSchema.OFFSETS + " VALUES " + String.join(", ", values));
        noted = time;
    }
}
