package io.sallyport.accesslog.storage;

import com.google.common.collect.ImmutableList;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.duckdb.DuckDBColumnType;
import org.duckdb.DuckDBConnection;
import org.duckdb.DuckDBDataChunkWriter;
import org.duckdb.DuckDBFunctions;
import org.duckdb.DuckDBTableFunction;
import org.duckdb.DuckDBTableFunctionBindInfo;
import org.duckdb.DuckDBTableFunctionCallInfo;
import org.duckdb.DuckDBTableFunctionInitInfo;
import org.duckdb.DuckDBWritableVector;

/// Gives a batch to DuckDB as a table, column by column, 2,048 rows at a time.
///
/// The driver's appender pays for every value and ends a statement of its own every 2,048 rows, which cost four
/// times as much as the insert itself. A table function is one statement for the whole batch; texts go over a chunk
/// at a time. Maps, which such a function cannot have, go as JSON and are read in SQL where they are not empty.
final class RowFeed implements DuckDBTableFunction<String, RowFeed.Reading, String> {

    private static final String NAME = "sallyport_batch";
    private static final byte[] EMPTY = {};
    private static final Gson JSON = new GsonBuilder().disableHtmlEscaping().create();

    private static final ImmutableList<Getter> GETTERS =
            Column.ALL.stream().map(Getter::of).collect(ImmutableList.toImmutableList());

    /// The columns of a row in the order of [#SELECTED].
    private static final String NAMES = Column.ALL.stream().map(Column::name).collect(Collectors.joining(", ")) + ", "
            + Column.PARTITION + ", " + Column.OFFSET;

    private static final String SELECTED =
            Column.ALL.stream().map(RowFeed::selected).collect(Collectors.joining(", ")) + ", " + Column.PARTITION
                    + ", " + Column.OFFSET;

    private volatile List<KafkaRow> batch = List.of();

    /// Where one statement is in the batch.
    static final class Reading {
        private final List<KafkaRow> rows;
        private int position;

        Reading(List<KafkaRow> rows) {
            this.rows = rows;
        }
    }

    private RowFeed() {}

    /// Makes the function for all connections of a database.
    static RowFeed registered(DuckDBConnection connection) throws SQLException {
        var feed = new RowFeed();
        try (var builder = DuckDBFunctions.tableFunction()) {
            builder.withName(NAME).withFunction(feed).register(connection);
        }
        return feed;
    }

    /// The statement that stores the batch.
    static String insert(String catalog) {
        return "INSERT INTO " + catalog + ".rows (" + NAMES + ") SELECT " + SELECTED + " FROM " + NAME + "()";
    }

    /// What the statements that follow read.
    void offer(List<KafkaRow> rows) {
        batch = rows;
    }

    private static String selected(Column column) {
        return switch (column.type()) {
            case TEXT, WORDS, NUMBER, REAL, TIME, DURATION -> column.name();
            case TEXTS ->
                "CASE WHEN " + column.name() + " = '' THEN MAP {} ELSE from_json(" + column.name()
                        + ", '\"MAP(VARCHAR, VARCHAR)\"') END";
        };
    }

    @Override
    public String bind(DuckDBTableFunctionBindInfo bind) {
        for (var column : Column.ALL) {
            bind.addResultColumn(
                    column.name(),
                    switch (column.type()) {
                        case TEXT, WORDS, TEXTS -> DuckDBColumnType.VARCHAR;
                        case NUMBER, TIME, DURATION -> DuckDBColumnType.BIGINT;
                        case REAL -> DuckDBColumnType.DOUBLE;
                    });
        }
        bind.addResultColumn(Column.PARTITION, DuckDBColumnType.INTEGER);
        bind.addResultColumn(Column.OFFSET, DuckDBColumnType.BIGINT);
        bind.setCardinality(batch.size(), true);
        return NAME;
    }

    @Override
    public Reading init(DuckDBTableFunctionInitInfo init) {
        // Rows are stored in the order in which they came.
        init.setMaxThreads(1);
        return new Reading(batch);
    }

    @Override
    public long apply(DuckDBTableFunctionCallInfo call, DuckDBDataChunkWriter chunk) {
        Reading reading = call.getInitData();
        var end = (int) Math.min(reading.rows.size(), reading.position + chunk.capacity());
        var part = reading.rows.subList(reading.position, end);
        reading.position = end;
        if (part.isEmpty()) {
            return 0;
        }
        for (var i = 0; i < GETTERS.size(); i++) {
            write(chunk.vector(i), GETTERS.get(i), part);
        }
        var partitions = chunk.vector(GETTERS.size());
        var offsets = chunk.vector(GETTERS.size() + 1L);
        for (var i = 0; i < part.size(); i++) {
            partitions.setInt(i, part.get(i).partition());
            offsets.setLong(i, part.get(i).offset());
        }
        return part.size();
    }

    private static void write(DuckDBWritableVector vector, Getter getter, List<KafkaRow> rows) {
        switch (getter) {
            case Getter.OfText(var value) -> {
                var texts = new byte[rows.size()][];
                for (var i = 0; i < texts.length; i++) {
                    texts[i] = bytes(value.apply(rows.get(i).entry()));
                }
                vector.setStringUtf8Batch(0, texts);
            }
            case Getter.OfNumber(var value) -> {
                for (var i = 0; i < rows.size(); i++) {
                    vector.setLong(i, value.applyAsLong(rows.get(i).entry()));
                }
            }
            case Getter.OfReal(var value) -> {
                for (var i = 0; i < rows.size(); i++) {
                    vector.setDouble(i, value.applyAsDouble(rows.get(i).entry()));
                }
            }
            case Getter.OfTexts(var value) -> {
                var texts = new byte[rows.size()][];
                for (var i = 0; i < texts.length; i++) {
                    texts[i] = bytes(value.apply(rows.get(i).entry()));
                }
                vector.setStringUtf8Batch(0, texts);
            }
        }
    }

    private static byte[] bytes(String text) {
        return text.isEmpty() ? EMPTY : text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] bytes(Map<String, String> texts) {
        return texts.isEmpty() ? EMPTY : JSON.toJson(texts).getBytes(StandardCharsets.UTF_8);
    }
}
