package io.sallyport.accesslog.ingest;

import io.sallyport.accesslog.rollup.RollupAnswer;
import io.sallyport.accesslog.rollup.RollupQuestion;
import io.sallyport.accesslog.storage.BoundExceededException;
import io.sallyport.accesslog.storage.Dialect;
import io.sallyport.accesslog.storage.KafkaRow;
import io.sallyport.accesslog.storage.LogStore;
import io.sallyport.accesslog.storage.Sql;
import io.sallyport.accesslog.storage.StoreException;
import io.sallyport.accesslog.storage.TopicIdentity;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/// A store in front of another, for those that go wrong in one thing.
public class ForwardingStore implements LogStore {

    private final LogStore real;

    /// In front of this one.
    public ForwardingStore(LogStore real) {
        this.real = real;
    }

    /// Throws where the store is to be down.
    LogStore whole() throws StoreException {
        return real;
    }

    @Override
    public SortedMap<Integer, Long> next(String topic) throws StoreException {
        return whole().next(topic);
    }

    @Override
    public SortedMap<String, TopicIdentity> topics() throws StoreException {
        return whole().topics();
    }

    @Override
    public void identify(String topic, TopicIdentity identity) throws StoreException {
        whole().identify(topic, identity);
    }

    @Override
    public void append(String topic, List<KafkaRow> rows, Map<Integer, Long> next) throws StoreException {
        whole().append(topic, rows, next);
    }

    @Override
    public Dialect dialect() {
        return real.dialect();
    }

    @Override
    public void read(Sql sql, ReadBounds bounds, RowVisitor visitor) throws StoreException, BoundExceededException {
        whole().read(sql, bounds, visitor);
    }

    @Override
    public Optional<RollupAnswer> sums(RollupQuestion question, ReadBounds bounds)
            throws StoreException, BoundExceededException {
        return whole().sums(question, bounds);
    }

    @Override
    public void parquet(Sql sql, ReadBounds bounds, ParquetReader reader)
            throws StoreException, BoundExceededException, IOException {
        whole().parquet(sql, bounds, reader);
    }

    @Override
    public long bytes() throws StoreException {
        return whole().bytes();
    }

    @Override
    public void close() throws StoreException {
        real.close();
    }
}
