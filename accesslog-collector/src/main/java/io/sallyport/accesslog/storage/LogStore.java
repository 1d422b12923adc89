package io.sallyport.accesslog.storage;

import io.sallyport.accesslog.rollup.RollupAnswer;
import io.sallyport.accesslog.rollup.RollupQuestion;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/// Keeps rows and the Kafka offsets that they came from, so that a row that Kafka has is here once, whatever
/// dies in between. Threads may read while one appends.
public interface LogStore extends AutoCloseable {

    /// The offset to read next, of each partition of a topic from which rows were stored.
    SortedMap<Integer, Long> next(String topic) throws StoreException;

    /// Which topics of Kafka the names are that rows were stored under, as far as [#identify] has told.
    SortedMap<String, TopicIdentity> topics() throws StoreException;

    /// Notes which topic a name is, once and for all.
    void identify(String topic, TopicIdentity identity) throws StoreException;

    /// Stores rows of a topic, in the order of their offsets, and the offsets to read next: of each partition all or
    /// nothing.
    ///
    /// Rows below the stored offset of their partition are left out, and so are rows whose origin says that
    /// they were stored under another offset before: a batch may be given twice.
    void append(String topic, List<KafkaRow> rows, Map<Integer, Long> next) throws StoreException;

    /// How long rows may wait for others to be stored with them.
    default Duration pace() {
        return Duration.ofMillis(500);
    }

    /// How this store's SQL is spelt.
    Dialect dialect();

    /// Runs a statement. A visitor sees its rows one by one, each value a `String`, `Long`, `Double` or
    /// `Map<String, String>`.
    void read(Sql sql, ReadBounds bounds, RowVisitor visitor) throws StoreException, BoundExceededException;

    /// What the sums say that were made as rows came, exactly those of the rows that [#read] finds; empty where they do
    /// not know, so that the rows have to be asked.
    Optional<RollupAnswer> sums(RollupQuestion question, ReadBounds bounds)
            throws StoreException, BoundExceededException;

    /// Writes the answer to a statement as a Parquet file and hands it over.
    void parquet(Sql sql, ReadBounds bounds, ParquetReader reader)
            throws StoreException, BoundExceededException, IOException;

    /// How many bytes the rows take.
    long bytes() throws StoreException;

    @Override
    void close() throws StoreException;

    /// Sees one row of an answer; false: enough.
    @FunctionalInterface
    interface RowVisitor {
        boolean row(List<Object> values);
    }

    /// Reads a Parquet file, which is gone afterwards.
    @FunctionalInterface
    interface ParquetReader {
        void read(Path file) throws IOException;
    }

    /// What one question may cost.
    ///
    /// @param rows most rows of the answer; one more is an error
    /// @param seconds most time
    record ReadBounds(long rows, int seconds) {}
}
