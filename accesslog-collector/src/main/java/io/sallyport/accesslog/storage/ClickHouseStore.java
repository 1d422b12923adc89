package io.sallyport.accesslog.storage;

import io.sallyport.accesslog.rollup.RollupAnswer;
import io.sallyport.accesslog.rollup.RollupQuestion;
import io.sallyport.accesslog.rollup.RollupSum;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/// Rows in ClickHouse, for when one machine is outgrown: several collectors may write to one database, and its
/// server (or cluster) answers the questions.
///
/// A partition of Kafka belongs to one collector at a time, and if two should ever believe that it is theirs, every
/// row is stored once all the same, see [ClickHouseWriter].
public final class ClickHouseStore implements LogStore {

    // Each insert is a part that the server has to merge.
    private static final Duration PACE = Duration.ofSeconds(1);
    private static final ReadBounds BOUNDS = new ReadBounds(10, 30);

    private static final long MAX_SUMS = 200_000;

    private final ClickHouseServer server;
    private final ClickHouseWriter writer;

    private ClickHouseStore(ClickHouseServer server, InstantSource clock, String older) {
        this.server = server;
        this.writer = new ClickHouseWriter(server, clock, older);
    }

    /// Opens the store of a database, or makes it.
    ///
    /// @param home the topic that rows are of which an older Sallyport stored, when a database had one only
    public static ClickHouseStore open(ClickHouseSettings settings, InstantSource clock, String home)
            throws StoreException {
        var server = new ClickHouseServer(settings);
        var isOpen = false;
        try {
            var older = ClickHouseSchema.prepare(server, settings, home);
            isOpen = true;
            return new ClickHouseStore(server, clock, older);
        } catch (BoundExceededException e) {
            throw new StoreException("tables cannot be looked at: " + e.getMessage(), e);
        } finally {
            if (!isOpen) {
                server.close();
            }
        }
    }

    @Override
    public SortedMap<Integer, Long> next(String topic) throws StoreException {
        return writer.next(topic);
    }

    @Override
    public SortedMap<String, TopicIdentity> topics() throws StoreException {
        return writer.topics();
    }

    @Override
    public void identify(String topic, TopicIdentity identity) throws StoreException {
        writer.identify(topic, identity);
    }

    @Override
    public void append(String topic, List<KafkaRow> rows, Map<Integer, Long> next) throws StoreException {
        writer.append(topic, rows, next);
    }

    @Override
    public Duration pace() {
        return PACE;
    }

    @Override
    public Dialect dialect() {
        return new ClickHouseDialect();
    }

    @Override
    public void read(Sql sql, ReadBounds bounds, RowVisitor visitor) throws StoreException, BoundExceededException {
        server.read(sql.over(ClickHouseSchema.ROWS), sql.parameters(), bounds, visitor);
    }

    @Override
    public Optional<RollupAnswer> sums(RollupQuestion question, ReadBounds bounds)
            throws StoreException, BoundExceededException {
        if (!ClickHouseSums.has(question)) {
            return Optional.empty();
        }
        var sum = new RollupSum(question);
        ClickHouseSums.addTo(sum, server, new ReadBounds(MAX_SUMS, bounds.seconds()));
        return Optional.of(sum.answer());
    }

    @Override
    public void parquet(Sql sql, ReadBounds bounds, ParquetReader reader)
            throws StoreException, BoundExceededException, IOException {
        var file = Files.createTempFile("sallyport-export", ".parquet");
        try {
            server.parquet(sql.over(ClickHouseSchema.ROWS), sql.parameters(), bounds, file);
            reader.read(file);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    @Override
    public long bytes() throws StoreException {
        var found = new ArrayList<Object>();
        try {
            server.read(
                    "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = currentDatabase()"
                            + " AND table = '" + ClickHouseSchema.ROWS + "'",
                    List.of(),
                    BOUNDS,
                    found::addAll);
        } catch (BoundExceededException e) {
            throw new StoreException("size of the rows cannot be read: " + e.getMessage(), e);
        }
        return (long) found.getFirst();
    }

    @Override
    public void close() {
        server.close();
    }
}
