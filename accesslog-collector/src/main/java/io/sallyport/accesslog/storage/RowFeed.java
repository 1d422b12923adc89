package io.sallyport.accesslog.storage;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Lists;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
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
///
/// A column that has one value in the whole batch, as half of them have (what is absent, the source, the scheme), is a
/// parameter of the statement instead.
final class RowFeed implements DuckDBTableFunction<String, RowFeed.Reading, String> {

    private static final String NAME = "sallyport_batch";
    private static final byte[] EMPTY = {};

    // So many rows stay near the processor while they are looked at again and again.
    private static final int NEAR = 512;

    private static final Gson JSON = new GsonBuilder().disableHtmlEscaping().create();

    private static final ImmutableList<Getter> GETTERS =
            Column.ALL.stream().map(Getter::of).collect(ImmutableList.toImmutableList());

    private static final String NAMES = Column.ALL.stream().map(Column::name).collect(Collectors.joining(", ")) + ", "
            + Column.TOPIC + ", " + Column.PARTITION + ", " + Column.OFFSET;

    /// What the table is made of until the next batch comes.
    ///
    /// @param varying places in [Column#ALL] of the columns that have more than one value
    /// @param only the value of each of the others, in their order
    private record Batch(List<KafkaRow> rows, ImmutableList<Integer> varying, ImmutableList<Object> only) {

        static final Batch NONE = new Batch(List.of(), ImmutableList.of(), ImmutableList.of());

        static Batch of(List<KafkaRow> rows) {
            var first = rows.getFirst().entry();
            var alike = new BitSet();
            alike.set(0, GETTERS.size());
            // One column of the whole batch after the other would fetch every row from memory for each of them.
            for (var part : Lists.partition(rows, NEAR)) {
                for (var i = alike.nextSetBit(0); i >= 0; i = alike.nextSetBit(i + 1)) {
                    if (!GETTERS.get(i).isSame(first, part)) {
                        alike.clear(i);
                    }
                }
            }
            var varying = ImmutableList.<Integer>builder();
            var only = ImmutableList.builder();
            for (var i = 0; i < GETTERS.size(); i++) {
                if (alike.get(i)) {
                    var value = GETTERS.get(i).value(first);
                    only.add(value instanceof Map<?, ?> map ? json(map) : value);
                } else {
                    varying.add(i);
                }
            }
            return new Batch(rows, varying.build(), only.build());
        }

        String insert(String catalog) {
            var selected = new ArrayList<String>();
            for (var i = 0; i < Column.ALL.size(); i++) {
                var column = Column.ALL.get(i);
                selected.add(varying.contains(i) ? selected(column) : parameter(column));
            }
            return "INSERT INTO " + catalog + ".rows (" + NAMES + ") SELECT " + String.join(", ", selected)
                    + ", CAST(? AS VARCHAR), " + Column.PARTITION + ", " + Column.OFFSET + " FROM " + NAME + "()";
        }
    }

    private volatile Batch batch = Batch.NONE;

    /// Where one statement is in the batch.
    static final class Reading {
        private final Batch batch;
        private int position;

        private Reading(Batch batch) {
            this.batch = batch;
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

    /// Stores rows within the transaction that is open.
    void insert(Connection connection, String catalog, String topic, List<KafkaRow> rows) throws SQLException {
        var offered = Batch.of(rows);
        batch = offered;
        try (var statement = connection.prepareStatement(offered.insert(catalog))) {
            for (var i = 0; i < offered.only.size(); i++) {
                statement.setObject(i + 1, offered.only.get(i));
            }
            statement.setString(offered.only.size() + 1, topic);
            statement.execute();
        } finally {
            batch = Batch.NONE;
        }
    }

    private static String selected(Column column) {
        return switch (column.type()) {
            case TEXT, WORDS, NUMBER, REAL, TIME, DURATION -> column.name();
            case TEXTS -> "CASE WHEN " + column.name() + " = '' THEN MAP {} ELSE " + map(column.name()) + " END";
        };
    }

    private static String parameter(Column column) {
        return switch (column.type()) {
            case TEXT, WORDS -> "CAST(? AS VARCHAR)";
            case NUMBER, TIME, DURATION -> "CAST(? AS BIGINT)";
            case REAL -> "CAST(? AS DOUBLE)";
            case TEXTS -> map("CAST(? AS VARCHAR)");
        };
    }

    private static String map(String json) {
        return "from_json(" + json + ", '\"MAP(VARCHAR, VARCHAR)\"')";
    }

    @Override
    public String bind(DuckDBTableFunctionBindInfo bind) {
        for (var place : batch.varying()) {
            var column = Column.ALL.get(place);
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
        bind.setCardinality(batch.rows().size(), true);
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
        var rows = reading.batch.rows();
        var varying = reading.batch.varying();
        var end = (int) Math.min(rows.size(), reading.position + chunk.capacity());
        var part = rows.subList(reading.position, end);
        reading.position = end;
        if (part.isEmpty()) {
            return 0;
        }
        for (var i = 0; i < varying.size(); i++) {
            write(chunk.vector(i), GETTERS.get(varying.get(i)), part);
        }
        var partitions = chunk.vector(varying.size());
        var offsets = chunk.vector(varying.size() + 1L);
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
        return texts.isEmpty() ? EMPTY : json(texts).getBytes(StandardCharsets.UTF_8);
    }

    private static String json(Map<?, ?> texts) {
        return JSON.toJson(texts);
    }
}
