package io.sallyport.accesslog.storage;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import io.sallyport.accesslog.storage.LogStore.ReadBounds;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Collectors;

/// The tables in ClickHouse, and how older ones become them.
///
/// Whoever replicates makes the tables beforehand, with a `Replicated` engine and the same columns, order,
/// partitions and projection: what is there is kept.
final class ClickHouseSchema {

    static final String ROWS = "accesslog_rows";
    static final String OFFSETS = "accesslog_topic_offsets";
    static final String TOPICS = "accesslog_topics";

    private static final String VERSIONS = "accesslog_schema";
    private static final String OLD_OFFSETS = "accesslog_offsets";
    private static final long LATEST = 2;
    private static final ReadBounds BOUNDS = new ReadBounds(10_000, 30);

    /// What a row has beside [Column#ALL] and its identity, for the writer.
    ///
    /// `day` is that of the first row of the batch: whoever stores a batch again comes to the same day, which a
    /// clock would not promise, and a token is known within one partition of the table only.
    static final ImmutableList<String> OF_THE_BATCH = ImmutableList.of(
            "day", "batch_first", "batch_next", "origin_spool", "origin_attempt", "origin_sequence", "stored_at");

    // Texts of which a day has more than a dictionary holds.
    private static final ImmutableSet<String> MANIFOLD = ImmutableSet.of(
            "path",
            "referer",
            "forwarded_for",
            "request_id",
            "trace_id",
            "source_address",
            "direct_address",
            "upstream_local_address",
            "raw_text");

    private static final String TOPIC_COLUMN = Column.TOPIC + " LowCardinality(String)";

    // Kept within each part and so stored with its rows: what is asked after a start and a batch.
    private static final String ENDS =
            "ends_of_topics (SELECT day, kafka_topic, kafka_partition, origin_spool, max(batch_next),"
                    + " max((origin_attempt, origin_sequence)) GROUP BY day, kafka_topic, kafka_partition,"
                    + " origin_spool)";

    private ClickHouseSchema() {}

    /// Every column, in the order in which they are written.
    static List<String> columns() {
        var names = new ArrayList<String>();
        Column.ALL.forEach(column -> names.add(column.name()));
        names.add(Column.TOPIC);
        names.add(Column.PARTITION);
        names.add(Column.OFFSET);
        names.addAll(OF_THE_BATCH);
        return names;
    }

    /// Makes what is missing. Several collectors may at once.
    ///
    /// @param home the topic that rows are of which were stored when a database had one only
    /// @return that topic, whatever it is called now; `""` where no older Sallyport made the tables
    static String prepare(ClickHouseServer server, ClickHouseSettings settings, String home)
            throws StoreException, BoundExceededException {
        server.makeDatabase();
        server.execute("CREATE TABLE IF NOT EXISTS " + VERSIONS
                + " (version UInt32, made DateTime) ENGINE = MergeTree ORDER BY version");
        var version = version(server);
        if (version > LATEST) {
            throw new StoreException("tables of version " + version + " in database \"" + settings.database()
                    + "\" (expected: at most " + LATEST + "; a newer Sallyport made them)");
        }
        if (version < LATEST) {
            server.execute(rows(settings.maxAge().toSeconds()));
            server.execute("CREATE TABLE IF NOT EXISTS " + OFFSETS
                    + " (kafka_topic String, kafka_partition Int32, next Int64)"
                    + " ENGINE = ReplacingMergeTree(next) ORDER BY (kafka_topic, kafka_partition)");
            server.execute("CREATE TABLE IF NOT EXISTS " + TOPICS
                    + " (kafka_topic String, cluster String, id String, made DateTime64(3))"
                    + " ENGINE = MergeTree ORDER BY kafka_topic");
            addTopics(server, home);
            if (version == 1) {
                server.execute("INSERT INTO " + OFFSETS + " SELECT " + quoted(home)
                        + ", kafka_partition, max(next) FROM " + OLD_OFFSETS + " GROUP BY kafka_partition");
            }
            server.execute("INSERT INTO " + VERSIONS + " SELECT " + LATEST + ", now()");
        }
        addColumns(server);
        for (var sums : ClickHouseSums.projections()) {
            server.execute("ALTER TABLE " + ROWS + " ADD PROJECTION IF NOT EXISTS " + sums);
        }
        keepFor(server, settings.maxAge().toSeconds());
        return older(server);
    }

    // A collector of before may still be writing: what it writes is of that topic as well.
    private static void addTopics(ClickHouseServer server, String home) throws StoreException {
        server.execute(
                "ALTER TABLE " + ROWS + " ADD COLUMN IF NOT EXISTS " + TOPIC_COLUMN + " DEFAULT " + quoted(home));
        server.execute("ALTER TABLE " + ROWS + " DROP PROJECTION IF EXISTS ends");
        server.execute("ALTER TABLE " + ROWS + " ADD PROJECTION IF NOT EXISTS " + ENDS);
    }

    private static String older(ClickHouseServer server) throws StoreException, BoundExceededException {
        var found = new ArrayList<Object>();
        server.read(
                "SELECT default_expression FROM system.columns WHERE database = currentDatabase() AND table = '" + ROWS
                        + "' AND name = '" + Column.TOPIC + "'",
                List.of(),
                BOUNDS,
                found::addAll);
        // A topic's name has nothing in it that would have to be escaped.
        return String.valueOf(found.getFirst()).replace("'", "");
    }

    /// A text in a statement.
    static String quoted(String text) {
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }

    private static long version(ClickHouseServer server) throws StoreException, BoundExceededException {
        var found = new ArrayList<Object>();
        server.read("SELECT max(version) FROM " + VERSIONS, List.of(), BOUNDS, found::addAll);
        return found.isEmpty() ? 0 : (long) found.getFirst();
    }

    private static String rows(long seconds) {
        return "CREATE TABLE IF NOT EXISTS " + ROWS + " ("
                + Column.ALL.stream()
                        .map(column -> column.name() + " " + type(column))
                        .collect(Collectors.joining(", "))
                + ", " + TOPIC_COLUMN + ", " + Column.PARTITION + " Int32, " + Column.OFFSET
                + " Int64 CODEC(Delta, ZSTD(1))"
                + ", day Date, batch_first Int64, batch_next Int64"
                + ", origin_spool Int64, origin_attempt Int64, origin_sequence Int64 CODEC(Delta, ZSTD(1))"
                + ", stored_at DateTime('UTC')"
                + ", INDEX request_ids request_id TYPE bloom_filter(0.01)"
                + ", INDEX trace_ids trace_id TYPE bloom_filter(0.01)"
                + ", PROJECTION " + ENDS + ") ENGINE = MergeTree PARTITION BY day PRIMARY KEY start_time"
                + " ORDER BY (start_time, " + Column.PARTITION + ", " + Column.OFFSET + ")"
                + " TTL " + life(seconds)
                + " SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1";
    }

    private static String type(Column column) {
        return switch (column.type()) {
            case TEXT, WORDS ->
                MANIFOLD.contains(column.name()) ? "String CODEC(ZSTD(1))" : "LowCardinality(String) CODEC(ZSTD(1))";
            case TIME -> "Int64 CODEC(Delta, ZSTD(1))";
            case NUMBER, DURATION -> "Int64 CODEC(ZSTD(1))";
            case REAL -> "Float64 CODEC(ZSTD(1))";
            case TEXTS -> "Map(String, String) CODEC(ZSTD(1))";
        };
    }

    private static String life(long seconds) {
        return "stored_at + toIntervalSecond(" + seconds + ")";
    }

    // What a newer Sallyport knows of a request: absent in the rows that are there.
    private static void addColumns(ClickHouseServer server) throws StoreException, BoundExceededException {
        var present = new HashSet<Object>();
        server.read(
                "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = '" + ROWS + "'",
                List.of(),
                BOUNDS,
                present::addAll);
        for (var column : Column.ALL) {
            if (!present.contains(column.name())) {
                server.execute(
                        "ALTER TABLE " + ROWS + " ADD COLUMN IF NOT EXISTS " + column.name() + " " + type(column));
            }
        }
    }

    private static void keepFor(ClickHouseServer server, long seconds) throws StoreException, BoundExceededException {
        var engine = new ArrayList<Object>();
        server.read(
                "SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = '" + ROWS + "'",
                List.of(),
                BOUNDS,
                engine::addAll);
        if (!String.valueOf(engine.getFirst()).contains("toIntervalSecond(" + seconds + ")")) {
            server.execute("ALTER TABLE " + ROWS + " MODIFY TTL " + life(seconds));
        }
    }
}
