package io.sallyport.accesslog.query;

import com.google.protobuf.util.Durations;
import com.google.protobuf.util.Timestamps;
import io.sallyport.accesslog.storage.BoundExceededException;
import io.sallyport.accesslog.storage.Column;
import io.sallyport.accesslog.storage.Dialect;
import io.sallyport.accesslog.storage.KafkaRow;
import io.sallyport.accesslog.storage.LogStore;
import io.sallyport.accesslog.storage.LogStore.ReadBounds;
import io.sallyport.accesslog.storage.RowReader;
import io.sallyport.accesslog.storage.Sql;
import io.sallyport.accesslog.storage.StoreException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;

/// The questions that can be asked, each one statement or two over a [LogStore]. Every statement is made here, from
/// column names and parameters.
public final class Questions {

    /// Most rows that a page of a search has.
    public static final int MAX_PAGE = 1_000;

    /// Most groups that an answer has.
    public static final int MAX_GROUPS = 1_000;

    /// Most percentiles that a question asks for.
    public static final int MAX_QUANTILES = 20;

    private static final int MAX_RULES = 200_000;
    private static final int MAX_BARS = 1_500;
    private static final int SECONDS = 20;
    private static final String TIME = Column.START_TIME.name();
    private static final String DURATION = Column.named("request.duration").name();
    private static final String CODE = Column.named("response.code").name();
    private static final String WEIGHT = Column.named("row.weight").name();
    private static final String ERRORS = CODE + " >= 500";
    private static final String NEWEST_FIRST =
            TIME + " DESC, " + Column.PARTITION + " DESC, " + Column.OFFSET + " DESC, " + Column.TOPIC + " DESC";
    private static final Comparator<KafkaRow> BY_PLACE = Comparator.comparingLong(Questions::time)
            .thenComparingInt(KafkaRow::partition)
            .thenComparingLong(KafkaRow::offset)
            .thenComparing(KafkaRow::topic);
    private static final String OLDEST_FIRST =
            " ORDER BY " + TIME + ", " + Column.PARTITION + ", " + Column.OFFSET + ", " + Column.TOPIC;

    private final LogStore store;
    private final Dialect dialect;

    public Questions(LogStore store) {
        this.store = store;
        this.dialect = store.dialect();
    }

    /// The place of a row in the order of a search. The topic comes last, so that a table in the order of the others
    /// is still read in its own.
    ///
    /// @param topic `""` in cursors of an older Sallyport: the place behind all rows that agree in the rest
    public record Cursor(long time, int partition, long offset, String topic) {

        /// Where a row is.
        public static Cursor of(KafkaRow row) {
            return new Cursor(Questions.time(row), row.partition(), row.offset(), row.topic());
        }
    }

    /// The newest rows, from a row on that was seen before.
    public List<KafkaRow> search(Selection selection, int limit, Optional<Cursor> after)
            throws QueryException, StoreException, BoundExceededException {
        expect(limit >= 1 && limit <= MAX_PAGE, "limit", limit, "1 to " + MAX_PAGE);
        // By time alone is less work. Only the rows of the microsecond in which a page ends need be told apart.
        var found = new ArrayList<>(newest(selection, after, TIME + " DESC", limit + 1));
        if (found.size() > limit && time(found.get(limit)) == time(found.get(limit - 1))) {
            var end = time(found.get(limit));
            found.removeIf(row -> time(row) == end);
            var there = new Selection(selection.condition(), end, end + 1, selection.namespaces());
            found.addAll(newest(there, after, NEWEST_FIRST, limit - found.size()));
        }
        return found.stream().sorted(BY_PLACE.reversed()).limit(limit).toList();
    }

    // A limit that is a parameter is none that an engine could plan by.
    private List<KafkaRow> newest(Selection selection, Optional<Cursor> after, String order, int limit)
            throws QueryException, StoreException, BoundExceededException {
        var text = new SqlText(dialect);
        var where = where(text, selection);
        if (after.isPresent()) {
            where += " AND " + before(text, after.get());
        }
        var tail = where + " ORDER BY " + order + " LIMIT " + limit;
        return read(sql(selection, text, RowReader.COLUMNS, tail), limit, RowReader::row);
    }

    private static long time(KafkaRow row) {
        return Timestamps.toMicros(row.entry().getStartTime());
    }

    /// The row at a place; without a topic the first of those that agree in the rest.
    public Optional<KafkaRow> row(Cursor place, Optional<SortedSet<String>> namespaces)
            throws QueryException, StoreException, BoundExceededException {
        var here = new Selection(new Condition.All(List.of()), place.time(), place.time() + 1, namespaces);
        var text = new SqlText(dialect);
        var where = where(text, here) + " AND " + Column.PARTITION + " = " + text.parameter((long) place.partition())
                + " AND " + Column.OFFSET + " = " + text.parameter(place.offset());
        if (!place.topic().isEmpty()) {
            where += " AND " + Column.TOPIC + " = " + text.parameter(place.topic());
        }
        var sql = sql(here, text, RowReader.COLUMNS, where + " ORDER BY " + Column.TOPIC + " LIMIT 1");
        return read(sql, 1, RowReader::row).stream().findFirst();
    }

    private static String before(SqlText text, Cursor cursor) {
        return "(" + below(text, TIME, cursor.time())
                + below(text, Column.PARTITION, (long) cursor.partition())
                + below(text, Column.OFFSET, cursor.offset())
                + Column.TOPIC + " < " + text.parameter(cursor.topic()) + ")))))))";
    }

    // Below the value, or at it and below in what comes next.
    private static String below(SqlText text, String column, Object value) {
        return column + " < " + text.parameter(value) + " OR (" + column + " = " + text.parameter(value) + " AND (";
    }

    /// How many rows an export has.
    ///
    /// @param isPart whether more rows are left out; else more are an error
    public record Extent(long rows, boolean isPart) {}

    /// The rows, oldest first, until the visitor has enough.
    public void export(Selection selection, Extent extent, Predicate<KafkaRow> visitor)
            throws QueryException, StoreException, BoundExceededException {
        var text = new SqlText(dialect);
        var where = where(text, selection);
        var most = extent.isPart() ? extent.rows() : extent.rows() + 1;
        var tail = where + OLDEST_FIRST + " LIMIT " + text.parameter(most);
        var sql = sql(selection, text, RowReader.COLUMNS, tail);
        store.read(sql, new ReadBounds(extent.rows(), 10 * SECONDS), values -> visitor.test(RowReader.row(values)));
    }

    /// The rows as a Parquet file, oldest first.
    public void parquet(Selection selection, Extent extent, LogStore.ParquetReader reader)
            throws QueryException, StoreException, BoundExceededException, IOException {
        if (!extent.isPart() && number(selection) > extent.rows()) {
            throw new BoundExceededException(
                    "more than " + extent.rows() + " rows (expected: a narrower filter or time range, or a limit)");
        }
        var text = new SqlText(dialect);
        var where = where(text, selection);
        // A number that we made, as engines take none by parameter everywhere.
        var tail = where + OLDEST_FIRST + (extent.isPart() ? " LIMIT " + extent.rows() : "");
        store.parquet(
                sql(selection, text, RowReader.COLUMNS, tail), new ReadBounds(extent.rows(), 10 * SECONDS), reader);
    }

    /// One bar: a time and the counts by class of the response code, 0 to 9.
    public record Bar(long start, SortedMap<Long, Double> classes) {}

    /// Counts over time.
    ///
    /// @param step microseconds
    public List<Bar> histogram(Selection selection, long step)
            throws QueryException, StoreException, BoundExceededException {
        expect(step >= 1_000, "step", Durations.toString(Durations.fromMicros(step)), "at least a millisecond");
        expect(
                (selection.to() - selection.from()) / step < MAX_BARS,
                "step",
                Durations.toString(Durations.fromMicros(step)),
                "at most 1,500 bars in the time that is asked for");
        var text = new SqlText(dialect);
        // The engine counts steps, which become times here: a multiplication of each row is a fifth of its work.
        var bar = dialect.divided(TIME, text.parameter(step));
        var code = dialect.divided(CODE, "100");
        var tail = where(text, selection) + " GROUP BY bar, class";
        var sql = sql(selection, text, bar + " AS bar, " + code + " AS class, sum(" + WEIGHT + ")", tail);
        var bars = new TreeMap<Long, Bar>();
        store.read(sql, new ReadBounds(MAX_BARS * 100L, SECONDS), values -> {
            var start = (long) values.get(0) * step;
            bars.computeIfAbsent(start, each -> new Bar(each, new TreeMap<>()))
                    .classes()
                    .put((long) values.get(1), (double) values.get(2));
            return true;
        });
        return List.copyOf(bars.values());
    }

    /// What a group of rows is like. Times in microseconds.
    public record Group(
            String value, double count, double errors, double p50, double p99, long firstSeen, long lastSeen) {

        /// The share of answers from 500 on.
        public double errorRate() {
            return count == 0 ? 0 : errors / count;
        }
    }

    /// The groups with most rows.
    public List<Group> top(Selection selection, String attribute, int limit)
            throws QueryException, StoreException, BoundExceededException {
        expect(limit >= 1 && limit <= MAX_GROUPS, "limit", limit, "1 to " + MAX_GROUPS);
        return groups(selection, groupText(attribute), limit);
    }

    private List<Group> groups(Selection selection, String group, int limit)
            throws QueryException, StoreException, BoundExceededException {
        var text = new SqlText(dialect);
        var measures = new Measures(dialect, isWeighted(selection), group, DURATION)
                .with("sum(" + WEIGHT + ") AS rows")
                .with(dialect.sumIf(WEIGHT, ERRORS) + " AS errors")
                .quantiles(List.of(0.5, 0.99))
                .with("min(" + TIME + ") AS first_seen")
                .with("max(" + TIME + ") AS last_seen");
        return read(
                measures.sql(selection, where(text, selection), limit, text),
                limit,
                values -> group((String) values.getFirst(), values.subList(1, values.size())));
    }

    // Where each row stands for itself the engine's own quantile is right, and quicker.
    private boolean isWeighted(Selection selection) throws QueryException, StoreException, BoundExceededException {
        var text = new SqlText(dialect);
        var all = new Selection(new Condition.All(List.of()), selection.from(), selection.to(), selection.namespaces());
        var where = where(text, all) + " AND " + WEIGHT + " <> 1 LIMIT 1";
        return !read(sql(all, text, WEIGHT, where), 1, values -> values).isEmpty();
    }

    private long number(Selection selection) throws QueryException, StoreException, BoundExceededException {
        var text = new SqlText(dialect);
        var where = where(text, selection);
        return read(sql(selection, text, "count(*)", where), 1, values -> (long) values.getFirst()).stream()
                .findFirst()
                .orElse(0L);
    }

    /// All rows as one group.
    public Group total(Selection selection) throws QueryException, StoreException, BoundExceededException {
        var found = groups(selection, "''", 1);
        return found.isEmpty() ? new Group("", 0, 0, 0, 0, 0, 0) : found.getFirst();
    }

    private static Group group(String value, List<Object> values) {
        return new Group(
                value,
                number(values.get(0)),
                number(values.get(1)),
                number(values.get(2)),
                number(values.get(3)),
                (long) number(values.get(4)),
                (long) number(values.get(5)));
    }

    /// Percentiles of one group.
    public record Percentiles(String value, double count, List<Double> values) {}

    /// Percentiles of a number or a duration, for all rows or by an attribute.
    public List<Percentiles> percentiles(
            Selection selection, String attribute, List<Double> quantiles, Optional<String> by, int limit)
            throws QueryException, StoreException, BoundExceededException {
        expect(limit >= 1 && limit <= MAX_GROUPS, "limit", limit, "1 to " + MAX_GROUPS);
        expect(
                !quantiles.isEmpty() && quantiles.size() <= MAX_QUANTILES,
                "quantiles",
                quantiles.size(),
                "1 to " + MAX_QUANTILES);
        var column = column(attribute);
        if (!column.type().isMeasured()) {
            throw new QueryException("attribute \"" + attribute + "\" is a "
                    + column.type().shown() + " (expected: an int, double or duration)");
        }
        var group = by.isPresent() ? groupText(by.get()) : "''";
        var measures =
                new Measures(dialect, isWeighted(selection), group, column.name()).with("sum(" + WEIGHT + ") AS rows");
        for (var quantile : quantiles) {
            expect(quantile >= 0 && quantile <= 1, "quantile", quantile, "0 to 1");
        }
        measures.quantiles(quantiles);
        var text = new SqlText(dialect);
        var scale = column.type() == Column.Type.DURATION ? 1_000_000.0 : 1.0;
        return read(measures.sql(selection, where(text, selection), limit, text), limit, values -> {
            var found = new ArrayList<Double>();
            values.subList(2, values.size()).forEach(value -> found.add(number(value) / scale));
            return new Percentiles((String) values.get(0), number(values.get(1)), found);
        });
    }

    /// The rows of one rule.
    public record RuleHits(String object, String rule, double count, long firstSeen, long lastSeen) {}

    /// How many rows each rule decided; rows that none decided are left out.
    public List<RuleHits> rules(Selection selection) throws QueryException, StoreException, BoundExceededException {
        var text = new SqlText(dialect);
        var where = where(text, selection);
        var columns = "route_object, rule, sum(" + WEIGHT + "), min(" + TIME + "), max(" + TIME + ")";
        var tail = where + " AND route_object <> '' GROUP BY route_object, rule ORDER BY route_object, rule";
        return read(
                sql(selection, text, columns, tail),
                MAX_RULES,
                values -> new RuleHits(
                        (String) values.get(0),
                        (String) values.get(1),
                        number(values.get(2)),
                        (long) values.get(3),
                        (long) values.get(4)));
    }

    /// How many different values an attribute has.
    public long distinct(Selection selection, String attribute)
            throws QueryException, StoreException, BoundExceededException {
        var text = new SqlText(dialect);
        var where = where(text, selection);
        var sql = sql(selection, text, dialect.distinct(groupText(attribute)), where);
        return read(sql, 1, values -> (long) values.getFirst()).stream()
                .findFirst()
                .orElse(0L);
    }

    /// How many rows each proxy and minute has: `{istio-system/edge={60=12}}`, minutes in seconds since 1970.
    public Map<String, SortedMap<Long, Long>> perMinute(Selection selection)
            throws QueryException, StoreException, BoundExceededException {
        var text = new SqlText(dialect);
        var minute = dialect.divided(TIME, "60000000");
        var where = where(text, selection);
        var columns = "proxy_namespace, proxy, " + minute + " AS minute, count(*)";
        var sql = sql(selection, text, columns, where + " GROUP BY proxy_namespace, proxy, minute ORDER BY minute");
        var found = new TreeMap<String, SortedMap<Long, Long>>();
        store.read(sql, new ReadBounds(200_000, SECONDS), values -> {
            var namespace = (String) values.get(0);
            var proxy = namespace.isEmpty() ? (String) values.get(1) : namespace + "/" + values.get(1);
            found.computeIfAbsent(proxy, _ -> new TreeMap<>()).put((long) values.get(2) * 60, (long) values.get(3));
            return true;
        });
        return found;
    }

    /// The rows of a selection that have one of these values of an attribute, as groups name them.
    public Selection narrowed(Selection selection, String attribute, List<String> values) throws QueryException {
        var column = column(attribute);
        var literals = values.stream()
                .map(value -> new Operand.Literal(
                        column.type() == Column.Type.NUMBER ? (Object) Long.parseLong(value) : value))
                .toList();
        var some = new Condition.OneOf(new Operand.Attribute(column), literals);
        return new Selection(
                new Condition.All(List.of(selection.condition(), some)),
                selection.from(),
                selection.to(),
                selection.namespaces());
    }

    private String groupText(String attribute) throws QueryException {
        var column = column(attribute);
        return switch (column.type()) {
            case TEXT, WORDS -> column.name();
            case NUMBER -> dialect.asText(column.name());
            case REAL, TIME, DURATION, TEXTS ->
                throw new QueryException("attribute \"" + attribute + "\" is a "
                        + column.type().shown() + " (expected: a string, list or int, like \"request.host\")");
        };
    }

    private static Column column(String attribute) throws QueryException {
        if (attribute.isEmpty()) {
            throw new QueryException("no attribute is named (expected: one, like \"request.host\")");
        }
        return Column.find(attribute)
                .orElseThrow(() -> new QueryException("attribute \"" + attribute + "\" does not exist (expected: \""
                        + CelReader.nearest(attribute) + "\"?)"));
    }

    private static String where(SqlText text, Selection selection) throws QueryException {
        var checked = selection.checked();
        var where = new StringBuilder(" WHERE ")
                .append(TIME)
                .append(" >= ")
                .append(text.parameter(checked.from()))
                .append(" AND ")
                .append(TIME)
                .append(" < ")
                .append(text.parameter(checked.to()));
        if (checked.namespaces().isPresent()) {
            var names = checked.namespaces().get().stream()
                    .<Operand.Literal>map(Operand.Literal::new)
                    .toList();
            var owner = new Operand.Attribute(Column.named("namespace"));
            where.append(" AND ").append(text.of(new Condition.OneOf(owner, names)));
        }
        return where.append(" AND ").append(text.of(checked.condition())).toString();
    }

    private static Sql sql(Selection selection, SqlText text, String columns, String tail) {
        return new Sql("SELECT " + columns + " FROM ", tail, text.parameters(), selection.from(), selection.to());
    }

    private <T> List<T> read(Sql sql, long limit, Function<List<Object>, T> reader)
            throws StoreException, BoundExceededException {
        var found = new ArrayList<T>();
        store.read(sql, new ReadBounds(limit, SECONDS), values -> found.add(reader.apply(values)));
        return found;
    }

    // Sums and quantiles of no rows are null, which stores give as "".
    private static double number(Object value) {
        return switch (value) {
            case Long number -> number;
            case Double number -> number;
            default -> 0;
        };
    }

    private static void expect(boolean holds, String what, Object value, String expected) throws QueryException {
        if (!holds) {
            throw new QueryException(what + " " + value + " (expected: " + expected + ")");
        }
    }
}
