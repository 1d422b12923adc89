package io.sallyport.accesslog.web;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.grpc.StatusRuntimeException;
import io.sallyport.proto.accesslog.v1.PercentilesRequest;
import io.sallyport.proto.accesslog.v1.PercentilesResponse;
import io.sallyport.proto.accesslog.v1.Scope;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// How long requests took, by route: every percentile as a line, the usual ones as a table.
///
/// @param plot of the chart, as JSON
/// @param isApproximate from sums by the minute, each within `error`
record LatencyView(
        List<Choice> groups,
        String plot,
        List<String> columns,
        List<Line> lines,
        boolean hasRows,
        boolean isApproximate,
        String error) {

    // Nine in ten, 99 in a hundred, and so on: each step to the right is a tenth of the requests before it.
    private static final List<Double> QUANTILES = List.of(0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9999);
    private static final List<Integer> SHOWN = List.of(2, 4, 5, 6, 8);
    private static final int LINES = 8;

    /// One route.
    ///
    /// @param key of its colour and its mark: `s0`
    record Line(String key, String name, String link, String count, List<String> values) {}

    static LatencyView ask(Asker asker, PageState state, Scope scope) throws StatusRuntimeException {
        var by = Choice.group(state);
        var answer = Asker.answer(asker.ask()
                .percentiles(PercentilesRequest.newBuilder()
                        .setScope(scope)
                        .setAttribute("request.duration")
                        .addAllQuantiles(QUANTILES)
                        .setBy(by)
                        .setLimit(LINES)
                        .setApproximate(true)
                        .build()));
        var lines = new ArrayList<Line>();
        for (var group : answer.getGroupsList()) {
            lines.add(new Line(
                    "s" + lines.size(),
                    group.getValue().isEmpty() ? "none" : group.getValue(),
                    Facets.condition(by, group.getValue())
                            .map(one -> state.withFilter(Narrowing.with(state.filter(), one))
                                    .link())
                            .orElse(""),
                    Shown.count(group.getCount()),
                    SHOWN.stream()
                            .map(index -> Shown.seconds(group.getValues(index)))
                            .toList()));
        }
        return new LatencyView(
                Choice.groups(by),
                plot(answer),
                SHOWN.stream().map(index -> named(QUANTILES.get(index))).toList(),
                lines,
                !lines.isEmpty(),
                answer.getAnswered().getRelativeError() > 0,
                Shown.share(answer.getAnswered().getRelativeError()));
    }

    // 0.999 is "p99.9".
    private static String named(double quantile) {
        return "p" + String.format(Locale.ROOT, "%.2f", 100 * quantile).replaceAll("\\.?0+$", "");
    }

    // {"quantiles": [0, 0.25, …], "sets": [{"name": "VirtualService shop/shop", "key": "s0", "values": [seconds, …]}]}
    private static String plot(PercentilesResponse answer) {
        var quantiles = new JsonArray();
        QUANTILES.forEach(quantiles::add);
        var sets = new JsonArray();
        for (var group : answer.getGroupsList()) {
            var values = new JsonArray();
            group.getValuesList().forEach(values::add);
            var set = new JsonObject();
            set.addProperty("name", group.getValue().isEmpty() ? "none" : group.getValue());
            set.addProperty("key", "s" + sets.size());
            set.add("values", values);
            sets.add(set);
        }
        var plot = new JsonObject();
        plot.add("quantiles", quantiles);
        plot.add("sets", sets);
        return plot.toString();
    }
}
