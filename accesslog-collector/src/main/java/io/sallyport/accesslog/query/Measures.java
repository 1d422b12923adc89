package io.sallyport.accesslog.query;

import io.sallyport.accesslog.storage.Column;
import io.sallyport.accesslog.storage.Dialect;
import io.sallyport.accesslog.storage.Sql;
import java.util.ArrayList;
import java.util.List;

/// What is asked of each group of rows, the largest groups first.
///
/// A row may stand for several requests (`weight` 10: one of ten was kept). Its quantile is the one that ten such
/// rows would have: of `1, 1, 5` with weights `1, 1, 8`, the median is 5. Engines have no such quantile with one
/// meaning, so it is made of what all have: rows in order, and how much weight is reached with each.
final class Measures {

    private static final String TIME = Column.START_TIME.name();
    private static final String CODE = Column.named("response.code").name();
    private static final String WEIGHT = Column.named("row.weight").name();

    private final Dialect dialect;
    private final boolean isWeighted;
    private final String group;
    private final String measured;
    private final List<String> columns = new ArrayList<>();

    /// @param isWeighted whether any row may stand for more than itself
    /// @param group an expression
    /// @param measured the column that quantiles are of
    Measures(Dialect dialect, boolean isWeighted, String group, String measured) {
        this.dialect = dialect;
        this.isWeighted = isWeighted;
        this.group = group;
        this.measured = measured;
    }

    /// One more value: an aggregate over weight, time and response code. One of them is called `rows`.
    Measures with(String aggregate) {
        columns.add(aggregate);
        return this;
    }

    /// More values: exact quantiles.
    Measures quantiles(List<Double> quantiles) {
        columns.addAll(
                isWeighted
                        ? quantiles.stream().map(Measures::weighted).toList()
                        : dialect.quantiles(measured, quantiles));
        return this;
    }

    // Between the values at the two whole ranks around the place, as for rows without weights.
    private static String weighted(Double quantile) {
        var place = "(" + quantile + " * greatest(max(whole) - 1, 0))";
        var below = at("floor(" + quantile + " * greatest(whole - 1, 0))");
        var above = at("ceil(" + quantile + " * greatest(whole - 1, 0))");
        return "(" + below + " + (" + place + " - floor" + place + ") * (" + above + " - " + below + "))";
    }

    private static String at(String rank) {
        return "min(CASE WHEN reached > " + rank + " THEN measured END)";
    }

    /// The statement for the rows that a condition lets through.
    Sql sql(Selection selection, String where, int limit, SqlText text) {
        var tail = " GROUP BY value ORDER BY rows DESC, value LIMIT " + text.parameter((long) limit);
        var asked = String.join(", ", columns);
        if (!isWeighted) {
            return new Sql(
                    "SELECT " + group + " AS value, " + asked + " FROM ",
                    where + tail,
                    text.parameters(),
                    selection.from(),
                    selection.to());
        }
        var part = "OVER (PARTITION BY " + group;
        return new Sql(
                "SELECT value, " + asked + " FROM (SELECT " + group + " AS value, " + TIME + ", " + CODE + ", " + WEIGHT
                        + ", " + measured + " AS measured, sum(" + WEIGHT + ") " + part + " ORDER BY " + measured
                        + " ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS reached, sum(" + WEIGHT + ") " + part
                        + ") AS whole FROM ",
                where + ") AS weighted" + tail,
                text.parameters(),
                selection.from(),
                selection.to());
    }
}
