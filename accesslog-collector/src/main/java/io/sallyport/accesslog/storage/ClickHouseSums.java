package io.sallyport.accesslog.storage;

import com.google.common.collect.ImmutableMap;
import io.sallyport.accesslog.rollup.Rollup;
import io.sallyport.accesslog.rollup.RollupQuestion;
import io.sallyport.accesslog.rollup.RollupSum;
import io.sallyport.accesslog.rollup.Sketch;
import io.sallyport.accesslog.rollup.Step;
import io.sallyport.accesslog.storage.LogStore.ReadBounds;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/// Sums by minute and hour as projections of the rows' table: ClickHouse makes them of each part as it is stored, keeps
/// them in the part and merges them with it, so they are there exactly when the rows are. A part from before they were
/// known has none, and ClickHouse adds its rows up when it is asked.
///
/// A sketch is the sum of a map from places to weights; the places are those of [Sketch].
final class ClickHouseSums {

    private static final long MINUTE = Step.MINUTE.micros();
    private static final long HOUR = Step.HOUR.micros();

    private record Kept(String name, String value, long piece) {

        String time() {
            return "intDiv(start_time, " + piece + ")";
        }
    }

    private static final ImmutableMap<String, Kept> KEPT = ImmutableMap.<String, Kept>builder()
            .put(Rollup.CLASS, new Kept("sums_of_classes", "toString(intDiv(response_code, 100))", MINUTE))
            .put("request.host", new Kept("sums_of_hosts", "host", HOUR))
            .put("xds.route_name", new Kept("sums_of_routes", "route_name", HOUR))
            .put("config.object", new Kept("sums_of_objects", "route_object", HOUR))
            .buildOrThrow();

    // The largest below every place that a duration has.
    private static final String PLACE =
            "if(duration_micros < 1, toInt32(-1), toInt32(floor(log(duration_micros) / " + Sketch.LOG_GAMMA + ")))";
    private static final String SUMS = "sum(weight), sumIf(weight, response_code >= 500), min(start_time),"
            + " max(start_time), sumMap(map(" + PLACE + ", weight))";

    // A key that the engine makes shorter, as it does with a number that is made a text, is none of the projection's.
    private static final String AS_WRITTEN = " SETTINGS optimize_injective_functions_in_group_by = 0";

    private ClickHouseSums() {}

    /// What is kept, each a name and a statement.
    static List<String> projections() {
        return KEPT.values().stream()
                .map(kept -> kept.name() + " (SELECT " + kept.time() + ", namespace, " + kept.value() + ", " + SUMS
                        + " GROUP BY " + kept.time() + ", namespace, " + kept.value() + ")")
                .toList();
    }

    /// Whether there are sums for this attribute and these times.
    static boolean has(RollupQuestion question) {
        var kept = KEPT.get(question.attribute());
        return kept != null
                && question.from() % kept.piece() == 0
                && question.to() % kept.piece() == 0
                && question.bar() % kept.piece() == 0;
    }

    /// What a question is to the engine, which answers it from the projection: the expressions are the same.
    record Statement(String sql, List<Object> parameters) {}

    static Statement statement(RollupQuestion question) {
        var kept = Optional.ofNullable(KEPT.get(question.attribute())).orElseThrow();
        var dialect = new ClickHouseDialect();
        var parameters = new ArrayList<Object>(List.of(question.from() / kept.piece(), question.to() / kept.piece()));
        var where = " WHERE " + kept.time() + " >= " + dialect.parameter(0, parameters.get(0)) + " AND " + kept.time()
                + " < " + dialect.parameter(1, parameters.get(1));
        if (question.namespaces().isPresent()) {
            var names = new ArrayList<String>();
            for (var name : new TreeSet<>(question.namespaces().get())) {
                names.add(dialect.parameter(parameters.size(), name));
                parameters.add(name);
            }
            where += " AND namespace IN (" + String.join(", ", names) + ")";
        }
        var time = question.bar() == 0 ? "" : kept.time() + ", ";
        return new Statement(
                "SELECT " + kept.value() + ", " + SUMS + (time.isEmpty() ? "" : ", " + kept.time()) + " FROM "
                        + ClickHouseSchema.ROWS + where + " GROUP BY " + time + kept.value() + AS_WRITTEN,
                parameters);
    }

    static void addTo(RollupSum sum, ClickHouseServer server, ReadBounds bounds)
            throws StoreException, BoundExceededException {
        var question = sum.question();
        var piece = Optional.ofNullable(KEPT.get(question.attribute()))
                .orElseThrow()
                .piece();
        var statement = statement(question);
        server.read(statement.sql(), statement.parameters(), bounds, values -> {
            sum.add(
                    question.bar() == 0 ? question.from() : (long) values.get(6) * piece,
                    (String) values.get(0),
                    (double) values.get(1),
                    (double) values.get(2),
                    (long) values.get(3),
                    (long) values.get(4),
                    places(values.get(5)));
            return true;
        });
    }

    private static Map<Integer, Double> places(Object map) {
        var places = new HashMap<Integer, Double>();
        ((Map<?, ?>) map)
                .forEach((place, weight) ->
                        places.put(Integer.parseInt((String) place), Double.parseDouble((String) weight)));
        return places;
    }
}
